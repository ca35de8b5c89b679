"""What every rate limiter does, and how exactly the one in memory counts."""

import asyncio
from datetime import timedelta

import pytest

from bukhindor.adapters.memory.no_rate_limiter import Unlimited
from bukhindor.adapters.memory.rate_limiter import MemoryRateLimiter
from bukhindor.domain.errors import RateLimited
from bukhindor.domain.rate_limit import Limit
from bukhindor.ports import RateLimiter
from tests.fakes.rate_limiter import FakeRateLimiter

THREE = Limit("three", 3, timedelta(seconds=60))
TEN = Limit("ten", 10, timedelta(minutes=15))


class Seconds:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def memory(seconds: Seconds) -> MemoryRateLimiter:
    return MemoryRateLimiter(seconds)


@pytest.fixture(params=["fake", "memory"])
def limiter(request: pytest.FixtureRequest, memory: MemoryRateLimiter) -> RateLimiter:
    return FakeRateLimiter() if request.param == "fake" else memory


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


async def test_a_cleared_key_begins_anew(limiter: RateLimiter) -> None:
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


async def test_the_window_slides_over_the_moments_themselves(memory: MemoryRateLimiter, seconds: Seconds) -> None:
    for step in (0, 20, 20):
        seconds.now += step
        await memory.take(THREE, "ann")
    seconds.now += 19.5
    assert (await refusal(memory)).retry_after == 1
    seconds.now += 0.5
    await memory.take(THREE, "ann")
    assert (await refusal(memory)).retry_after == 20


async def test_it_is_open_again_after_exactly_what_was_announced(memory: MemoryRateLimiter, seconds: Seconds) -> None:
    await fill(memory, TEN)
    seconds.now += 0.25
    refused = await refusal(memory, TEN)
    assert refused.retry_after == 900
    seconds.now += 899.5
    await refusal(memory, TEN)
    seconds.now += 0.5
    await memory.take(TEN, "ann")


async def test_refused_attempts_do_not_count(memory: MemoryRateLimiter, seconds: Seconds) -> None:
    await fill(memory)
    for _ in range(59):
        seconds.now += 1
        await refusal(memory)
    seconds.now += 1
    await fill(memory)


async def test_the_mark_of_the_first_refusal_comes_back_with_the_next_window(
    memory: MemoryRateLimiter, seconds: Seconds
) -> None:
    for _ in range(2):
        await fill(memory)
        assert [(await refusal(memory)).is_first for _ in range(2)] == [True, False]
        seconds.now += 60


async def test_no_key_is_kept_longer_than_it_matters(memory: MemoryRateLimiter, seconds: Seconds) -> None:
    for number in range(1000):
        await memory.take(THREE, f"key-{number}")
    await memory.clear(THREE, "key-5")
    assert len(memory) == 999
    seconds.now += 60
    for _ in range(500):
        await memory.clear(THREE, "new")
        await memory.take(THREE, "new")
    assert len(memory) == 1


async def test_a_key_whose_hits_were_given_back_is_swept_too(memory: MemoryRateLimiter) -> None:
    await memory.take(THREE, "ann")
    await memory.give_back(THREE, "ann")
    await memory.take(THREE, "bob")
    assert len(memory) == 1


async def test_when_full_the_flooded_limit_gives_up_its_key_idle_longest(seconds: Seconds) -> None:
    """A flood of new keys can't open another limit, nor a key that is being tried."""
    limiter = MemoryRateLimiter(seconds, max_keys=100)
    await fill(limiter, TEN, "victim")
    await fill(limiter, THREE, "tried")
    for number in range(500):
        await limiter.take(THREE, f"flood-{number}")
        await refusal(limiter, THREE, "tried")
        assert len(limiter) <= 100
    await refusal(limiter, TEN, "victim")
    await limiter.take(THREE, "flood-0")


async def test_without_limits_everything_passes() -> None:
    unlimited: RateLimiter = Unlimited()
    for _ in range(1000):
        await unlimited.take(THREE, "ann")
    await unlimited.give_back(THREE, "ann")
    await unlimited.clear(THREE, "ann")


async def test_the_fake_refuses_a_whole_limit_until_time_passes() -> None:
    fake = FakeRateLimiter()
    fake.exhaust(THREE)
    await refusal(fake)
    await fake.take(TEN, "ann")
    fake.let_time_pass()
    await fake.take(THREE, "ann")
    assert fake.taken == [("ten", "ann"), ("three", "ann")]
