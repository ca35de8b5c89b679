"""A copy of a SQLite database as one complete file, taken while a server writes to it."""

import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bukhindor.adapters.sql.schema_version import VERSION_QUERY
from bukhindor.adapters.sql.sqlite.file import LOCK_PATIENCE_SECONDS, SqliteFile
from bukhindor.adapters.sql.unusable import DatabaseUnusable

SIDE_FILES = ("-wal", "-shm", "-journal")
"""The endings of the files that SQLite keeps beside a database file."""

_PAGES_AT_ONCE = 256

Progress = Callable[[int, int], None]
"""Called repeatedly with how many pages are copied, and of how many."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A complete database file: its size in bytes, its schema, and how many accounts it contains."""

    path: Path
    size: int
    revision: str
    users: int


def back_up(database: Path, target: Path, on_progress: Progress) -> Copy:
    """Write the database of this moment to `target`, which is replaced if it exists, and only by a complete copy.

    No writer of the database waits; what is committed from now on is not in the copy. The file is readable by this user
    only (0600), and on the disk when this returns. Raises DatabaseUnusable, OSError.
    """
    if not database.is_file():
        message = f"{database} does not exist: there is nothing to back up."
        raise DatabaseUnusable(message)
    if is_part_of(database, target):
        message = f"{target} belongs to the database itself: name another file."
        raise DatabaseUnusable(message)
    if not target.parent.is_dir():
        message = f"{target.parent} is not a folder: make it first, or name another one."
        raise DatabaseUnusable(message)
    source = SqliteFile(database).connect(timeout=LOCK_PATIENCE_SECONDS, cache_kibibytes=256, read_only=True)
    with closing(source), unfinished(target.parent, target.name) as copy:
        copy_pages(source, database, copy, on_progress)
        found = examine(copy)
        os.replace(copy, target)
        sync_folder(target.parent)
    return Copy(target, found.size, found.revision, found.users)


def is_part_of(database: Path, other: Path) -> bool:
    """Whether `other` is the database file or one of those that belong to it, by any name or link."""
    parts = [database, *(beside(database, end) for end in (*SIDE_FILES, ".lock", ".checkpoint-lock"))]
    return any(part.exists() and other.exists() and part.samefile(other) for part in parts) or (
        other.resolve() in [part.resolve() for part in parts]
    )


def beside(database: Path, end: str) -> Path:
    """The file whose name is the database's plus `end`."""
    return database.with_name(f"{database.name}{end}")


@contextmanager
def unfinished(folder: Path, name: str) -> Iterator[Path]:
    """A new file (0600) in this folder, for the caller to rename; it and the files beside it are removed at the end."""
    path = folder / f".{name}.{secrets.token_hex(4)}.part"
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield path
    finally:
        for end in ("", *SIDE_FILES):
            beside(path, end).unlink(missing_ok=True)


def copy_pages(source: sqlite3.Connection, name: Path, target: Path, on_progress: Progress) -> None:
    """Copy what `source`, which reads `name`, sees at this moment, and wait until the disk has it.

    Raises DatabaseUnusable.
    """
    try:
        with closing(sqlite3.connect(target, isolation_level=None)) as copy:
            # One wait for the disk at the end is enough: until then the file does not have its name.
            copy.execute("PRAGMA synchronous = OFF")
            # Without a transaction around it each write of another process would restart the copy.
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_master").fetchone()
            source.backup(
                copy, pages=_PAGES_AT_ONCE, progress=lambda _, remaining, total: on_progress(total - remaining, total)
            )
            source.execute("ROLLBACK")
            # A file in this mode is complete without a log, and can be read from a read-only disk.
            copy.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        message = f"{name} can't be copied to {target.parent}: {error}."
        raise DatabaseUnusable(message) from error
    with target.open("rb") as written:
        os.fsync(written.fileno())


def examine(path: Path) -> Copy:
    """Verify a file that no other process uses. Raises DatabaseUnusable for a damaged or a foreign one."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            (damage,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            revision = connection.execute(VERSION_QUERY).fetchone()
            (users,) = connection.execute("SELECT count(*) FROM users").fetchone()
    except sqlite3.Error as error:
        reason = "it is not a database of this program" if "no such table" in str(error) else str(error)
        message = f"The copy can't be used: {reason}."
        raise DatabaseUnusable(message) from error
    if damage != "ok" or revision is None:
        damage = " ".join(str(damage).split()) if damage != "ok" else "it has no schema"
        message = f"The copy can't be used: {damage}."
        raise DatabaseUnusable(message)
    return Copy(path, path.stat().st_size, str(revision[0]), users)


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the names of the files in it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
