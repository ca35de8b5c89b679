"""What callers feel of a Redis server that stands still: nothing, once it is known to be away."""

from bench.figures import Figure, milliseconds, percentile
from bench.parts.timing import ask
from bench.processes import Server
from bench.stage import Stage
from tests.servers.redis import RedisServer

_ASKED = 200
_UNTIL_OPEN = 30
_TOLERANCE_SECONDS = 0.05


def measure(stage: Stage) -> list[Figure]:
    redis = RedisServer()
    redis.start()
    try:
        more = {"REDIS_URL": redis.url, "RATE_LIMITS": "on"}
        with stage.serving(stage.scale.users, more=more) as server, stage.cores.only(stage.cores.load):
            healthy = _times(server, "before", _ASKED)
            redis.freeze()
            try:
                first = _times(server, "first", _UNTIL_OPEN)
                frozen = _times(server, "frozen", _ASKED)
            finally:
                redis.thaw()
    finally:
        redis.close()
    healthy_p95, frozen_p95 = percentile(healthy, 95), percentile(frozen, 95)
    return [
        Figure(
            "POST /auth/reset-password p95, Redis frozen, breaker open (peer: healthy)",
            milliseconds(frozen_p95),
            milliseconds(healthy_p95),
            frozen_p95 / healthy_p95,
            f"<= peer + {_TOLERANCE_SECONDS * 1000:.0f} ms",
            frozen_p95 <= healthy_p95 + _TOLERANCE_SECONDS,
        ),
        Figure("the slowest of the first requests that meet a frozen Redis", milliseconds(max(first))),
    ]


def _times(server: Server, name: str, count: int) -> list[float]:
    """Each for an address of its own, which no limit knows yet."""
    bodies = ({"email": f"{name}-{number}@example.com"} for number in range(count))
    return [ask(server.port, "/auth/reset-password", body)[0] for body in bodies]
