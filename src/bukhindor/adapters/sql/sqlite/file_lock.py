"""Locks between processes, each on a file of its own that is never replaced."""

import os
import sys
import time
from pathlib import Path

if sys.platform != "win32":
    import fcntl

_POLL_SECONDS = 0.005


class FileLock:
    """An advisory lock that ends with the process, no matter how that ends.

    It never touches the database file itself: closing any descriptor of that file would drop SQLite's own locks.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self, *, shared: bool = False, timeout: float = 0.0) -> bool:
        """Whether the lock was obtained within `timeout` seconds. A shared lock excludes only exclusive ones."""
        if sys.platform == "win32":
            message = "An SQLite database needs the file locks of Linux, macOS or BSD."
            raise OSError(message)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + timeout
        while True:
            try:
                fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    os.close(descriptor)
                    return False
                time.sleep(_POLL_SECONDS)
            else:
                self._descriptor = descriptor
                return True

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def is_held(self) -> bool:
        """Whether a process holds the lock exclusively now. The file is not created."""
        if sys.platform == "win32":
            return False
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            # A shared lock, released at once: another process that checks at the same moment does not see this check.
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False
