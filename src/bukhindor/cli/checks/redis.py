"""The server that counts attempts for all processes."""

from collections.abc import Iterator

from bukhindor.adapters.redis.inspection import RedisState, RedisUnusable, inspect
from bukhindor.adapters.redis.server_url import RedisServer
from bukhindor.cli.findings import Finding, State, ok

PATIENCE_SECONDS = 4.0

# Each request waits for it; the time is far below the patience of the service, which leaves room for slower moments.
_SLOW_SECONDS = 0.025
_NEARLY_FULL = 0.9


def checks(server: RedisServer) -> Iterator[Finding]:
    try:
        found = inspect(server, PATIENCE_SECONDS)
    except RedisUnusable as error:
        advice = "Compare REDIS_URL with the server; until then each process counts alone, and more strictly"
        yield Finding("redis", State.PROBLEM, f"{server}: {error}", advice)
        return
    yield reached(server, found)
    yield from login(server)
    if found.eviction:
        yield memory(found)


def reached(server: RedisServer, found: RedisState) -> Finding:
    version = f" ({found.version})" if found.version else ""
    text = f"{server}{version} counts, and responds in {found.latency * 1000:.1f} ms"
    if found.latency > _SLOW_SECONDS:
        return Finding("redis", State.WARNING, text, "Bring it nearer: every limited request waits for it")
    return ok("redis", text)


def login(server: RedisServer) -> Iterator[Finding]:
    if server.sends_login_in_clear:
        advice = "Use rediss:// unless the network between is yours alone"
        yield Finding("redis login", State.WARNING, f"the password travels in clear to {server.host}", advice)


def memory(found: RedisState) -> Finding:
    """The finding about what happens when its memory is full."""
    used = f"{found.memory / 2**20:.0f} MiB of {found.memory_limit / 2**20:.0f}" if found.memory_limit else "no limit"
    text = f"{used}, maxmemory-policy {found.eviction}"
    if not found.memory_limit or found.eviction == "noeviction":
        if found.memory_limit and found.memory > _NEARLY_FULL * found.memory_limit:
            advice = "Raise maxmemory: when it is full, each process counts alone, and more strictly"
            return Finding("redis memory", State.WARNING, text, advice)
        return ok("redis memory", f"{text}; nothing is dropped before its time")
    dropped = f"; {found.evicted_keys} keys were dropped" if found.evicted_keys else ""
    advice = (
        "Set maxmemory-policy noeviction, on a server of its own: a dropped counter restarts at zero, so "
        "a client gets more attempts than the limit. While keys are dropped, each process counts alone, more strictly"
    )
    return Finding("redis memory", State.WARNING, f"{text}{dropped}", advice)
