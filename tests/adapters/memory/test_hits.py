"""What is remembered of one key: never more than 32 entries, and never less than was counted.

DOS-08.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.adapters.memory.hits import Hits

DAY = 86_400.0
MOST_ENTRIES = 32

PAUSES = st.lists(st.floats(0, DAY / 8), min_size=1, max_size=300)


def entries(hits: Hits) -> int:
    return len(hits.pairs) // 2


@pytest.mark.parametrize("allowed", [100, 2_500])
def test_a_key_of_a_large_limit_holds_32_entries_at_most(allowed: int) -> None:
    hits = Hits("many", "ann")
    for number in range(5 * allowed):
        now = number * DAY / allowed
        hits.drop_until(now - DAY)
        hits.add(now, DAY, allowed)
        assert entries(hits) <= MOST_ENTRIES
    assert hits.total >= allowed


def test_a_small_limit_keeps_each_moment() -> None:
    hits = Hits("ten", "ann")
    moments = [1000 + number * 0.001 for number in range(MOST_ENTRIES)]
    for now in moments:
        hits.add(now, 900, MOST_ENTRIES)
    assert list(hits.pairs[::2]) == moments
    hits.drop_until(moments[4])
    assert hits.total == MOST_ENTRIES - 5
    assert hits.room_at(hits.total, 900) == moments[5] + 900


@given(PAUSES, st.integers(1, 200))
def test_within_any_window_no_more_than_the_limit_pass(pauses: list[float], allowed: int) -> None:
    hits, now, passed = Hits("any", "ann"), 0.0, list[float]()
    for pause in pauses:
        now += pause
        hits.drop_until(now - DAY)
        if hits.total < allowed:
            hits.add(now, DAY, allowed)
            passed.append(now)
        else:
            wait = hits.room_at(allowed, DAY) - now
            # The last digit of a sum of seconds may differ.
            assert 0 < wait <= DAY + 1e-6
        within = sum(moment > now - DAY for moment in passed)
        assert within <= hits.total <= allowed
        # What is remembered for too long is remembered for one slice too long.
        assert hits.total <= sum(moment > now - DAY * 32 / 31 for moment in passed)
        assert entries(hits) <= MOST_ENTRIES


@given(PAUSES, st.integers(33, 200))
def test_after_the_announced_wait_there_is_room(pauses: list[float], allowed: int) -> None:
    hits, now = Hits("many", "ann"), 0.0
    for pause in pauses:
        now += pause / 50
        hits.drop_until(now - DAY)
        if hits.total < allowed:
            hits.add(now, DAY, allowed)
    if hits.total == allowed:
        hits.drop_until(hits.room_at(allowed, DAY) - DAY)
        assert hits.total < allowed


def test_the_newest_hit_is_given_back_from_its_slice() -> None:
    hits = Hits("many", "ann")
    for _ in range(3):
        hits.add(10.0, DAY, 100)
    hits.add(10.0 + DAY / 2, DAY, 100)
    for total in (3, 2, 1, 0, 0):
        hits.take_back()
        assert hits.total == total
    assert entries(hits) == 0
    assert hits.newest < 0
