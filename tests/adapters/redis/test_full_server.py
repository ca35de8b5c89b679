"""A server that is full: it refuses to count, or it drops counts to make room, by its maxmemory-policy.

REL-12, REL-17.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis

from bukhindor.adapters.prometheus.meter import UNCOUNTED_REASONS
from bukhindor.adapters.redis.evictions import Evictions
from bukhindor.adapters.redis.failures import EVICTING, REASONS, problem_of, reason_of
from bukhindor.adapters.redis.rate_limiter import RedisRateLimiter
from bukhindor.domain.errors import RateLimited
from tests.adapters.redis.limiters import EIGHT, STRICT_HITS, limiter_at, opened, passed, until
from tests.adapters.redis.test_outages import fill_memory, free_memory
from tests.servers.redis import RedisServer

ANN = "ann@example.com"
_ROOM = 512 * 1024


@pytest.fixture
def dropping() -> Iterator[RedisServer]:
    """A server that drops the keys that were used longest ago when it is full."""
    server = RedisServer(settings={"maxmemory-policy": "allkeys-lru"})
    server.start()
    yield server
    server.close()


@pytest.fixture
def uncounted() -> Counter[str]:
    return Counter()


class Seconds:
    """A monotonic clock that is moved by hand: the machine may stand still for longer than a server has to be quiet."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
async def watched(dropping: RedisServer, uncounted: Counter[str], seconds: Seconds) -> AsyncIterator[RedisRateLimiter]:
    limiter = await opened(
        limiter_at(dropping.url, clock=seconds, on_uncounted=lambda reason: uncounted.update([reason]))
    )
    yield limiter
    await limiter.close()


async def drop_keys(server: RedisServer) -> None:
    """Another client fills the server, so that it drops what was there before."""
    async with Redis.from_url(server.url) as client:
        used = int((await client.info("memory"))["used_memory"])
        await client.config_set("maxmemory", used + _ROOM)
        before = int((await client.info("stats"))["evicted_keys"])
        for number in range(400):
            await client.set(f"another program's:{number}", b"x" * 4096)
        assert int((await client.info("stats"))["evicted_keys"]) > before


async def test_a_full_server_is_found_out_although_it_still_lets_go_of_keys(server: RedisServer) -> None:
    """Sign-ins that succeed count and clear in turns, and only the first of both needs memory."""
    limiter = limiter_at(server.url, probe_seconds=3600)
    await limiter.take(EIGHT, ANN)
    fill_memory(server)
    for _ in range(3):
        assert not limiter.is_degraded()
        await limiter.take(EIGHT, ANN)
        await limiter.clear(EIGHT, ANN)
    assert limiter.problem() == "the server is out of memory"
    await limiter.close()


async def test_calls_that_a_full_server_does_not_count_are_reported_with_the_reason(
    server: RedisServer, uncounted: Counter[str]
) -> None:
    limiter = await opened(limiter_at(server.url, on_uncounted=lambda reason: uncounted.update([reason])))
    assert await passed(limiter, 9) == EIGHT.hits
    assert not uncounted

    fill_memory(server)
    await until(limiter.is_degraded)
    assert await passed(limiter, 9, key="new") == STRICT_HITS
    assert uncounted == {"out_of_memory": 9}

    free_memory(server)
    assert await until(lambda: not limiter.is_degraded()) < 10
    assert await passed(limiter, 9, key="another") == EIGHT.hits
    assert uncounted == {"out_of_memory": 9}
    await limiter.close()


async def test_a_server_that_drops_keys_is_as_good_as_none_until_it_drops_no_more(
    watched: RedisRateLimiter,
    dropping: RedisServer,
    uncounted: Counter[str],
    seconds: Seconds,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A flood of keys must not give an attacker a new count with each dropped key."""
    assert await passed(watched, 9) == EIGHT.hits
    await drop_keys(dropping)
    assert await until(watched.is_degraded) < 10
    assert watched.problem() == EVICTING
    assert "maxmemory-policy noeviction" in caplog.text
    assert await passed(watched, 9) == STRICT_HITS
    assert uncounted["evicting"] == 9

    dropping.command("CONFIG", "SET", "maxmemory", "0")

    def is_well_after_a_while() -> bool:
        seconds.now += 1
        return not watched.is_degraded()

    await until(is_well_after_a_while)
    assert await passed(watched, 9, key="new") == EIGHT.hits
    # Once for the outage, however many keys were dropped.
    assert caplog.text.count("drops keys") == 1


async def test_an_evicting_policy_alone_is_no_outage(watched: RedisRateLimiter, dropping: RedisServer) -> None:
    dropping.command("CONFIG", "SET", "maxmemory", "100mb")
    assert await passed(watched, 9) == EIGHT.hits
    await asyncio.gather(*(passed(watched, 1, key=f"key-{number}") for number in range(100)))
    assert not watched.is_degraded()


async def test_a_login_that_may_not_ask_what_was_dropped_counts_all_the_same(server: RedisServer) -> None:
    server.command("ACL", "SETUSER", "default", "-info")
    limiter = await opened(limiter_at(server.url))
    assert await passed(limiter, 9) == EIGHT.hits
    with pytest.raises(RateLimited):
        await limiter.take(EIGHT, ANN)
    assert not limiter.is_degraded()
    await limiter.close()


def test_only_growth_says_that_keys_are_dropped(seconds: Seconds) -> None:
    evictions = Evictions(seconds, 60)
    for dropped, going_on in [(7, False), (7, False), (8, True), (8, True)]:
        evictions.saw(dropped)
        assert evictions.go_on() is going_on
    seconds.now += 59
    evictions.saw(9)
    seconds.now += 59
    assert evictions.go_on()
    seconds.now += 1
    assert not evictions.go_on()
    # The server began again, or another one answers.
    for dropped in (0, 0):
        evictions.saw(dropped)
    evictions.lost_sight()
    evictions.saw(500)
    assert not evictions.go_on()


def test_every_reason_has_a_place_among_the_metrics() -> None:
    assert sorted(REASONS) == sorted(UNCOUNTED_REASONS)
    assert reason_of(problem_of(RuntimeError())) == "unreachable"
    assert reason_of("the server is still loading its data") == "refused"
