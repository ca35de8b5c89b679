"""The limiter while its server is ill: never open, never an error, never slow, and back by itself.

REL-12, REL-13, REL-15.
"""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from bukhindor.adapters.redis.rate_limiter import RedisRateLimiter
from bukhindor.domain.errors import RateLimited
from tests.adapters.redis.limiters import EIGHT, STRICT_HITS, limiter_at, passed, until
from tests.servers.processes import free_port
from tests.servers.redis import RedisServer

ANN = "ann@example.com"


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A server of the test's own, which may be ill treated."""
    server = RedisServer()
    server.start()
    yield server
    server.close()


@pytest.fixture
async def limiter(server: RedisServer) -> AsyncIterator[RedisRateLimiter]:
    limiter = limiter_at(server.url)
    await limiter.open()
    assert not limiter.is_degraded()
    yield limiter
    await limiter.close()


@contextlib.asynccontextmanager
async def opened(url: str, budget: float = 0.05) -> AsyncIterator[RedisRateLimiter]:
    limiter = limiter_at(url, budget=budget)
    await limiter.open()
    yield limiter
    await limiter.close()


async def slowest(limiter: RedisRateLimiter, times: int) -> float:
    """The longest of so many calls, in seconds."""
    longest = 0.0
    for number in range(times):
        began = time.monotonic()
        await limiter.take(EIGHT, f"key-{number}")
        longest = max(longest, time.monotonic() - began)
    return longest


def fill_memory(server: RedisServer) -> None:
    server.command("CONFIG", "SET", "maxmemory", "1")


def free_memory(server: RedisServer) -> None:
    server.command("CONFIG", "SET", "maxmemory", "0")


async def test_a_server_that_is_away_at_start_is_found_when_it_comes() -> None:
    """REL-12: nothing fails for want of the server; the limits are a quarter meanwhile."""
    server = RedisServer()
    try:
        async with opened(server.url, budget=2) as limiter:
            assert limiter.is_degraded()
            assert limiter.problem() == "the server can't be reached"
            assert await passed(limiter, 9) == STRICT_HITS
            server.start()
            assert await until(lambda: not limiter.is_degraded()) < 10
            assert await passed(limiter, 9) == EIGHT.hits
    finally:
        server.close()


async def test_a_limiter_that_nobody_opened_finds_out_at_its_first_call() -> None:
    limiter = limiter_at(f"redis://127.0.0.1:{free_port()}")
    assert not limiter.is_degraded()
    assert await passed(limiter, 9) == STRICT_HITS
    assert limiter.is_degraded()
    await limiter.close()


async def test_a_server_killed_in_flight_costs_nobody_an_error(limiter: RedisRateLimiter, server: RedisServer) -> None:
    async def knock(key: str) -> int:
        return await passed(limiter, 40, key=key)

    knocking = [asyncio.create_task(knock(f"key-{number}")) for number in range(10)]
    await asyncio.sleep(0)
    server.kill()
    counts = await asyncio.gather(*knocking)
    assert all(STRICT_HITS <= count <= EIGHT.hits + STRICT_HITS for count in counts)
    await until(limiter.is_degraded)
    server.start()
    assert await until(lambda: not limiter.is_degraded()) < 10
    assert await passed(limiter, 9, key="new") == EIGHT.hits


async def test_an_idle_limiter_finds_the_outage_by_itself(
    limiter: RedisRateLimiter, server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    """REL-12: readiness and metrics tell the truth although no request has asked."""
    with caplog.at_level(logging.INFO, logger="bukhindor"):
        server.kill()
        assert await until(limiter.is_degraded) < 5
        server.start()
        assert await until(lambda: not limiter.is_degraded()) < 10
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert str(server.port) not in caplog.text


async def test_what_was_counted_alone_is_not_forgotten_by_the_next_outage(
    limiter: RedisRateLimiter, server: RedisServer
) -> None:
    """However often the server comes and goes, a key gets its limit once and a quarter of it for each process once."""
    counted = 0
    for _ in range(3):
        fill_memory(server)
        await until(limiter.is_degraded)
        counted += await passed(limiter, 9)
        free_memory(server)
        await until(lambda: not limiter.is_degraded())
        counted += await passed(limiter, 9)
    assert counted == EIGHT.hits + STRICT_HITS


async def test_a_server_that_stands_still_is_waited_for_three_times_and_no_more(server: RedisServer) -> None:
    """REL-12: connections stay open and nothing answers. Then an open breaker costs less than a millisecond."""
    async with opened(server.url) as limiter:
        server.freeze()
        assert await slowest(limiter, 3) < 0.3
        await until(limiter.is_degraded)
        assert await slowest(limiter, 100) < 0.05
        assert limiter.problem() == "the server does not answer in time"
        assert await passed(limiter, 9) == STRICT_HITS
        server.thaw()
        assert await until(lambda: not limiter.is_degraded()) < 10
        assert await passed(limiter, 9) == EIGHT.hits


@pytest.fixture(params=["accepts and is silent", "does not accept"])
def black_hole(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of something that listens and never answers; with a full queue, connecting hangs too."""
    with contextlib.ExitStack() as sockets:
        hole = sockets.enter_context(socket.socket())
        hole.bind(("127.0.0.1", 0))
        accepts = request.param == "accepts and is silent"
        hole.listen(100 if accepts else 0)
        for _ in range(0 if accepts else 3):
            filling = sockets.enter_context(socket.socket())
            filling.setblocking(False)
            filling.connect_ex(hole.getsockname())
        yield f"redis://127.0.0.1:{hole.getsockname()[1]}"


async def test_a_black_hole_takes_nobody_in(black_hole: str) -> None:
    """REL-12, REL-15: nobody waits longer than the budget, and every answer is the strict limit's."""
    limiter = limiter_at(black_hole, budget=0.05)
    began = time.monotonic()
    answers = await asyncio.gather(*(limiter.take(EIGHT, ANN) for _ in range(50)), return_exceptions=True)
    assert time.monotonic() - began < 0.3
    assert answers.count(None) == STRICT_HITS
    assert sum(isinstance(answer, RateLimited) for answer in answers) == 50 - STRICT_HITS
    assert await slowest(limiter, 2) < 0.3
    await until(limiter.is_degraded)
    assert await slowest(limiter, 100) < 0.05
    await limiter.close()


async def test_a_black_hole_does_not_keep_the_service_from_its_start(black_hole: str) -> None:
    """REL-12: it is degraded from the start, a second later."""
    began = time.monotonic()
    async with opened(black_hole) as limiter:
        assert time.monotonic() - began < 2
        assert limiter.is_degraded()


async def test_giving_back_and_clearing_work_during_an_outage(limiter: RedisRateLimiter, server: RedisServer) -> None:
    server.kill()
    await until(limiter.is_degraded)
    assert await passed(limiter, 9) == STRICT_HITS
    await limiter.give_back(EIGHT, ANN)
    assert await passed(limiter, 9) == 1
    await limiter.clear(EIGHT, ANN)
    assert await passed(limiter, 9) == STRICT_HITS


async def test_clearing_forgets_what_was_counted_alone_too(limiter: RedisRateLimiter, server: RedisServer) -> None:
    fill_memory(server)
    await until(limiter.is_degraded)
    assert await passed(limiter, 9) == STRICT_HITS
    free_memory(server)
    await until(lambda: not limiter.is_degraded())
    await limiter.clear(EIGHT, ANN)
    fill_memory(server)
    await until(limiter.is_degraded)
    assert await passed(limiter, 9) == STRICT_HITS


async def test_while_it_counts_alone_the_first_refusal_is_marked_too(
    limiter: RedisRateLimiter, server: RedisServer
) -> None:
    server.kill()
    await until(limiter.is_degraded)
    await passed(limiter, STRICT_HITS)
    answers = await asyncio.gather(*(limiter.take(EIGHT, ANN) for _ in range(3)), return_exceptions=True)
    assert [answer.is_first for answer in answers if isinstance(answer, RateLimited)] == [True, False, False]


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
    """A folder is where its dump belongs, and it was told to refuse writes when it can't save."""
    (server.process.folder / "dump.rdb").mkdir()
    server.command("CONFIG", "SET", "save", "3600 1")
    server.command("BGSAVE")


def stop_saving(server: RedisServer) -> None:
    server.command("CONFIG", "SET", "save", "")


@pytest.mark.parametrize(
    ("make_ill", "heal", "problem"),
    [
        pytest.param(fill_memory, free_memory, "the server is out of memory", id="OOM"),
        pytest.param(make_replica, make_primary, "the server is a replica that can't be written", id="READONLY"),
        pytest.param(
            want_replicas,
            want_no_replicas,
            "the server has too few replicas and refuses to be written",
            id="NOREPLICAS",
        ),
        pytest.param(
            forbid_scripts,
            allow_scripts,
            "the login may not run what counting takes: EVAL, EVALSHA, TIME, DEL and commands for lists",
            id="NOPERM",
        ),
        pytest.param(
            want_password, want_no_password, "the server wants a login, or refuses the one it gets", id="NOAUTH"
        ),
        pytest.param(
            fail_to_save, stop_saving, "the server can't save to its disk and refuses to be written", id="MISCONF"
        ),
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


async def test_a_wrong_password_is_told_and_not_repeated(caplog: pytest.LogCaptureFixture) -> None:
    server = RedisServer(password="right")
    server.start()
    try:
        async with opened(server.url.replace("right", "hunter2"), budget=2) as limiter:
            assert limiter.problem() == "the server wants a login, or refuses the one it gets"
            assert await passed(limiter, 9) == STRICT_HITS
            assert "hunter2" not in caplog.text
    finally:
        server.close()


async def test_a_restart_between_two_calls_is_not_even_noticed(server: RedisServer) -> None:
    """REL-13: the counts begin anew, and the connections too."""
    limiter = limiter_at(server.url)
    assert await passed(limiter, 9) == EIGHT.hits
    server.restart()
    assert await passed(limiter, 9) == EIGHT.hits
    assert not limiter.is_degraded()
    await limiter.close()


async def test_a_server_that_is_cut_off_again_and_again_leaves_no_connection_behind(server: RedisServer) -> None:
    """REL-15: what it was in the middle of is not taken for another call's answer."""
    async with opened(server.url, budget=2) as limiter:
        for round_number in range(20):
            calls = [asyncio.create_task(passed(limiter, 2, key=f"{round_number}-{n}")) for n in range(10)]
            await asyncio.sleep(0)
            server.command("CLIENT", "KILL", "TYPE", "normal")
            assert all(count == 2 for count in await asyncio.gather(*calls))
        await until(lambda: not limiter.is_degraded())
        assert limiter.connections().idle + limiter.connections().in_use <= 8
    await until(lambda: "connected_clients:1" in clients_of(server))


def clients_of(server: RedisServer) -> str:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(b"INFO clients\r\n")
        return connection.recv(4096).decode()


async def test_callers_that_go_away_disturb_nobody(limiter: RedisRateLimiter) -> None:
    calls = [asyncio.create_task(limiter.take(EIGHT, f"gone-{number}")) for number in range(30)]
    await asyncio.sleep(0.001)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    assert await passed(limiter, 9) == EIGHT.hits
    assert not limiter.is_degraded()
