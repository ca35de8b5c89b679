"""What the limiter in memory keeps, and the limiters that have no time or no limits."""

from datetime import timedelta

import pytest

from bukhindor.adapters.memory.no_rate_limiter import Unlimited
from bukhindor.adapters.memory.rate_limiter import MemoryRateLimiter
from bukhindor.domain.errors import RateLimited
from bukhindor.domain.rate_limit import Limit
from bukhindor.ports.system import RateLimiter
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


async def refusal(limiter: RateLimiter, limit: Limit = THREE, key: str = "ann") -> RateLimited:
    with pytest.raises(RateLimited) as refused:
        await limiter.take(limit, key)
    return refused.value


async def fill(limiter: RateLimiter, limit: Limit = THREE, key: str = "ann") -> None:
    for _ in range(limit.hits):
        await limiter.take(limit, key)


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


async def test_each_of_several_processes_allows_its_part(seconds: Seconds) -> None:
    limiters = [MemoryRateLimiter(seconds, processes=4) for _ in range(4)]
    for limiter in limiters:
        for _ in range(3):
            await limiter.take(TEN, "ann")
        await refusal(limiter, TEN)
    one = MemoryRateLimiter(seconds, processes=100)
    await one.take(TEN, "ann")
    await refusal(one, TEN)
