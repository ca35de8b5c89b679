"""Limits per address of the network: a matter of transport, named in the route table."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bukhindor.domain.errors import InvalidCredentials, InvalidOneTimeToken
from bukhindor.domain.network import network_of
from bukhindor.domain.rate_limit import Limit
from bukhindor.ports import RateLimiter

_FAILURES = (InvalidCredentials, InvalidOneTimeToken)


@dataclass(frozen=True, slots=True)
class AddressLimit:
    """`failures_only` leaves calls uncounted that guessed nothing wrong."""

    limit: Limit
    failures_only: bool


@asynccontextmanager
async def within(limiter: RateLimiter, address_limit: AddressLimit | None, ip: str) -> AsyncIterator[None]:
    """Count the call against its address. Raises RateLimited instead of letting it happen.

    It is counted before it is known to be a failure: many guesses at once must not all slip through.
    """
    if address_limit is None:
        yield
        return
    limit, key = address_limit.limit, network_of(ip)
    await limiter.take(limit, key)
    try:
        yield
    except _FAILURES:
        raise
    except BaseException:
        if address_limit.failures_only:
            await limiter.give_back(limit, key)
        raise
    if address_limit.failures_only:
        await limiter.give_back(limit, key)
