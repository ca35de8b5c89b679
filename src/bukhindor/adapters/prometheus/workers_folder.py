"""The folder that the workers' metrics lie in."""

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

_PREFIX = "bukhindor-metrics-"


class WorkersFolder:
    """A private folder below TMPDIR, locked as long as this process lives. Those that a killed process has left behind
    are removed. Raises OSError."""

    def __init__(self) -> None:
        place = Path(tempfile.gettempdir())
        for left in place.glob(f"{_PREFIX}*"):
            _remove_unless_locked(left)
        # Under another name until it is locked: somebody else may be looking for what is left behind.
        made = Path(tempfile.mkdtemp(prefix=f".{_PREFIX}"))
        self._lock: int | None = _lock(made)
        self.path = made.rename(place / made.name.removeprefix("."))

    def remove(self) -> None:
        """Removed again, nothing happens."""
        if self._lock is not None:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._lock)
            self._lock = None


def _lock(folder: Path) -> int:
    """The file that holds the lock. Raises OSError, also when another process holds it."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        raise
    return file


def _remove_unless_locked(folder: Path) -> None:
    with suppress(OSError):
        lock = _lock(folder)
        if os.fstat(lock).st_uid == os.geteuid():
            shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)
