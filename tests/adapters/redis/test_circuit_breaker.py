"""When the breaker opens, and what closes it."""

import pytest

from bukhindor.adapters.redis.circuit_breaker import CircuitBreaker


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
def breaker(seconds: Seconds) -> CircuitBreaker:
    return CircuitBreaker(seconds, threshold=3)


def fail(breaker: CircuitBreaker, seconds: Seconds, times: int = 1) -> list[bool]:
    opened = []
    for _ in range(times):
        began = seconds.now
        seconds.now += 0.05
        opened.append(breaker.failed(began, "away"))
    return opened


def test_it_opens_with_the_third_failure_in_a_row(breaker: CircuitBreaker, seconds: Seconds) -> None:
    assert fail(breaker, seconds, 4) == [False, False, True, False]
    assert (breaker.is_open, breaker.problem) == (True, "away")


def test_a_response_in_between_restarts_the_row(breaker: CircuitBreaker, seconds: Seconds) -> None:
    for _ in range(5):
        fail(breaker, seconds, 2)
        assert breaker.is_doubtful
        breaker.succeeded()
        assert not breaker.is_doubtful
    assert not breaker.is_open


def test_failures_at_the_same_time_are_one(breaker: CircuitBreaker, seconds: Seconds) -> None:
    for _ in range(2):
        began = seconds.now
        seconds.now += 0.05
        assert [breaker.failed(began, "away") for _ in range(50)] == [False] * 50
    assert fail(breaker, seconds) == [True]


def test_only_closing_it_closes_it(breaker: CircuitBreaker, seconds: Seconds) -> None:
    fail(breaker, seconds, 3)
    breaker.succeeded()
    assert breaker.is_open
    assert breaker.close()
    assert (breaker.is_open, breaker.problem) == (False, "")
    assert not breaker.close()
    assert fail(breaker, seconds, 3) == [False, False, True]


def test_while_open_it_tells_the_newest_problem(breaker: CircuitBreaker, seconds: Seconds) -> None:
    fail(breaker, seconds, 3)
    breaker.failed(seconds.now, "out of memory")
    assert breaker.problem == "out of memory"
