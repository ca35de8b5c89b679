"""The order of hashing: networks take turns, and within a network its accounts do."""

from collections import OrderedDict
from itertools import chain
from typing import Generic, TypeVar

from bukhindor.domain.errors import TooBusy
from bukhindor.ports.secrets import Requester

_LEAST_PER_ACCOUNT = 2
"""Applies to small queues too, since a person clicks twice."""


class Place:
    """One hash in the queue, from its arrival until its thread has ended."""

    __slots__ = ("requester",)

    def __init__(self, requester: Requester) -> None:
        self.requester = requester


_P = TypeVar("_P", bound=Place)


class _Network(Generic[_P]):
    """The places of one network: `held` counts running and waiting hashes, also by account; the rest concerns waiting
    ones.
    """

    __slots__ = ("accounts", "arrivals", "held", "name", "turns")

    def __init__(self, name: str) -> None:
        self.name = name
        self.held = 0
        self.accounts: dict[str, int] = {}
        self.arrivals: OrderedDict[_P, None] = OrderedDict()
        self.turns: OrderedDict[str, OrderedDict[_P, None]] = OrderedDict()

    @property
    def running(self) -> int:
        return self.held - len(self.arrivals)


class FairQueue(Generic[_P]):
    """The hashes that wait for a thread. The caller serialises all calls.

    `size` bounds how many hashes hold a place at once, running and waiting. The next hash comes from a network that has
    the fewest running; of several such networks, from the one that has been so for longest. So networks take turns: a
    newcomer waits for the first free thread, and not for the second hash of any other network. A network that waits
    alone uses every thread. The accounts of a network take turns too, and one account is served in order of arrival.

    One network may hold seven eighths of all places, so a load test from one address still fills the queue. One account
    may hold a quarter of them, counted within its network: with a share over all networks, strangers could use up the
    share of the account's owner.

    Each operation takes the same time for any number of waiting hashes, with one exception: while every place is taken,
    a newcomer costs one look at each waiting network.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._per_network = -(-size * 7 // 8)
        self._per_account = max(_LEAST_PER_ACCOUNT, -(-size // 4))
        self._held = 0
        self._networks: dict[str, _Network[_P]] = {}
        # The waiting networks, by the number of their running hashes, and within that in order of their turns.
        self._turns: list[OrderedDict[str, _Network[_P]]] = [OrderedDict()]

    @property
    def held(self) -> int:
        """How many places are taken, by running and by waiting hashes."""
        return self._held

    def enter(self, place: _P) -> _P | None:
        """Let `place` wait, and return the place that it displaces, if any.

        While every place is taken, the newest hash of the network with the most waiting hashes is displaced, provided
        that the newcomer's network would still have fewer. Raises TooBusy otherwise, and when the network or the
        account already holds its share.
        """
        network = self._networks.get(place.requester.network) or _Network[_P](place.requester.network)
        account = place.requester.account
        if network.held >= self._per_network or network.accounts.get(account, 0) >= self._per_account:
            raise TooBusy
        displaced = self._newest_of_longest(len(network.arrivals) + 1) if self._held >= self._size else None
        if displaced is not None:
            self.leave(displaced)
        if not network.arrivals:
            self._networks[network.name] = network
            self._line_up(network, network.running)
        self._held += 1
        network.held += 1
        network.accounts[account] = network.accounts.get(account, 0) + 1
        network.arrivals[place] = None
        network.turns.setdefault(account, OrderedDict())[place] = None
        return displaced

    def next(self) -> _P | None:
        """Take out the next hash; it keeps its place until `finish`. None when nothing waits."""
        turns = next(filter(None, self._turns), None)
        if turns is None:
            return None
        _, network = turns.popitem(last=False)
        account, waiting = network.turns.popitem(last=False)
        place, _ = waiting.popitem(last=False)
        del network.arrivals[place]
        if waiting:
            network.turns[account] = waiting
        if network.arrivals:
            self._line_up(network, network.running)
        return place

    def finish(self, place: _P) -> None:
        """Give back the place of a hash that `next` returned."""
        network = self._networks[place.requester.network]
        if network.arrivals:
            del self._turns[network.running][network.name]
            self._line_up(network, network.running - 1)
        self._give_back(place, network)

    def leave(self, place: _P) -> bool:
        """Remove a waiting hash and give back its place; False when it no longer waits."""
        network = self._networks.get(place.requester.network)
        if network is None or place not in network.arrivals:
            return False
        account = place.requester.account
        running = network.running
        del network.arrivals[place]
        del network.turns[account][place]
        if not network.turns[account]:
            del network.turns[account]
        if not network.arrivals:
            del self._turns[running][network.name]
        self._give_back(place, network)
        return True

    def _newest_of_longest(self, waiting_of_newcomer: int) -> _P:
        waiting = chain.from_iterable(turns.values() for turns in self._turns)
        longest = max(waiting, key=lambda network: len(network.arrivals), default=None)
        if longest is None or len(longest.arrivals) <= waiting_of_newcomer:
            raise TooBusy
        return next(reversed(longest.arrivals))

    def _line_up(self, network: _Network[_P], running: int) -> None:
        """Put the network behind all others with as many running hashes."""
        while len(self._turns) <= running:
            self._turns.append(OrderedDict())
        self._turns[running][network.name] = network

    def _give_back(self, place: _P, network: _Network[_P]) -> None:
        self._held -= 1
        network.held -= 1
        network.accounts[place.requester.account] -= 1
        if not network.accounts[place.requester.account]:
            del network.accounts[place.requester.account]
        if not network.held:
            del self._networks[network.name]
