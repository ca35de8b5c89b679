"""An inspection of a database file for `doctor`, which changes nothing."""

import os
import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from bukhindor.adapters.sql.repositories.signing_keys import SIGNING_KEY_COLUMNS, to_signing_key
from bukhindor.adapters.sql.repositories.users import BY_EMAIL, to_user
from bukhindor.adapters.sql.schema_version import Version
from bukhindor.adapters.sql.sqlite import statements
from bukhindor.adapters.sql.sqlite.file import SqliteFile
from bukhindor.adapters.sql.sqlite.schema import version_in
from bukhindor.adapters.sql.unusable import DatabaseUnusable
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import StoreUnavailable
from bukhindor.domain.signing_key import SigningKey
from bukhindor.domain.user import User

_SAFE_BESIDE_WRITERS = (3, 51, 3)
_STEPS_BETWEEN_LOOKS_AT_THE_CLOCK = 10_000
_LONGEST_TEXT = 200

_KEYS = sa.select(*SIGNING_KEY_COLUMNS)
_MAILS = "SELECT count(*), count(failed_at) FROM outbox"


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """What the inspection found. `damage` is empty for an undamaged file and None when there was no time to check all
    of it.

    Keys, mails and `users` are read only when this program can work on the schema.
    """

    schema: Version | None
    damage: str | None
    has_server: bool
    signing_keys: tuple[SigningKey, ...] = ()
    waiting_mails: int = 0
    failed_mails: int = 0
    is_writable: bool = True
    users: tuple[User, ...] = ()


def sqlite_version() -> tuple[str, bool]:
    """The version of the library, and whether other processes may checkpoint in it while one writes."""
    return sqlite3.sqlite_version, sqlite3.sqlite_version_info >= _SAFE_BESIDE_WRITERS


def inspect(path: Path, patience: float, emails: Iterable[EmailAddress] = ()) -> DatabaseState:
    """The state of an existing database, with a server running or without one; `patience` is in seconds.

    `emails` are the addresses whose users it reads.

    Raises DatabaseUnusable.
    """
    has_server = SqliteFile(path).has_owner()
    try:
        with closing(_open(path, patience)) as connection:
            schema = version_in(connection)
            damage = _damage(connection, patience)
            if schema is None or not schema.serves_us:
                return DatabaseState(schema, damage, has_server)
            keys = tuple(map(to_signing_key, statements.fetch(connection, _KEYS, {})))
            mails, failed = connection.execute(_MAILS).fetchone()
            rows = [row for email in emails for row in statements.fetch(connection, BY_EMAIL, {"address": email.value})]
    except (sqlite3.Error, StoreUnavailable) as error:
        message = f"{path} can't be read: {_one_line(error.__cause__ or error)}."
        raise DatabaseUnusable(message) from error
    return DatabaseState(
        schema, damage, has_server, keys, mails - failed, failed, is_writable(path), tuple(map(to_user, rows))
    )


def is_writable(path: Path) -> bool:
    """Whether this process may write to the file."""
    # The system is asked: opening and closing the file would release the locks of this process's connections.
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _open(path: Path, patience: float) -> sqlite3.Connection:
    wal = path.with_name(f"{path.name}-wal")
    # Without a log no process has the file open, and SQLite need not create its log and index to read it.
    mode = "mode=ro" if wal.exists() else "mode=ro&immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", timeout=patience, isolation_level=None, uri=True)


def _damage(connection: sqlite3.Connection, patience: float) -> str | None:
    end = time.monotonic() + patience
    connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS_BETWEEN_LOOKS_AT_THE_CLOCK)
    try:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        return None if statements.error_code(error) == sqlite3.SQLITE_INTERRUPT else _one_line(error)
    finally:
        connection.set_progress_handler(None, 0)
    return "" if found == "ok" else _one_line(found)


def _one_line(text: object) -> str:
    return " ".join(str(text).split())[:_LONGEST_TEXT]
