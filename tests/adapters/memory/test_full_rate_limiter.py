"""What the limiter in memory forgets when there are too many keys, and what it never forgets.

DOS-08.
"""

from datetime import timedelta

import pytest

from bukhindor.adapters.memory.rate_limiter import MemoryRateLimiter
from bukhindor.domain.errors import RateLimited
from bukhindor.domain.rate_limit import Limit

ONE = Limit("one", 1, timedelta(seconds=60))
TEN = Limit("ten", 10, timedelta(minutes=15))
MANY = Limit("many", 1000, timedelta(days=1))


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
def limiter(seconds: Seconds) -> MemoryRateLimiter:
    return MemoryRateLimiter(seconds, max_keys=100)


async def take(limiter: MemoryRateLimiter, limit: Limit, key: str, times: int = 1) -> None:
    for _ in range(times):
        await limiter.take(limit, key)


async def left(limiter: MemoryRateLimiter, limit: Limit, key: str) -> int:
    """How many more the key may have at this moment; they are used up by asking."""
    for passed in range(limit.hits + 1):
        try:
            await limiter.take(limit, key)
        except RateLimited:
            return passed
    raise AssertionError("no limit")


async def flood(limiter: MemoryRateLimiter, limit: Limit, count: int, times: int = 1, name: str = "flood") -> None:
    for number in range(count):
        await take(limiter, limit, f"{name}-{number}", times)
        assert len(limiter) <= 100


@pytest.mark.parametrize("flooded", [TEN, MANY], ids=["its own limit", "another limit"])
async def test_a_flood_of_new_keys_does_not_open_a_key_that_has_used_half_of_its_limit(
    limiter: MemoryRateLimiter, flooded: Limit
) -> None:
    await take(limiter, TEN, "half", 5)
    await take(limiter, TEN, "full", 10)
    await take(limiter, MANY, "half", 500)
    await flood(limiter, flooded, 1000)
    assert await left(limiter, TEN, "half") == 5
    assert await left(limiter, TEN, "full") == 0
    assert await left(limiter, MANY, "half") == 500


async def test_the_key_with_the_smallest_part_of_its_limit_goes_first(limiter: MemoryRateLimiter) -> None:
    await flood(limiter, TEN, 98, times=3)
    await take(limiter, MANY, "hardly used", 20)
    await take(limiter, TEN, "used", 4)
    await take(limiter, TEN, "newcomer", 4)
    # Twenty of a thousand are less than three of ten.
    assert await left(limiter, MANY, "hardly used") == 1000
    assert await left(limiter, TEN, "used") == 6
    assert await left(limiter, TEN, "flood-97") == 7


async def test_of_keys_that_are_as_close_the_one_counted_longest_ago_goes_first(limiter: MemoryRateLimiter) -> None:
    await flood(limiter, TEN, 100)
    await take(limiter, TEN, "flood-0")
    await limiter.give_back(TEN, "flood-0")
    await take(limiter, TEN, "newcomer")
    await take(limiter, TEN, "another")
    # The two oldest but for the one that was counted again.
    assert [await left(limiter, TEN, f"flood-{number}") for number in (0, 3, 99)] == [9, 9, 9]
    assert len(limiter) == 100


async def test_when_every_key_is_close_to_its_limit_the_flooded_limit_refuses_newcomers(
    limiter: MemoryRateLimiter, seconds: Seconds
) -> None:
    """Fail closed: if it forgot one of these keys, an attacker could go on guessing."""
    await flood(limiter, TEN, 100, times=5)
    refused = []
    for number in range(3):
        with pytest.raises(RateLimited) as refusal:
            await limiter.take(TEN, f"newcomer-{number}")
        refused.append(refusal.value)
    assert [refusal.is_first for refusal in refused] == [True, False, False]
    assert refused[0].limit == TEN
    # Then the window of the oldest key is over.
    assert refused[0].retry_after == 900
    assert [await left(limiter, TEN, f"flood-{number}") for number in (0, 50, 99)] == [5, 5, 5]
    assert len(limiter) == 100

    seconds.now += 900
    await take(limiter, TEN, "newcomer-0")
    assert len(limiter) < 100


async def test_a_flood_of_one_limit_closes_no_other(limiter: MemoryRateLimiter) -> None:
    """LGN-12: the newcomer of another limit takes the place of the oldest key of the flooded one, and keeps it."""
    await flood(limiter, TEN, 100, times=5)
    await take(limiter, MANY, "newcomer", 3)
    await take(limiter, ONE, "another")
    with pytest.raises(RateLimited):
        await limiter.take(TEN, "one more of the flood")
    assert len(limiter) == 100
    assert await left(limiter, ONE, "another") == 0
    assert [await left(limiter, TEN, f"flood-{number}") for number in (2, 99)] == [5, 5]


async def test_keys_that_are_remembered_go_on_while_newcomers_are_refused(limiter: MemoryRateLimiter) -> None:
    await flood(limiter, TEN, 100, times=5)
    await take(limiter, TEN, "flood-7")
    await limiter.clear(TEN, "flood-8")
    await take(limiter, TEN, "newcomer", 5)
    with pytest.raises(RateLimited):
        await limiter.take(TEN, "another")
    assert await left(limiter, TEN, "flood-7") == 4
    assert await left(limiter, TEN, "newcomer") == 5


async def test_a_newcomer_may_not_take_the_place_of_a_limit_of_one(limiter: MemoryRateLimiter) -> None:
    """A single hit is all of it."""
    await flood(limiter, ONE, 100)
    with pytest.raises(RateLimited):
        await limiter.take(ONE, "newcomer")
    assert await left(limiter, ONE, "flood-0") == 0


async def test_a_key_that_is_close_no_more_makes_room(limiter: MemoryRateLimiter, seconds: Seconds) -> None:
    """Its window slides although it is not asked for: half of its hits are over, and one is not."""
    for number in range(100):
        await take(limiter, TEN, f"key-{number}", 5)
    seconds.now += 600
    for number in range(100):
        await take(limiter, TEN, f"key-{number}")
    seconds.now += 600
    await take(limiter, TEN, "newcomer")
    assert len(limiter) == 100
    assert await left(limiter, TEN, "newcomer") == 9


async def test_keys_whose_window_is_over_are_dropped_before_any_other(
    limiter: MemoryRateLimiter, seconds: Seconds
) -> None:
    await flood(limiter, ONE, 50, name="short")
    await flood(limiter, MANY, 50, name="long")
    seconds.now += 60
    await flood(limiter, MANY, 50, name="new")
    assert [await left(limiter, MANY, f"long-{number}") for number in (0, 49)] == [999, 999]
    assert [await left(limiter, MANY, f"new-{number}") for number in (0, 49)] == [999, 999]


async def test_a_key_whose_hits_were_all_given_back_takes_no_room(limiter: MemoryRateLimiter) -> None:
    await take(limiter, TEN, "ann", 2)
    for _ in range(3):
        await limiter.give_back(TEN, "ann")
    assert len(limiter) == 0
    assert await left(limiter, TEN, "ann") == 10
