"""What every clock does."""

from datetime import UTC, timedelta

import pytest

from bukhindor.adapters.system.clock import SystemClock
from bukhindor.ports.system import Clock
from tests.fakes.clock import FakeClock


@pytest.mark.parametrize("clock", [SystemClock(), FakeClock()])
def test_a_clock_tells_utc(clock: Clock) -> None:
    assert clock.now().tzinfo is UTC
    assert clock.now() <= clock.now() + timedelta(seconds=1)


def test_the_fake_clock_moves_when_told() -> None:
    clock = FakeClock()
    before = clock.now()
    assert clock.now() == before
    assert clock.advance(timedelta(minutes=5)) == clock.now() == before + timedelta(minutes=5)
