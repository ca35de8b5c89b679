"""Where limits are counted: on a server for all processes, or in each process."""

from collections.abc import Callable
from typing import Protocol

from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.adapters.memory.no_rate_limiter import Unlimited
from bukhindor.adapters.memory.rate_limiter import MemoryRateLimiter
from bukhindor.config import Settings
from bukhindor.domain.rate_limit import Limit, Limits
from bukhindor.ports.system import DatabaseTracer, RateLimiter

# While Redis is away each process allows this part of a limit; replicas can't know how many they are.
_LEAST_OUTAGE_DIVISOR = 4
# Seconds. Fifty simultaneous sign-ins delay a busy process by 0.1, and limits are exact only if it waits for Redis that
# long.
_REDIS_BUDGET = 0.25


class SharedLimiter(RateLimiter, Protocol):
    async def open(self) -> None:
        """Connect; a server that is away does not stop the service from starting."""

    async def close(self) -> None:
        """Release all connections."""


def open_shared_limiter(
    settings: Settings,
    secret_keys: SecretKeys,
    on_uncounted: Callable[[str], None],
    tracer: DatabaseTracer | None,
) -> SharedLimiter | None:
    """None without REDIS_URL, or without limits. `on_uncounted` gets the reason why Redis did not count a call,
    and `tracer` each call.
    """
    if settings.limiting.redis is None or not settings.limiting.rate_limits:
        return None
    # Its library takes memory that a service without Redis does not need.
    from bukhindor.adapters.redis.rate_limiter import RedisRateLimiter  # noqa: PLC0415

    return RedisRateLimiter(
        settings.limiting.redis,
        secret_keys.derive("rate limit keys"),
        MemoryRateLimiter(),
        outage_divisor=max(settings.server.workers, _LEAST_OUTAGE_DIVISOR),
        budget=_REDIS_BUDGET,
        on_uncounted=on_uncounted,
        tracer=tracer,
    )


class ConfiguredLimiter:
    """Counts by the effective limits, where the product names its defaults."""

    def __init__(self, limiter: RateLimiter, limits: Limits) -> None:
        self._limiter = limiter
        self._limits = limits

    async def take(self, limit: Limit, key: str) -> None:
        await self._limiter.take(self._limits.in_force(limit), key)

    async def give_back(self, limit: Limit, key: str) -> None:
        await self._limiter.give_back(self._limits.in_force(limit), key)

    async def clear(self, limit: Limit, key: str) -> None:
        await self._limiter.clear(self._limits.in_force(limit), key)

    def is_degraded(self) -> bool:
        return self._limiter.is_degraded()

    def problem(self) -> str:
        return self._limiter.problem()


def limiter_of_this_process(settings: Settings) -> RateLimiter:
    return MemoryRateLimiter(processes=settings.server.workers) if settings.limiting.rate_limits else Unlimited()
