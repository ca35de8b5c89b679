"""Replacing a SQLite database with a backup; the old database is kept under another name."""

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bukhindor.adapters.sql.schema_version import VERSION_QUERY, revisions
from bukhindor.adapters.sql.sqlite.backup import (
    SIDE_FILES,
    Copy,
    Progress,
    beside,
    copy_pages,
    examine,
    is_part_of,
    sync_folder,
    unfinished,
)
from bukhindor.adapters.sql.sqlite.file import LOCK_PATIENCE_SECONDS, SqliteFile
from bukhindor.adapters.sql.sqlite.statements import is_busy
from bukhindor.adapters.sql.unusable import DatabaseUnusable, SchemaError


@dataclass(frozen=True, slots=True)
class Restored:
    """The new database, where the previous one is kept (None if there was none), and which migrations the next start
    will apply.
    """

    database: Copy
    replaced: Path | None
    pending: tuple[str, ...]


def restore(
    backup: Path, database: Path, now: datetime, on_progress: Progress, patience: float = LOCK_PATIENCE_SECONDS
) -> Restored:
    """Replace the database with a copy of the backup, completely or not at all; `now` (UTC) names the kept one.

    It waits for commands that have the database open, up to twice `patience` seconds. No server can use the database
    meanwhile. Raises DatabaseInUse, SchemaError for a backup of a newer program, DatabaseUnusable, OSError.
    """
    if is_part_of(database, backup):
        message = f"{backup} belongs to the database itself: name a backup."
        raise DatabaseUnusable(message)
    with closing(_open(backup)) as source:
        pending = _pending(source, backup)
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = SqliteFile(database)
        file.own()
        try:
            with unfinished(database.parent, database.name) as copy:
                copy_pages(source, backup, copy, on_progress)
                found = examine(copy)
                _belong_to_owner_of(database if database.exists() else database.parent, copy)
                with file.alone(patience):
                    replaced = _set_aside(database, now, patience)
                    os.replace(copy, database)
                    sync_folder(database.parent)
        finally:
            file.disown()
    return Restored(Copy(database, found.size, found.revision, found.users), replaced, pending)


def _open(backup: Path) -> sqlite3.Connection:
    if not backup.is_file():
        message = f"{backup} does not exist, or is not a file."
        raise DatabaseUnusable(message)
    # A log beside it belongs to it; without one the file can lie on a read-only disk.
    mode = "mode=ro" if beside(backup, "-wal").exists() else "mode=ro&immutable=1"
    return sqlite3.connect(f"{backup.absolute().as_uri()}?{mode}", isolation_level=None, uri=True)


def _pending(source: sqlite3.Connection, backup: Path) -> tuple[str, ...]:
    known = revisions()
    try:
        found = source.execute(VERSION_QUERY).fetchone()
    except sqlite3.Error as error:
        reason = "is not a database of this program" if "no such table" in str(error) else f"can't be read: {error}"
        message = f"{backup} {reason}."
        raise DatabaseUnusable(message) from error
    if found is None:
        message = f"{backup} is not a database of this program."
        raise DatabaseUnusable(message)
    if found[0] not in known:
        message = (
            f"{backup} has schema {found[0]}, which this program does not know (it goes up to {known[-1]}): "
            "restore it with the version that made it."
        )
        raise SchemaError(message)
    return known[known.index(found[0]) + 1 :]


def _belong_to_owner_of(model: Path, file: Path) -> None:
    """A file that root restores still belongs to the user of the service."""
    if os.geteuid() == 0:
        found = model.stat()
        os.chown(file, found.st_uid, found.st_gid)


def _set_aside(database: Path, now: datetime, patience: float) -> Path | None:
    """Keep the database under another name as well. It keeps its own name until the new one replaces it, so the name
    never disappears.
    """
    aside = None
    if database.exists():
        _close_log(database, patience)
        aside = _free_name(beside(database, f".replaced-{now:%Y%m%dT%H%M%SZ}"))
        _keep(database, aside)
        if beside(database, "-wal").exists():
            _keep(beside(database, "-wal"), beside(aside, "-wal"))
    # The log of another database would destroy the new one.
    for end in SIDE_FILES:
        beside(database, end).unlink(missing_ok=True)
    sync_folder(database.parent)
    return aside


def _close_log(database: Path, patience: float) -> None:
    """Move the log into the file, so that one file contains everything; a damaged one stays unchanged.

    Raises DatabaseUnusable when another process has the file open.
    """
    try:
        connection = sqlite3.connect(database, timeout=patience, isolation_level=None)
        with closing(connection):
            connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    except sqlite3.DatabaseError as error:
        if is_busy(error):
            message = f"{database} is in use: another program has it open."
            raise DatabaseUnusable(message) from error


def _free_name(wanted: Path) -> Path:
    names = [wanted, *(beside(wanted, f"-{number}") for number in range(2, 100))]
    return next(name for name in names if not name.exists())


def _keep(file: Path, name: Path) -> None:
    try:
        os.link(file, name)
    except OSError:
        # Not every file system lets a file have two names.
        shutil.copy2(file, name)
