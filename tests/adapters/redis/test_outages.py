"""The limiter while its server comes and goes: never open, never an error, and back by itself.

REL-12, REL-13, REL-15.
"""

import asyncio
import logging
import socket

import pytest

from bukhindor.adapters.redis.rate_limiter import RedisRateLimiter
from bukhindor.domain.errors import RateLimited
from tests.adapters.redis.limiters import EIGHT, STRICT_HITS, limiter_at, passed, started, until
from tests.servers.processes import free_port
from tests.servers.redis import RedisServer

ANN = "ann@example.com"


def fill_memory(server: RedisServer) -> None:
    server.command("CONFIG", "SET", "maxmemory", "1")


def free_memory(server: RedisServer) -> None:
    server.command("CONFIG", "SET", "maxmemory", "0")


async def test_a_server_that_is_away_at_start_is_found_when_it_comes() -> None:
    """REL-12: nothing fails because the server is missing; the limits are a quarter meanwhile."""
    server = RedisServer()
    try:
        async with started(server.url) as limiter:
            assert limiter.is_degraded()
            assert limiter.problem() == "the server can't be reached"
            assert await passed(limiter, 9) == STRICT_HITS
            server.start()
            assert await until(lambda: not limiter.is_degraded()) < 10
            assert await passed(limiter, 9) == EIGHT.hits
    finally:
        server.close()


async def test_a_limiter_that_was_not_opened_finds_out_at_its_first_call() -> None:
    limiter = limiter_at(f"redis://127.0.0.1:{free_port()}")
    assert not limiter.is_degraded()
    assert await passed(limiter, 9) == STRICT_HITS
    assert limiter.is_degraded()
    await limiter.close()


async def test_a_server_killed_in_flight_causes_no_error(limiter: RedisRateLimiter, server: RedisServer) -> None:
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
        assert await until(limiter.is_degraded) < 10
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


async def test_a_restart_between_two_calls_is_not_even_noticed(server: RedisServer) -> None:
    """REL-13: counts restart from zero, and so do the connections."""
    limiter = limiter_at(server.url)
    assert await passed(limiter, 9) == EIGHT.hits
    server.restart()
    assert await passed(limiter, 9) == EIGHT.hits
    assert not limiter.is_degraded()
    await limiter.close()


async def test_a_server_that_is_cut_off_again_and_again_leaves_no_connection_behind(server: RedisServer) -> None:
    """REL-15: what it was in the middle of is not taken for another call's answer."""
    async with started(server.url) as limiter:
        for round_number in range(20):
            calls = [asyncio.create_task(passed(limiter, 2, key=f"{round_number}-{n}")) for n in range(10)]
            await asyncio.sleep(0)
            server.command("CLIENT", "KILL", "TYPE", "normal")
            assert all(count == 2 for count in await asyncio.gather(*calls))
        await until(lambda: not limiter.is_degraded())
        assert limiter.connections().idle + limiter.connections().in_use <= 8
    await until(lambda: "connected_clients:1\r\n" in clients_of(server))


def clients_of(server: RedisServer) -> str:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(b"INFO clients\r\n")
        return connection.recv(4096).decode()


async def test_callers_that_go_away_disturb_no_other(limiter: RedisRateLimiter) -> None:
    calls = [asyncio.create_task(limiter.take(EIGHT, f"gone-{number}")) for number in range(30)]
    await asyncio.sleep(0.001)
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    assert await passed(limiter, 9) == EIGHT.hits
    assert not limiter.is_degraded()
