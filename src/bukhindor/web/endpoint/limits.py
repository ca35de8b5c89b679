"""Limits for a client's network: part of the transport, named in the route table."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from bukhindor.domain.errors import (
    IdentityEmailNotVerified,
    InvalidAuthorizationCode,
    InvalidIdToken,
    InvalidInput,
    InvalidOneTimeToken,
    InvalidPasskey,
    InvalidRefreshToken,
    InvalidValue,
    InvalidWebFlow,
    RateLimited,
    RefreshTokenReused,
    Unavailable,
)
from bukhindor.domain.network import network_of, wider_network_of
from bukhindor.domain.rate_limit import (
    GUESSES_PER_NETWORK,
    IDENTITY_STARTS_PER_NETWORK,
    MAILS_PER_NETWORK,
    MAILS_PER_NETWORK_AND_DAY,
    REFUSED_IDENTITIES_PER_NETWORK,
    Limit,
)
from bukhindor.ports.system import RateLimiter

Outcome = TypeVar("Outcome")
Places = Sequence[tuple[Limit, str]]

_FAILURES = (
    IdentityEmailNotVerified,
    InvalidAuthorizationCode,
    InvalidIdToken,
    InvalidOneTimeToken,
    InvalidPasskey,
    InvalidRefreshToken,
    InvalidWebFlow,
    RefreshTokenReused,
)


class Counted(Enum):
    """Which calls a limit counts.

    FAILURES are counted before the outcome is known: many guesses at once must not all pass. REFUSALS, for secrets that
    can't be guessed, are counted once they are known, so that a network whose failures have used the limit up still
    gets every valid call through: a carrier has thousands of phones behind one address.
    """

    EVERY_CALL = "every call"
    FAILURES = "failures"
    REFUSALS = "refusals, once they are known"


@dataclass(frozen=True, slots=True)
class NetworkLimit:
    """A limit for a client's network, and five times that for the wider network around it.

    `can_be_guessed` inspects the body: a code of eight digits can be guessed, the token of a link can't.
    """

    limit: Limit
    counted: Counted = Counted.FAILURES
    can_be_guessed: Callable[[Any], bool] | None = None

    def counted_for(self, body: object) -> Counted:
        """When a call with this body counts: only once it is refused if it carries a secret that can't be guessed."""
        if self.can_be_guessed is None or self.can_be_guessed(body):
            return self.counted
        return Counted.REFUSALS

    def keys(self, ip: str) -> Iterator[tuple[Limit, str]]:
        """The keys under which a call from this address counts."""
        yield self.limit, network_of(ip)
        yield self.limit.for_wider_network(), wider_network_of(ip)


def _is_code(body: object) -> bool:
    """Whether a body proves the mailbox with a code, which can be guessed, and not with the token of a link."""
    return getattr(body, "token", None) is None


def _has_code(body: object) -> bool:
    """Whether a body that may have one of several proofs has a code."""
    return getattr(body, "code", None) is not None


GUESSES = NetworkLimit(GUESSES_PER_NETWORK, can_be_guessed=_is_code)
GUESSES_OF_CODES = NetworkLimit(GUESSES_PER_NETWORK, can_be_guessed=_has_code)
IDENTITY_STARTS = NetworkLimit(IDENTITY_STARTS_PER_NETWORK, Counted.EVERY_CALL)
REFUSED_IDENTITIES = NetworkLimit(REFUSED_IDENTITIES_PER_NETWORK, Counted.REFUSALS)
MAILS = tuple(NetworkLimit(limit, Counted.EVERY_CALL) for limit in (MAILS_PER_NETWORK, MAILS_PER_NETWORK_AND_DAY))


async def within(
    limiter: RateLimiter,
    limits: Sequence[NetworkLimit],
    ip: str,
    work: Callable[[], Awaitable[Outcome]],
    body: object = None,
) -> Outcome:
    """Run the work of a call, counted against the client's networks. Raises RateLimited instead of running it."""
    if not limits:
        return await work()
    places: dict[Counted, list[tuple[Limit, str]]] = {counted: [] for counted in Counted}
    for each in limits:
        places[each.counted_for(body)] += each.keys(ip)
    taken = places[Counted.EVERY_CALL] + places[Counted.FAILURES]
    await _take_all(limiter, taken)
    try:
        outcome = await work()
    except _FAILURES:
        await _take_all(limiter, places[Counted.REFUSALS])
        raise
    except (InvalidInput, InvalidValue, RateLimited, Unavailable):
        # A mistake in a form, another limit or a busy server does not count here.
        await _give_back(limiter, taken)
        raise
    except BaseException:
        await _give_back(limiter, places[Counted.FAILURES])
        raise
    await _give_back(limiter, places[Counted.FAILURES])
    return outcome


async def _take_all(limiter: RateLimiter, places: Places) -> None:
    """Count in every place, or in none: a request that a limit refuses does not count against another."""
    for number, (limit, key) in enumerate(places):
        try:
            await limiter.take(limit, key)
        except RateLimited:
            await _give_back(limiter, places[:number])
            raise


async def _give_back(limiter: RateLimiter, places: Places) -> None:
    for limit, key in places:
        await limiter.give_back(limit, key)
