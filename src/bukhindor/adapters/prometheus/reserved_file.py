"""Files of metrics whose place on the disk is there before it is written to."""

import os
import sys
from contextlib import suppress

from prometheus_client.mmap_dict import MmapedDict

_FIRST_BYTES = 1 << 16
# What the library puts around a name: its length, padding, value and time.
_AROUND_A_NAME = 4 + 8 + 16


class ReservedFile(MmapedDict):
    """The library's own files have holes. To write into one when the disk is full ends the process with SIGBUS; here
    it is an OSError, and what was there stays as it was.

    A file is never seen empty under its name, so that whoever reads it finds a beginning.
    """

    def __init__(self, filename: str) -> None:
        if not os.path.exists(filename):
            _make(filename)
        super().__init__(filename)  # type: ignore[no-untyped-call]

    def _init_value(self, key: str) -> None:
        before = capacity = self._capacity
        while self._used + len(key.encode()) + _AROUND_A_NAME > capacity:
            capacity *= 2
        if capacity > before:
            _reserve(self._f.fileno(), capacity)
        try:
            super()._init_value(key)  # type: ignore[no-untyped-call]
        except OSError:
            # The library believes that it has what it could not map.
            self._capacity = before
            raise


def _make(filename: str) -> None:
    new = f"{filename}.new"
    file = os.open(new, os.O_CREAT | os.O_RDWR | os.O_TRUNC, 0o600)
    try:
        _reserve(file, _FIRST_BYTES)
        os.replace(new, filename)
    except OSError:
        with suppress(OSError):
            os.unlink(new)
        raise
    finally:
        os.close(file)


def _reserve(file: int, size: int) -> None:
    # There macOS has another call, which Python does not know.
    if sys.platform != "darwin":
        os.posix_fallocate(file, 0, size)
