"""A SQLite database file: how it is created, opened and shared between processes."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bukhindor.adapters.sql.sqlite.file_lock import FileLock
from bukhindor.adapters.sql.unusable import DatabaseUnusable

# Shorter than the deadline of a request, so that its refusal names the cause.
LOCK_PATIENCE_SECONDS = 8.0
_LARGEST_IDLE_WAL = 64 * 1024 * 1024


class DatabaseInUse(DatabaseUnusable):
    """Another process serves from this database file."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is in use: another bukhindor server uses it. Stop that one first.")


class SqliteFile:
    """The database file, its two lock files and the settings of its connections.

    The one server holds `<name>.lock`. `<name>.checkpoint-lock` keeps checkpoints and the writes of other processes
    apart: SQLite before 3.51.3, which most systems have, can corrupt the database when one connection moves the
    write-ahead log into the file at the very moment another one begins to write. The server is safe because it writes
    and checkpoints on a single connection; it takes this lock to checkpoint. Other writers, like the command line,
    share the lock while they write.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ownership = FileLock(path.with_name(f"{path.name}.lock"))
        self._checkpoints = FileLock(path.with_name(f"{path.name}.checkpoint-lock"))

    def create(self) -> None:
        """Create what is missing of folder and file, readable by this user only; log and index get the same
        permissions.

        Raises DatabaseUnusable.
        """
        try:
            self._create()
        except OSError as error:
            message = f"{self.path} can't be made: {error.strerror}."
            raise DatabaseUnusable(message) from error

    def _create(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            if self.path.is_file() and self.path.stat().st_mode & 0o077:
                self.path.chmod(0o600)
        else:
            # Without this, a power loss could remove the whole new file.
            folder = os.open(self.path.parent, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)

    def own(self) -> None:
        """Become the one server of this file. Raises DatabaseInUse."""
        if not self._ownership.acquire():
            raise DatabaseInUse(self.path)

    def disown(self) -> None:
        self._ownership.release()

    def has_owner(self) -> bool:
        """Whether a server, of this process or another, serves from this file now."""
        return self._ownership.is_held()

    def connect(self, *, timeout: float, cache_kibibytes: int, read_only: bool = False) -> sqlite3.Connection:
        """A connection that never begins or ends a transaction by itself; `timeout` is its patience in seconds.

        Raises DatabaseUnusable.
        """
        try:
            connection = sqlite3.connect(
                self.path, timeout=timeout, isolation_level=None, check_same_thread=False, cached_statements=256
            )
            with ExitStack() as unless_usable:
                unless_usable.callback(connection.close)
                self._configure(connection, cache_kibibytes, read_only)
                unless_usable.pop_all()
        except sqlite3.Error as error:
            message = f"{self.path} can't be opened: {error}."
            raise DatabaseUnusable(message) from error
        return connection

    def _configure(self, connection: sqlite3.Connection, cache_kibibytes: int, read_only: bool) -> None:
        if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
            # The file keeps this setting, so it happens once in its life.
            with self.alone():
                connection.execute("PRAGMA journal_mode = WAL")
        for setting in (
            "wal_autocheckpoint = 0",
            "synchronous = FULL",
            "fullfsync = ON",
            "checkpoint_fullfsync = ON",
            "foreign_keys = ON",
            f"journal_size_limit = {_LARGEST_IDLE_WAL}",
            f"cache_size = -{cache_kibibytes}",
            f"query_only = {'ON' if read_only else 'OFF'}",
        ):
            connection.execute(f"PRAGMA {setting}")

    def share_writing(self, timeout: float = 0.0) -> bool:
        """Whether this process may write beside the server now: no process checkpoints until `end_writing`."""
        return self._checkpoints.acquire(shared=True, timeout=timeout)

    def end_writing(self) -> None:
        self._checkpoints.release()

    @contextmanager
    def checkpointing(self, timeout: float = 0.0) -> Iterator[bool]:
        """Whether no other process writes; none begins while this lasts."""
        obtained = self._checkpoints.acquire(timeout=timeout)
        try:
            yield obtained
        finally:
            if obtained:
                self._checkpoints.release()

    @contextmanager
    def alone(self, timeout: float = LOCK_PATIENCE_SECONDS) -> Iterator[None]:
        """Wait for other writers to finish, and keep all others out. Raises DatabaseUnusable."""
        with self.checkpointing(timeout) as obtained:
            if not obtained:
                message = f"{self.path} is in use: another process has been writing for {timeout:.0f} seconds."
                raise DatabaseUnusable(message)
            yield
