"""The queue in front of the hashes: whose turn it is, what one may hold, and who makes room.

DOS-02, DOS-07.
"""

import pytest

from bukhindor.adapters.crypto.fair_queue import FairQueue, Place
from bukhindor.domain.errors import TooBusy
from bukhindor.ports.secrets import Requester


class Named(Place):
    """`name` is the network, the account and a number, such as `flood/ann/3`."""

    def __init__(self, name: str) -> None:
        network, account, _ = name.split("/")
        super().__init__(Requester(network, account))
        self.name = name


def enter(queue: FairQueue[Named], *names: str) -> list[Named]:
    places = [Named(name) for name in names]
    assert [queue.enter(place) for place in places] == [None] * len(places)
    return places


def order_of(queue: FairQueue[Named]) -> list[str]:
    """The names in the order in which one thread serves them."""
    names = []
    while (place := queue.next()) is not None:
        names.append(place.name)
        queue.finish(place)
    assert queue.held == 0
    return names


def test_networks_take_turns() -> None:
    queue = FairQueue[Named](40)
    enter(queue, "a/ann/1", "a/ann/2", "a/ann/3", "b/bob/1", "b/bob/2", "c/cid/1")
    assert order_of(queue) == ["a/ann/1", "b/bob/1", "c/cid/1", "a/ann/2", "b/bob/2", "a/ann/3"]


def test_within_a_network_accounts_take_turns_in_order_of_arrival() -> None:
    queue = FairQueue[Named](40)
    enter(queue, "a/ann/1", "a/ann/2", "a/bob/1", "a/bob/2", "a/cid/1")
    assert order_of(queue) == ["a/ann/1", "a/bob/1", "a/cid/1", "a/ann/2", "a/bob/2"]


def test_a_newcomer_waits_for_the_hash_that_runs_and_not_for_a_flood() -> None:
    queue = FairQueue[Named](400)
    enter(queue, *(f"flood/account-{number % 30}/{number}" for number in range(300)))
    running = queue.next()
    enter(queue, "home/ann/1", "home/ann/2")
    assert running is not None
    queue.finish(running)
    order = order_of(queue)
    assert [order.index(name) for name in ("home/ann/1", "home/ann/2")] == [0, 2]
    assert len(order) == 301


def test_a_network_with_fewer_hashes_running_goes_first() -> None:
    """A network that fills all threads gets the next one that is free only when no other waits for its first."""
    queue = FairQueue[Named](40)
    enter(queue, *(f"flood/ann/{number}" for number in range(4)))
    of_flood = [queue.next(), queue.next()]
    enter(queue, "a/ann/1", "a/ann/2", "b/bob/1")
    assert None not in of_flood
    for place in of_flood:
        assert place is not None
        queue.finish(place)
    # Two threads are free, and none of these three networks has one.
    assert [place.name for place in iter(queue.next, None)] == [
        "a/ann/1", "b/bob/1", "flood/ann/2", "a/ann/2", "flood/ann/3",
    ]  # fmt: skip


def test_a_network_that_comes_back_stands_behind_those_that_wait() -> None:
    """Asking again and again with one hash at a time moves no one forward."""
    queue = FairQueue[Named](40)
    enter(queue, "a/ann/1", "b/bob/1", "c/cid/1")
    served = queue.next()
    assert served is not None
    queue.finish(served)
    enter(queue, "a/ann/2")
    assert order_of(queue) == ["b/bob/1", "c/cid/1", "a/ann/2"]


def test_a_network_holds_seven_eighths_of_the_places_and_no_more() -> None:
    queue = FairQueue[Named](16)
    enter(queue, *(f"a/account-{number}/1" for number in range(14)))
    running = queue.next()
    assert running is not None
    with pytest.raises(TooBusy):
        queue.enter(Named("a/new/1"))
    enter(queue, "b/bob/1", "b/bob/2")
    queue.finish(running)
    enter(queue, "a/new/1")
    assert queue.held == 16


def test_an_account_holds_a_quarter_of_the_places_within_its_network() -> None:
    """LGN-12: strangers who name the account in other networks leave its owner's share alone."""
    queue = FairQueue[Named](16)
    enter(queue, *(f"strangers/ann/{number}" for number in range(4)))
    with pytest.raises(TooBusy):
        queue.enter(Named("strangers/ann/5"))
    enter(queue, "strangers/bob/1", "home/ann/1")
    assert order_of(queue)[:2] == ["strangers/ann/0", "home/ann/1"]


def test_in_the_smallest_queue_one_may_still_click_twice() -> None:
    queue = FairQueue[Named](2)
    enter(queue, "a/ann/1", "a/ann/2")
    assert order_of(queue) == ["a/ann/1", "a/ann/2"]


def test_a_newcomer_to_a_full_queue_displaces_the_newest_of_the_network_that_waits_most() -> None:
    queue = FairQueue[Named](8)
    flood = enter(queue, *(f"flood/account-{number}/1" for number in range(6)))
    enter(queue, "small/sue/1", "small/sue/2")
    newcomer = Named("home/ann/1")

    assert queue.enter(newcomer) is flood[-1]
    assert queue.held == 8
    # A displaced hash holds nothing any more: it is not served, and is not given back again.
    assert not queue.leave(flood[-1])
    assert order_of(queue) == [
        "flood/account-0/1", "small/sue/1", "home/ann/1", "flood/account-1/1", "small/sue/2",
        "flood/account-2/1", "flood/account-3/1", "flood/account-4/1",
    ]  # fmt: skip


def test_what_runs_is_not_displaced() -> None:
    queue = FairQueue[Named](4)
    enter(queue, *(f"flood/account-{number}/1" for number in range(4)))
    assert [queue.next() for _ in range(4)].count(None) == 0
    with pytest.raises(TooBusy):
        queue.enter(Named("home/ann/1"))
    assert queue.held == 4


def test_a_newcomer_displaces_no_hash_of_a_network_that_waits_no_more_than_its_own_would() -> None:
    queue = FairQueue[Named](4)
    enter(queue, "a/ann/1", "a/ann/2", "b/bob/1", "b/bob/2")
    for name in ("a/new/1", "b/new/1"):
        with pytest.raises(TooBusy):
            queue.enter(Named(name))
    displaced = queue.enter(Named("c/cid/1"))
    assert displaced is not None
    assert displaced.name == "a/ann/2"
    with pytest.raises(TooBusy):
        queue.enter(Named("c/cid/2"))
    with pytest.raises(TooBusy):
        queue.enter(Named("a/ann/3"))
    assert order_of(queue) == ["a/ann/1", "b/bob/1", "c/cid/1", "b/bob/2"]


def test_a_refused_newcomer_leaves_no_trace() -> None:
    queue = FairQueue[Named](2)
    enter(queue, "a/ann/1", "b/bob/1")
    for number in range(100):
        with pytest.raises(TooBusy):
            queue.enter(Named(f"network-{number}/ann/1"))
    assert queue.held == 2
    assert order_of(queue) == ["a/ann/1", "b/bob/1"]


def test_who_leaves_gives_back_place_and_turn() -> None:
    queue = FairQueue[Named](8)
    first, _, third, _ = enter(queue, "a/ann/1", "a/ann/2", "b/bob/1", "c/cid/1")
    assert queue.leave(third)
    assert queue.leave(first)
    assert not queue.leave(first)
    assert queue.held == 2
    enter(queue, "b/bob/2")
    assert order_of(queue) == ["a/ann/2", "c/cid/1", "b/bob/2"]


def test_who_is_served_can_no_longer_leave() -> None:
    queue = FairQueue[Named](8)
    (place,) = enter(queue, "a/ann/1")
    assert queue.next() is place
    assert not queue.leave(place)
    assert queue.held == 1
    queue.finish(place)
    assert queue.held == 0
    assert queue.next() is None
