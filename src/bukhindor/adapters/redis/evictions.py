"""Whether a server drops keys to make room: such a server responds to every call, but forgets counts."""

from collections.abc import Callable


class Evictions:
    """Compares how many keys a server reports to have dropped so far; `clock` gives seconds that never go back.

    The server does not report whose keys they were. While the number grows, and until it has not grown for
    `quiet_seconds`, any counter may be among them.
    """

    def __init__(self, clock: Callable[[], float], quiet_seconds: float) -> None:
        self._clock = clock
        self._quiet_seconds = quiet_seconds
        self._dropped: int | None = None
        self._grew_at = float("-inf")

    def saw(self, dropped: int) -> None:
        """Record the server's present number. A smaller number than before means that the server restarted."""
        if self._dropped is not None and dropped > self._dropped:
            self._grew_at = self._clock()
        self._dropped = dropped

    def lost_sight(self) -> None:
        """The server was away, and the next number may come from another server."""
        self._dropped = None

    def go_on(self) -> bool:
        """Whether the number has grown within `quiet_seconds`."""
        return self._clock() - self._grew_at < self._quiet_seconds
