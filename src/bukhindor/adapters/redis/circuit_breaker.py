"""When to stop asking a server that does not answer."""

from collections.abc import Callable


class CircuitBreaker:
    """Opens after `threshold` failures one after the other, and stays open until it is closed.

    Failures that overlap in time are one failure: when a server stops, or this process stands still for a moment,
    everything under way fails at once, and that says no more than one of them. `clock` tells seconds that never go
    back; `began` is what it told when a call was made.
    """

    def __init__(self, clock: Callable[[], float], threshold: int) -> None:
        self._clock = clock
        self._threshold = threshold
        self._failures = 0
        self._failed_at = float("-inf")
        self.problem = ""
        """What is wrong, in words; empty while closed."""

    @property
    def is_open(self) -> bool:
        return bool(self.problem)

    @property
    def is_doubtful(self) -> bool:
        """Whether the newest call failed."""
        return self._failures > 0

    def succeeded(self) -> None:
        """A call was answered. One that was made before the breaker opened does not close it."""
        if not self.is_open:
            self._failures = 0

    def failed(self, began: float, problem: str) -> bool:
        """A call was not answered; True when the breaker opened by this."""
        if self.is_open:
            self.problem = problem
            return False
        if began < self._failed_at:
            return False
        self._failed_at = self._clock()
        self._failures += 1
        if self._failures < self._threshold:
            return False
        self.open(problem)
        return True

    def open(self, problem: str) -> None:
        """Without waiting for further failures."""
        self.problem = problem

    def close(self) -> bool:
        """The server is back; True when the breaker was open."""
        was_open, self.problem, self._failures = self.is_open, "", 0
        return was_open
