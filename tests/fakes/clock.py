"""A clock that stands still until it is moved."""

from datetime import datetime, timedelta

from tests.makers import T0


class FakeClock:
    def __init__(self, now: datetime = T0) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, step: timedelta) -> datetime:
        """Move on (or back) and return the new present."""
        self._now += step
        return self._now
