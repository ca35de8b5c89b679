"""Whether a moment was long because of what was asked, or because this machine did something else."""

import threading
import time
from typing import Self

_BEAT_SECONDS = 0.02
_LATE_SECONDS = 0.05
# No wait of the service for its database ends sooner than after two.
_EXCUSE_SECONDS = 1.0


class Pulse:
    """Notices when this process stands still, as on a machine that is too busy, or frozen for a moment.

    A thread of its own wakes up again and again, and tells how late it was. The event loop would not do: what keeps
    that one busy is what stories look for.
    """

    def __init__(self) -> None:
        self._stops: list[tuple[float, float]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="pulse", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def stood_still(self, began: float, ended: float) -> float:
        """For how many seconds between two moments of the monotonic clock; ask after the end."""
        return sum(max(0.0, min(ended, end) - max(began, start)) for start, end in self._stops)

    def excuses(self, began: float, ended: float) -> bool:
        """Whether the service may have given up because this machine stood still; ask after the end."""
        return self.stood_still(began, ended) > _EXCUSE_SECONDS

    def _beat(self) -> None:
        while not self._over.is_set():
            due = time.monotonic() + _BEAT_SECONDS
            self._over.wait(_BEAT_SECONDS)
            now = time.monotonic()
            if now - due > _LATE_SECONDS:
                self._stops.append((due, now))
