"""An inspection of a Redis or Valkey server for `doctor`."""

import asyncio
import statistics
import time
from dataclasses import dataclass
from typing import Any

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from bukhindor.adapters.redis.failures import problem_of
from bukhindor.adapters.redis.server_url import RedisServer
from bukhindor.adapters.redis.shared_counts import SharedCounts, way_to

_PINGS = 5


class RedisUnusable(Exception):
    """The server does not count; the text gives the reason without the login."""


@dataclass(frozen=True, slots=True)
class RedisState:
    """What the inspection found; `latency` is the median of several responses, in seconds.

    The login may lack the right to ask for more: then `version` and `eviction` are empty, and sizes in bytes are 0.
    """

    latency: float
    version: str = ""
    eviction: str = ""
    memory: int = 0
    memory_limit: int = 0
    evicted_keys: int = 0


def inspect(server: RedisServer, patience: float) -> RedisState:
    """Have the server count once, for a key that expires after a second, and read its report about itself; `patience`
    is in seconds, for the whole inspection. Raises RedisUnusable.
    """
    try:
        return asyncio.run(asyncio.wait_for(_inspect(server, patience), patience))
    except (RedisError, OSError, TimeoutError) as error:
        raise RedisUnusable(problem_of(error)) from error


async def _inspect(server: RedisServer, patience: float) -> RedisState:
    counts = SharedCounts(server, b"")
    pool = ConnectionPool(
        max_connections=1,
        socket_connect_timeout=patience,
        socket_timeout=patience,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        driver_info=None,
        db=server.database,
        username=server.user,
        password=server.password,
        **way_to(server),
    )
    try:
        await counts.probe()
        client = Redis.from_pool(pool)
        latency = await _latency(client)
        found = await _told(client)
    finally:
        await counts.close()
        await pool.aclose()
    return RedisState(
        latency,
        str(found.get("valkey_version") or found.get("redis_version") or ""),
        str(found.get("maxmemory_policy", "")),
        int(found.get("used_memory", 0)),
        int(found.get("maxmemory", 0)),
        int(found.get("evicted_keys", 0)),
    )


async def _latency(client: Any) -> float:
    times = []
    for _ in range(_PINGS):
        began = time.perf_counter()
        await client.ping()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


async def _told(client: Any) -> dict[str, Any]:
    try:
        told: dict[str, Any] = await client.info()
    except ResponseError:
        return {}
    return told
