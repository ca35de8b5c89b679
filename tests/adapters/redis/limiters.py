"""Limiters over a real server, and what it takes to look at what they keep there."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta

from redis.asyncio import Redis

from bukhindor.adapters.memory.rate_limiter import MemoryRateLimiter
from bukhindor.adapters.redis.rate_limiter import RedisRateLimiter
from bukhindor.adapters.redis.server_url import RedisServer
from bukhindor.domain.errors import RateLimited
from bukhindor.domain.rate_limit import Limit
from bukhindor.ports import RateLimiter

EIGHT = Limit("eight", 8, timedelta(minutes=15))
STRICT_HITS = 2
SECRET = b"a secret that all processes know"


def limiter_at(url: str, *, budget: float = 2.0, secret: bytes = SECRET) -> RedisRateLimiter:
    """One process's limiter; it looks for the server twenty times a second. Alone it allows a quarter.

    A busy machine is no outage: where the time is not what is tested, there is plenty of it.
    """
    return RedisRateLimiter(
        RedisServer.parse(url), secret, MemoryRateLimiter(), outage_divisor=4, budget=budget, probe_seconds=0.05
    )


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


async def until(condition: Callable[[], bool], seconds: float = 10) -> float:
    """Wait until it holds; tells how many seconds it took."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if condition():
            return time.monotonic() - began
        await asyncio.sleep(0.005)
    raise AssertionError(f"not within {seconds} s")


async def age(url: str, seconds: float) -> None:
    """Make everything that was counted older, as if time had passed."""
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
