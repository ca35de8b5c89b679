"""Whether the file takes writes, as the latest commit or failure has shown."""

import logging
import sqlite3
import time
from pathlib import Path

from bukhindor.adapters.sql.sqlite import statements

_log = logging.getLogger(__name__)

HOLDS_SECONDS = 30.0
"""How long a commit shows that the file takes writes."""


class WriteProof:
    """Logs the beginning and the end of an outage, not each request in it.

    `attempts` are the commits whose only purpose was this proof.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._holds_until = 0.0
        self._is_away = False
        self._changes = 0
        self.attempts = 0

    @property
    def holds(self) -> bool:
        return time.monotonic() < self._holds_until

    def attempt(self, connection: sqlite3.Connection) -> None:
        """Write something harmless, to be committed: the first page once more. Raises sqlite3.Error."""
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version = {version}")
        self.attempts += 1

    def give(self, changes: int) -> None:
        """A commit is on the disk; `changes` are all of its connection. One that wrote nothing shows nothing."""
        if changes == self._changes:
            return
        self._changes = changes
        self._holds_until = time.monotonic() + HOLDS_SECONDS
        if self._is_away:
            self._is_away = False
            _log.warning("the database takes writes again")

    def take(self, error: BaseException | None) -> None:
        """A change was not written for this error; what is not an outage proves nothing."""
        if not isinstance(error, sqlite3.Error) or not statements.is_outage(error):
            return
        self._holds_until = 0.0
        if not self._is_away:
            self._is_away = True
            _log.error("%s takes no writes: %s (SQLite: %s)", self._path, statements.reason_of(error), error)
