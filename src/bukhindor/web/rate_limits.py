"""Limits per network of the client: a matter of transport, named in the route table."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from bukhindor.domain.errors import (
    InvalidCredentials,
    InvalidOneTimeToken,
    InvalidRefreshToken,
    RateLimited,
    RefreshTokenReused,
)
from bukhindor.domain.network import network_of, wider_network_of
from bukhindor.domain.rate_limit import Limit
from bukhindor.ports import RateLimiter

Outcome = TypeVar("Outcome")
Places = Sequence[tuple[Limit, str]]

_FAILURES = (InvalidCredentials, InvalidOneTimeToken, InvalidRefreshToken, RefreshTokenReused)


class Counted(Enum):
    """Which calls a limit counts.

    A failure is counted before the call is known to be one: many guesses at once must not all slip through. What can't
    be guessed is counted once it was refused, so that a network whose failures have used the limit up still gets every
    valid call through: a carrier puts thousands of phones behind one address.
    """

    EVERY_CALL = "every call"
    FAILURES = "failures"
    REFUSALS = "refusals, once they are known"


@dataclass(frozen=True, slots=True)
class NetworkLimit:
    """A limit for a client's network, and five times that for the wider network around it."""

    limit: Limit
    counted: Counted = Counted.FAILURES

    def keys(self, ip: str) -> Iterator[tuple[Limit, str]]:
        """What to count a client of this address against."""
        yield self.limit, network_of(ip)
        yield self.limit.for_wider_network(), wider_network_of(ip)


async def within(
    limiter: RateLimiter, limits: Sequence[NetworkLimit], ip: str, work: Callable[[], Awaitable[Outcome]]
) -> Outcome:
    """Do the work of a call, counted against the client's networks. Raises RateLimited instead of doing it."""
    if not limits:
        return await work()
    counted = [(limit, key) for each in limits for limit, key in each.keys(ip) if each.counted is not Counted.REFUSALS]
    await _take_all(limiter, counted)
    try:
        outcome = await work()
    except _FAILURES:
        refusals = [each for each in limits if each.counted is Counted.REFUSALS]
        await _take_all(limiter, [place for each in refusals for place in each.keys(ip)])
        raise
    except RateLimited:
        # What another limit refuses does not count here.
        await _give_back(limiter, counted)
        raise
    except BaseException:
        await _give_back(limiter, _only_failures(limits, ip))
        raise
    await _give_back(limiter, _only_failures(limits, ip))
    return outcome


def _only_failures(limits: Sequence[NetworkLimit], ip: str) -> Places:
    return [place for each in limits if each.counted is Counted.FAILURES for place in each.keys(ip)]


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
