"""What the shared limiter keeps in the server, and how several processes count together."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from bukhindor.adapters.redis.rate_limiter import RedisRateLimiter
from bukhindor.domain.errors import RateLimited
from bukhindor.domain.rate_limit import Limit
from tests.adapters.redis.limiters import EIGHT, ServerClock, age, limiter_at, opened, passed
from tests.servers.redis import RedisServer

ADDRESS = "ann@example.com"
TEN = Limit("ten", 10, timedelta(minutes=15))


@pytest.fixture
async def limiters(redis_server: RedisServer) -> AsyncIterator[list[RedisRateLimiter]]:
    """Two processes over one server."""
    redis_server.flush()
    built = [await opened(limiter_at(redis_server.url)) for _ in range(2)]
    yield built
    assert [limiter.problem() for limiter in built] == ["", ""]
    for limiter in built:
        await limiter.close()


@pytest.fixture
async def server(redis_server: RedisServer) -> AsyncIterator["Redis"]:
    async with Redis.from_url(redis_server.url, decode_responses=True) as client:
        yield client


async def kept(server: "Redis") -> list[str]:
    """The keys of everything that was counted; the limiters' own looking after the server is left out."""
    return [str(key) for key in await server.keys("*") if ":probe:" not in str(key)]


async def test_of_fifty_at_once_over_two_processes_exactly_the_limit_pass(limiters: list[RedisRateLimiter]) -> None:
    """LGN-10: no burst slips through, wherever it goes."""
    attempts = (limiters[number % 2].take(TEN, ADDRESS) for number in range(50))
    answers = await asyncio.gather(*attempts, return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, RateLimited)]
    assert (answers.count(None), len(refused)) == (10, 40)
    assert [answer.is_first for answer in refused].count(True) == 1


async def test_what_one_process_counted_another_gives_back_and_clears(limiters: list[RedisRateLimiter]) -> None:
    one, other = limiters
    assert await passed(one, 9) == 8
    await other.give_back(EIGHT, ADDRESS)
    assert await passed(one, 2) == 1
    await other.clear(EIGHT, ADDRESS)
    assert await passed(one, 9) == 8


async def test_no_address_is_in_the_server(limiters: list[RedisRateLimiter], server: "Redis") -> None:
    await limiters[0].take(EIGHT, ADDRESS)
    (key,) = await kept(server)
    assert re.fullmatch(r"bukhindor:limit:eight:[0-9a-f]{32}", key)
    assert all(moment.isdigit() for moment in await server.lrange(key, 0, -1))


async def test_the_same_address_has_another_key_for_each_limit_and_each_secret(
    limiters: list[RedisRateLimiter], redis_server: RedisServer, server: "Redis"
) -> None:
    elsewhere = limiter_at(redis_server.url, secret=b"the secret of another installation")
    await limiters[0].take(EIGHT, ADDRESS)
    await limiters[0].take(TEN, ADDRESS)
    await elsewhere.take(EIGHT, ADDRESS)
    await elsewhere.close()
    assert len({key.rpartition(":")[2] for key in await kept(server)}) == 3


async def test_a_key_is_no_longer_than_the_limit_and_goes_by_itself(
    limiters: list[RedisRateLimiter], server: "Redis"
) -> None:
    short = Limit("short", 8, timedelta(minutes=1))
    for _ in range(50):
        await passed(limiters[0], 1)
        await passed(limiters[0], 1, short)
    places = {key.split(":")[2]: key for key in await kept(server)}
    assert [await server.llen(places[name]) for name in ("eight", "short")] == [9, 9]
    assert 0 < await server.pttl(places["eight"]) <= 901_000
    assert 0 < await server.pttl(places["short"]) <= 61_000


async def test_a_key_of_a_large_limit_holds_no_more_than_about_64_entries(
    redis_server: RedisServer, server: "Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    """DOS-08: a limit of thousands in a day; the clock is set back now and then, too."""
    redis_server.flush()
    clock = ServerClock(redis_server.url, monkeypatch)
    await clock.move(0)
    limiter = limiter_at(redis_server.url)
    large = Limit("large", 2_500, timedelta(days=1))
    key, longest = "", 0
    for number in range(400):
        await clock.move(-60 if number % 100 == 99 else 86_400 / 200)
        for _ in range(5):
            await limiter.take(large, ADDRESS)
        (key,) = [key for key in await kept(server) if "large" in key]
        longest = max(longest, await server.llen(key))
    assert longest <= 64
    assert re.fullmatch(r"bukhindor:slices:large:[0-9a-f]{32}", key)
    entries = await server.lrange(key, 0, -1)
    # A thousand hits a day were counted, and what has left the window is gone.
    assert 1000 <= sum(int(str(entry).partition(":")[2]) for entry in entries) <= 1000 + 5 * 8
    assert 0 < await server.pttl(key) <= 86_401_000
    await limiter.close()


async def test_a_clock_set_back_does_not_hold_a_large_limit_for_longer_than_its_window(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REL-16"""
    redis_server.flush()
    clock = ServerClock(redis_server.url, monkeypatch)
    limiter = limiter_at(redis_server.url)
    large = Limit("large", 100, timedelta(minutes=15))
    for _ in range(10):
        await clock.move(20)
        for _ in range(10):
            await limiter.take(large, ADDRESS)
    await clock.move(-3600)
    with pytest.raises(RateLimited) as refused:
        await limiter.take(large, ADDRESS)
    # The first ten of a hundred came three minutes before the last ones.
    assert refused.value.retry_after == 900 - 180
    await clock.move(900 - 180)
    assert await passed(limiter, 20, large, ADDRESS) == 10
    await limiter.close()


async def test_a_key_that_was_given_back_leaves_nothing(limiters: list[RedisRateLimiter], server: "Redis") -> None:
    await limiters[0].take(EIGHT, ADDRESS)
    await limiters[0].give_back(EIGHT, ADDRESS)
    assert await kept(server) == []


async def test_a_window_is_over_when_the_server_s_own_clock_says_so(
    limiters: list[RedisRateLimiter], redis_server: RedisServer
) -> None:
    assert await passed(limiters[0], 8) == 8
    await age(redis_server.url, 840)
    with pytest.raises(RateLimited) as refused:
        await limiters[1].take(EIGHT, ADDRESS)
    assert 1 <= refused.value.retry_after <= 60
    await age(redis_server.url, 60)
    assert await passed(limiters[1], 9) == 8


async def test_a_clock_set_back_makes_no_wait_longer_than_the_window(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REL-16: the server's clock goes back by an hour, or another server with another clock takes over."""
    redis_server.flush()
    clock = ServerClock(redis_server.url, monkeypatch)
    limiter = limiter_at(redis_server.url)
    for _ in range(8):
        await clock.move(10)
        await limiter.take(EIGHT, ADDRESS)
    await clock.move(-3600)
    with pytest.raises(RateLimited) as refused:
        await limiter.take(EIGHT, ADDRESS)
    # The first of eight came seventy seconds before the last one.
    assert refused.value.retry_after == 900 - 70
    await clock.move(900 - 70)
    assert await passed(limiter, 2) == 1
    await limiter.close()


async def test_a_restarted_server_gets_its_scripts_again(limiters: list[RedisRateLimiter], server: "Redis") -> None:
    await limiters[0].take(EIGHT, ADDRESS)
    await server.script_flush()
    await limiters[0].give_back(EIGHT, ADDRESS)
    await server.script_flush()
    assert await passed(limiters[0], 9) == 8


async def test_after_a_flush_counts_restart_from_zero(
    limiters: list[RedisRateLimiter], redis_server: RedisServer
) -> None:
    """REL-13: the counts are lost, and nothing else."""
    assert await passed(limiters[0], 9) == 8
    redis_server.flush()
    assert await passed(limiters[0], 9) == 8


async def test_connections_are_few_and_told(limiters: list[RedisRateLimiter]) -> None:
    limiter = limiters[0]
    await asyncio.gather(*(limiter.take(Limit("many", 200, timedelta(minutes=1)), ADDRESS) for _ in range(200)))
    connections = limiter.connections()
    assert 1 <= connections.idle + connections.in_use <= 8


async def test_a_server_behind_a_unix_socket_counts_too() -> None:
    server = RedisServer(password="p@ss/word", settings={"unixsocket": "redis.sock"})
    try:
        server.start()
        limiter = await opened(limiter_at(f"unix://:p%40ss%2Fword@{server.process.folder}/redis.sock?db=3"))
        assert await passed(limiter, 9) == 8
        assert not limiter.is_degraded()
        await limiter.close()
    finally:
        server.close()
