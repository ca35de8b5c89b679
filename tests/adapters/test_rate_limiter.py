"""What every rate limiter does: the fake, one process's own, and the one that processes share."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from bukhindor.adapters.memory.rate_limiter import MemoryRateLimiter
from bukhindor.adapters.redis.rate_limiter import RedisRateLimiter
from bukhindor.domain.errors import RateLimited
from bukhindor.domain.rate_limit import Limit
from bukhindor.ports.system import RateLimiter
from tests.adapters.redis.limiters import ServerClock, limiter_at, opened
from tests.fakes.rate_limiter import FakeRateLimiter
from tests.servers.redis import RedisServer

THREE = Limit("three", 3, timedelta(seconds=60))
TEN = Limit("ten", 10, timedelta(minutes=15))
HUNDREDS = Limit("hundreds", 310, timedelta(hours=1))
"""Too many for a moment each."""

PassTime = Callable[[float], Awaitable[None]]
Timed = tuple[RateLimiter, PassTime]


@asynccontextmanager
async def running(limiter: RedisRateLimiter) -> AsyncIterator[RedisRateLimiter]:
    yield await opened(limiter)
    assert limiter.problem() == ""
    await limiter.close()


@pytest.fixture
async def shared(redis_server: RedisServer) -> AsyncIterator[RateLimiter]:
    redis_server.flush()
    async with running(limiter_at(redis_server.url)) as limiter:
        yield limiter


@pytest.fixture
async def timed_shared(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Timed]:
    redis_server.flush()
    clock = ServerClock(redis_server.url, monkeypatch)
    await clock.move(0)
    async with running(limiter_at(redis_server.url)) as limiter:
        yield limiter, clock.move


@pytest.fixture
def memory() -> RateLimiter:
    return MemoryRateLimiter()


@pytest.fixture
def timed_memory() -> Timed:
    now = [1000.0]

    async def pass_time(seconds: float) -> None:
        now[0] += seconds

    return MemoryRateLimiter(lambda: now[0]), pass_time


@pytest.fixture(params=["timed_memory", "timed_shared"])
def timed(request: pytest.FixtureRequest) -> Timed:
    """A limiter, and what makes its time pass."""
    limiter: Timed = request.getfixturevalue(request.param)
    return limiter


@pytest.fixture(params=["fake", "memory", "shared"])
def limiter(request: pytest.FixtureRequest) -> RateLimiter:
    if request.param == "fake":
        return FakeRateLimiter()
    limiter: RateLimiter = request.getfixturevalue(request.param)
    return limiter


async def refusal(limiter: RateLimiter, limit: Limit = THREE, key: str = "ann") -> RateLimited:
    with pytest.raises(RateLimited) as refused:
        await limiter.take(limit, key)
    return refused.value


async def fill(limiter: RateLimiter, limit: Limit = THREE, key: str = "ann") -> None:
    for _ in range(limit.hits):
        await limiter.take(limit, key)


async def test_as_many_as_the_limit_pass_and_no_more(limiter: RateLimiter) -> None:
    await fill(limiter)
    refused = await refusal(limiter)
    assert refused.limit == THREE
    assert refused.retry_after >= 1


async def test_as_many_as_a_large_limit_pass_and_no_more(limiter: RateLimiter) -> None:
    await fill(limiter, HUNDREDS)
    assert [(await refusal(limiter, HUNDREDS)).is_first for _ in range(2)] == [True, False]
    for _ in range(3):
        await limiter.give_back(HUNDREDS, "ann")
    for _ in range(3):
        await limiter.take(HUNDREDS, "ann")
    assert (await refusal(limiter, HUNDREDS)).is_first
    await limiter.clear(HUNDREDS, "ann")
    await fill(limiter, HUNDREDS)
    await refusal(limiter, HUNDREDS)


async def test_keys_and_limits_are_counted_apart(limiter: RateLimiter) -> None:
    await fill(limiter)
    await limiter.take(THREE, "bob")
    await limiter.take(TEN, "ann")
    await refusal(limiter)


async def test_of_fifty_at_once_exactly_the_limit_pass(limiter: RateLimiter) -> None:
    """LGN-10: no burst slips through."""
    answers = await asyncio.gather(*(limiter.take(TEN, "ann") for _ in range(50)), return_exceptions=True)
    assert answers.count(None) == 10
    refused = [answer for answer in answers if isinstance(answer, RateLimited)]
    assert len(refused) == 40
    assert [answer.is_first for answer in refused] == [True] + [False] * 39


async def test_what_was_given_back_may_be_taken_again(limiter: RateLimiter) -> None:
    await fill(limiter)
    await limiter.give_back(THREE, "ann")
    await limiter.take(THREE, "ann")
    await refusal(limiter)


async def test_a_cleared_key_starts_from_zero(limiter: RateLimiter) -> None:
    await fill(limiter)
    await fill(limiter, TEN)
    await limiter.clear(THREE, "ann")
    await fill(limiter)
    await refusal(limiter)
    await refusal(limiter, TEN)


async def test_an_unknown_key_may_be_given_back_and_cleared(limiter: RateLimiter) -> None:
    await limiter.give_back(THREE, "ann")
    await limiter.clear(THREE, "ann")
    await fill(limiter)
    await limiter.give_back(TEN, "ann")
    await refusal(limiter)


async def test_only_the_first_refusal_since_there_was_room_is_marked(limiter: RateLimiter) -> None:
    await fill(limiter)
    assert [(await refusal(limiter)).is_first for _ in range(3)] == [True, False, False]
    await limiter.give_back(THREE, "ann")
    await limiter.take(THREE, "ann")
    assert [(await refusal(limiter)).is_first for _ in range(2)] == [True, False]


async def test_the_window_slides_over_the_moments_themselves(timed: Timed) -> None:
    limiter, pass_time = timed
    for step in (0, 20, 20):
        await pass_time(step)
        await limiter.take(THREE, "ann")
    await pass_time(19.5)
    assert (await refusal(limiter)).retry_after == 1
    await pass_time(0.5)
    await limiter.take(THREE, "ann")
    assert (await refusal(limiter)).retry_after == 20


async def test_a_large_limit_holds_in_every_window_and_is_open_again_when_it_says(timed: Timed) -> None:
    """Hits may stay for a slice of the window longer than they have to, and never for less long."""
    limiter, pass_time = timed
    slice_seconds = 3600 / 31
    for _ in range(310):
        await limiter.take(HUNDREDS, "ann")
        await pass_time(10)
    # 3100 seconds have passed since the first one.
    await pass_time(499)
    wait = (await refusal(limiter, HUNDREDS)).retry_after
    assert 1 <= wait <= 1 + slice_seconds
    await pass_time(wait)
    passed = 0
    while await may_take(limiter, HUNDREDS):
        passed += 1
    assert 1 <= passed <= 1 + slice_seconds / 10
    assert (await refusal(limiter, HUNDREDS)).retry_after <= 2 * slice_seconds


async def may_take(limiter: RateLimiter, limit: Limit) -> bool:
    try:
        await limiter.take(limit, "ann")
    except RateLimited:
        return False
    return True


async def test_it_is_open_again_after_exactly_what_was_announced(timed: Timed) -> None:
    limiter, pass_time = timed
    await fill(limiter, TEN)
    await pass_time(0.25)
    refused = await refusal(limiter, TEN)
    assert refused.retry_after == 900
    await pass_time(899.5)
    await refusal(limiter, TEN)
    await pass_time(0.5)
    await limiter.take(TEN, "ann")


async def test_refused_attempts_do_not_count(timed: Timed) -> None:
    limiter, pass_time = timed
    await fill(limiter)
    for _ in range(59):
        await pass_time(1)
        await refusal(limiter)
    await pass_time(1)
    await fill(limiter)


async def test_the_mark_of_the_first_refusal_comes_back_with_the_next_window(timed: Timed) -> None:
    limiter, pass_time = timed
    for _ in range(2):
        await fill(limiter)
        assert [(await refusal(limiter)).is_first for _ in range(2)] == [True, False]
        await pass_time(60)


async def test_a_limiter_that_is_well_says_so(limiter: RateLimiter) -> None:
    await limiter.take(THREE, "ann")
    assert not limiter.is_degraded()


async def test_a_limit_that_was_lowered_is_kept_from_then_on(timed: Timed) -> None:
    limiter, pass_time = timed
    for _ in range(5):
        await limiter.take(TEN, "ann")
        await pass_time(10)
    lower = Limit(TEN.name, 2, TEN.window)
    assert (await refusal(limiter, lower)).retry_after == 880
    await pass_time(880)
    await limiter.take(lower, "ann")
    await refusal(limiter, lower)
