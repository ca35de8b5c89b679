"""Whether a server drops keys to make room: it answers every call, and forgets what it has counted."""

from collections.abc import Callable


class Evictions:
    """Compares how many keys a server says it has dropped so far; `clock` tells seconds that never go back.

    The server does not say whose keys they were. While the number grows, and until it has not grown for
    `quiet_seconds`, any counter may be among them.
    """

    def __init__(self, clock: Callable[[], float], quiet_seconds: float) -> None:
        self._clock = clock
        self._quiet_seconds = quiet_seconds
        self._dropped: int | None = None
        self._grew_at = float("-inf")

    def saw(self, dropped: int) -> None:
        """What the server says now. A smaller number than before is a server that began again."""
        if self._dropped is not None and dropped > self._dropped:
            self._grew_at = self._clock()
        self._dropped = dropped

    def lost_sight(self) -> None:
        """The server was away, and the next number may be another server's."""
        self._dropped = None

    def go_on(self) -> bool:
        """Whether the number has grown within `quiet_seconds`."""
        return self._clock() - self._grew_at < self._quiet_seconds
