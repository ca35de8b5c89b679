"""Limiters over a real server, and what it takes to look at what they keep there."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from bukhindor.adapters.memory.rate_limiter import MemoryRateLimiter
from bukhindor.adapters.redis import shared_counts
from bukhindor.adapters.redis.rate_limiter import RedisRateLimiter
from bukhindor.adapters.redis.scripts import GIVE_BACK, TAKE, TAKE_IN_SLICES
from bukhindor.config.redis_url import redis_server
from bukhindor.domain.errors import RateLimited
from bukhindor.domain.rate_limit import Limit
from bukhindor.ports.system import RateLimiter

EIGHT = Limit("eight", 8, timedelta(minutes=15))
STRICT_HITS = 2
SECRET = b"a secret that all processes know"
PLENTY = 20.0
_CLOCK = "tests:clock"


def limiter_at(
    url: str,
    *,
    budget: float = PLENTY,
    secret: bytes = SECRET,
    probe_seconds: float = 0.05,
    clock: Callable[[], float] = time.monotonic,
    on_uncounted: Callable[[str], None] = lambda _: None,
) -> RedisRateLimiter:
    """One process's limiter; it looks for the server twenty times a second. Alone it allows a quarter.

    A busy machine is no outage: where the time is not what is tested, there is plenty of it for every step.
    """
    with pytest.MonkeyPatch.context() as patch:
        if budget == PLENTY:
            patch.setattr(shared_counts, "_CONNECT_SECONDS", PLENTY)
            patch.setattr(shared_counts, "_ANSWER_SECONDS", PLENTY)
        return RedisRateLimiter(
            redis_server(url),
            secret,
            MemoryRateLimiter(),
            outage_divisor=4,
            budget=budget,
            probe_seconds=probe_seconds,
            clock=clock,
            on_uncounted=on_uncounted,
        )


async def opened(limiter: RedisRateLimiter) -> RedisRateLimiter:
    """The limiter, in touch with its server, which on a busy machine may take longer than a start waits for it."""
    await limiter.open()
    await until(lambda: not limiter.is_degraded())
    return limiter


@asynccontextmanager
async def started(url: str, budget: float = PLENTY) -> AsyncIterator[RedisRateLimiter]:
    """A limiter that was opened, whether or not there is a server."""
    limiter = limiter_at(url, budget=budget)
    await limiter.open()
    yield limiter
    await limiter.close()


async def passed(limiter: RateLimiter, times: int, limit: Limit = EIGHT, key: str = "ann@example.com") -> int:
    """How many of so many attempts, one after the other, are not refused."""
    refused: list[RateLimited] = []
    for _ in range(times):
        try:
            await limiter.take(limit, key)
        except RateLimited as refusal:
            refused.append(refusal)
    assert all(refusal.limit == limit and refusal.retry_after >= 1 for refusal in refused)
    return times - len(refused)


async def until(condition: Callable[[], bool], seconds: float = 20) -> float:
    """Wait until it holds; tells how many seconds it took."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if condition():
            return time.monotonic() - began
        await asyncio.sleep(0.005)
    raise AssertionError(f"not within {seconds} s")


class ServerClock:
    """The clock of a server as limiters see it that are made afterwards: it stands still until it is moved.

    The real one goes on while a test asks, and on a busy machine a window may be over before the test has looked.
    """

    def __init__(self, url: str, patch: pytest.MonkeyPatch) -> None:
        self._url = url
        self._microseconds = 1_900_000_000_000_000
        clocked = {}
        for name, script in (("TAKE", TAKE), ("TAKE_IN_SLICES", TAKE_IN_SLICES)):
            clocked[name] = script.replace("redis.call('TIME')", f"redis.call('LRANGE', '{_CLOCK}', 0, -1)")
            assert clocked[name] != script
            patch.setattr(shared_counts, name, clocked[name])
        patch.setattr(shared_counts, "_SCRIPTS", (*clocked.values(), GIVE_BACK))

    async def move(self, seconds: float) -> None:
        """Forwards or back. How long the server keeps a key goes by real time all the same."""
        self._microseconds += round(seconds * 1_000_000)
        async with Redis.from_url(self._url) as client:
            await client.delete(_CLOCK)
            await client.rpush(_CLOCK, *map(str, divmod(self._microseconds, 1_000_000)))


async def age(url: str, seconds: float) -> None:
    """Make everything that was counted older, as if time had passed on the server's own clock."""
    async with Redis.from_url(url) as client:
        for key in await client.keys("bukhindor:limit:*"):
            moments = [
                moment if moment == b"r" else str(int(moment) - round(seconds * 1_000_000)).encode()
                for moment in await client.lrange(key, 0, -1)
            ]
            left = await client.pttl(key) - round(seconds * 1000)
            await client.delete(key)
            if left > 0:
                await client.rpush(key, *moments)
                await client.pexpire(key, left)
