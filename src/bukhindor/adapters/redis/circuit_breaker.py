"""When to stop asking a server that does not respond."""

from collections.abc import Callable


class CircuitBreaker:
    """Opens after `threshold` failures in a row, and stays open until `close`.

    Failures that overlap in time count as one: when a server stops, or this process pauses for a moment, every call
    under way fails at once, and that proves no more than one failure. `clock` gives seconds that never go back; `began`
    is its value when a call was made.
    """

    def __init__(self, clock: Callable[[], float], threshold: int) -> None:
        self._clock = clock
        self._threshold = threshold
        self._failures = 0
        self._failed_at = float("-inf")
        self.problem = ""
        """A description of the problem; empty while closed."""

    @property
    def is_open(self) -> bool:
        return bool(self.problem)

    @property
    def is_doubtful(self) -> bool:
        """Whether the newest call failed."""
        return self._failures > 0

    def succeeded(self) -> None:
        """A call got a response. A call that was made before the breaker opened does not close it."""
        if not self.is_open:
            self._failures = 0

    def failed(self, began: float, problem: str) -> bool:
        """A call got no response. Returns True when the breaker opened because of it."""
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
        """Open without waiting for further failures."""
        self.problem = problem

    def close(self) -> bool:
        """The server is back. Returns True when the breaker was open."""
        was_open, self.problem, self._failures = self.is_open, "", 0
        return was_open
