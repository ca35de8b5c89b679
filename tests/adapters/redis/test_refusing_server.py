"""A server that answers and refuses to count is as good as none.

REL-12.
"""

from collections.abc import Callable

import pytest

from bukhindor.adapters.redis.rate_limiter import RedisRateLimiter
from tests.adapters.redis.limiters import EIGHT, STRICT_HITS, passed, started, until
from tests.adapters.redis.test_outages import fill_memory, free_memory
from tests.servers.processes import free_port
from tests.servers.redis import RedisServer


def make_replica(server: RedisServer) -> None:
    server.command("REPLICAOF", "127.0.0.1", str(free_port()))


def make_primary(server: RedisServer) -> None:
    server.command("REPLICAOF", "NO", "ONE")


def want_replicas(server: RedisServer) -> None:
    server.command("CONFIG", "SET", "min-replicas-to-write", "1")


def want_no_replicas(server: RedisServer) -> None:
    server.command("CONFIG", "SET", "min-replicas-to-write", "0")


def forbid_scripts(server: RedisServer) -> None:
    server.command("ACL", "SETUSER", "default", "-evalsha", "-eval")


def allow_scripts(server: RedisServer) -> None:
    server.command("ACL", "SETUSER", "default", "+evalsha", "+eval")


def want_password(server: RedisServer) -> None:
    server.command("CONFIG", "SET", "requirepass", "new")
    server.password = "new"
    server.command("CLIENT", "KILL", "TYPE", "normal")


def want_no_password(server: RedisServer) -> None:
    server.command("CONFIG", "SET", "requirepass", "")
    server.password = ""


def fail_to_save(server: RedisServer) -> None:
    """Its dump would have to replace a folder, and by configuration it refuses writes when it can't save."""
    (server.process.folder / "dump.rdb").mkdir()
    server.command("CONFIG", "SET", "save", "3600 1")
    server.command("BGSAVE")


def stop_saving(server: RedisServer) -> None:
    server.command("CONFIG", "SET", "save", "")


@pytest.mark.parametrize(
    ("make_ill", "heal", "problem"),
    [
        pytest.param(fill_memory, free_memory, "the server is out of memory", id="OOM"),
        pytest.param(make_replica, make_primary, "the server is a read-only replica", id="READONLY"),
        pytest.param(
            want_replicas,
            want_no_replicas,
            "the server has too few replicas and refuses writes",
            id="NOREPLICAS",
        ),
        pytest.param(
            forbid_scripts,
            allow_scripts,
            "the login may not run the commands for counting: EVAL, EVALSHA, TIME, DEL and commands for lists",
            id="NOPERM",
        ),
        pytest.param(
            want_password, want_no_password, "the server requires a login, or refuses the one it gets", id="NOAUTH"
        ),
        pytest.param(fail_to_save, stop_saving, "the server can't save to its disk and refuses writes", id="MISCONF"),
    ],
)
async def test_a_server_that_refuses_to_count_is_as_good_as_none(
    limiter: RedisRateLimiter,
    server: RedisServer,
    make_ill: Callable[[RedisServer], None],
    heal: Callable[[RedisServer], None],
    problem: str,
) -> None:
    """REL-12: it answers each call, and counts none. The limiter is back once it counts again."""
    make_ill(server)
    await until(limiter.is_degraded)
    assert limiter.problem() == problem
    assert await passed(limiter, 9) == STRICT_HITS
    heal(server)
    assert await until(lambda: not limiter.is_degraded()) < 10
    assert await passed(limiter, 9) == EIGHT.hits


async def test_a_wrong_password_is_reported_and_not_repeated(caplog: pytest.LogCaptureFixture) -> None:
    server = RedisServer(password="right")
    server.start()
    try:
        async with started(server.url.replace("right", "hunter2")) as limiter:
            assert limiter.problem() == "the server requires a login, or refuses the one it gets"
            assert await passed(limiter, 9) == STRICT_HITS
            assert "hunter2" not in caplog.text
    finally:
        server.close()
