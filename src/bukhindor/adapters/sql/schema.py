"""Bringing a database's schema up and down. Each call is one transaction: it happens as a whole or not at all."""

import re
import sqlite3
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa

from bukhindor.adapters.sql.schema_version import MIGRATIONS, VERSION_QUERY, VERSIONS, revisions
from bukhindor.adapters.sql.sqlite_file import DatabaseUnusable, SqliteFile

# Long enough for another process to migrate a large database first.
_PATIENCE_SECONDS = 120.0


class SchemaError(DatabaseUnusable):
    """The schema can't be changed as asked; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class SchemaStatus:
    """The database's revision (None when it is empty), the program's, and what lies between, oldest first."""

    current: str | None
    head: str
    pending: tuple[str, ...]


def status(url: str) -> SchemaStatus:
    """Where the database stands; a missing file is an empty database and stays missing.

    Raises SchemaError when the database was written by a newer program, DatabaseUnusable when the file can't be read
    or written, ValueError for an address that names no file.
    """
    file = SqliteFile.at(url)
    return _status_of(_current(file) if file.path.exists() else None)


def upgrade(url: str) -> list[str]:
    """Make the schema the one this program needs; the revisions that were applied, oldest first. Raises as `status`.

    Of several processes that start together one migrates; the others wait for it and find nothing to do.
    """
    pending = status(url).pending
    if pending:
        with _migrating(url) as (connection, before):
            pending = before.pending
            _migrate(connection, "upgrade", before.head)
    return list(pending)


def downgrade(url: str, steps: int = 1) -> list[str]:
    """Undo the newest `steps` migrations; the revisions that were undone, newest first. Raises as `status`."""
    with _migrating(url) as (connection, before):
        applied = [revision for revision in revisions() if revision not in before.pending]
        undone = applied[::-1][:steps]
        remaining = applied[: len(applied) - len(undone)]
        _migrate(connection, "downgrade", remaining[-1] if remaining else "base")
    return undone


def new(name: str, versions: Path = VERSIONS) -> Path:
    """Write an empty migration after the newest one; the path of its file."""
    from alembic import command, config  # noqa: PLC0415

    newest = max((int(file.name[:4]) for file in versions.glob("[0-9]*_*.py")), default=0)
    configuration = config.Config(cmd_opts=Namespace(quiet=True))
    _configure(configuration)
    configuration.set_main_option("version_locations", _option(versions))
    message = re.sub(r"\W+", " ", name).strip()
    command.revision(configuration, message, rev_id=f"{newest + 1:04}")
    return next(versions.glob(f"{newest + 1:04}_*.py"))


def _current(file: SqliteFile) -> str | None:
    connection = file.connect(timeout=_PATIENCE_SECONDS, cache_kibibytes=256, read_only=True)
    try:
        found = connection.execute(VERSION_QUERY).fetchone()
    except sqlite3.Error as error:
        if "no such table" in str(error):
            return None
        message = f"{file.path} can't be read: {error}."
        raise DatabaseUnusable(message) from error
    finally:
        connection.close()
    return None if found is None else str(found[0])


def _status_of(current: str | None) -> SchemaStatus:
    known = revisions()
    if current is not None and current not in known:
        message = (
            f"The database has schema {current}, which this program does not know (it goes up to {known[-1]}). "
            "A newer version has used it: run that one, or restore a backup."
        )
        raise SchemaError(message)
    return SchemaStatus(current, known[-1], tuple(known[0 if current is None else known.index(current) + 1 :]))


@contextmanager
def _migrating(url: str) -> Iterator[tuple[sa.Connection, SchemaStatus]]:
    file = SqliteFile.at(url)
    file.create()
    connection = file.connect(timeout=_PATIENCE_SECONDS, cache_kibibytes=8192)
    # A table that is rebuilt is dropped first, which must not take the rows that refer to it along.
    connection.execute("PRAGMA foreign_keys = OFF")
    engine = sa.create_engine("sqlite://", creator=lambda: connection, poolclass=sa.StaticPool)
    sa.event.listen(engine, "begin", lambda begun: begun.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with file.alone(_PATIENCE_SECONDS), engine.begin() as transaction:
            yield transaction, _status_of(_current(file))
            if transaction.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                message = "The migration would leave rows that refer to missing ones; nothing was changed."
                raise SchemaError(message)
    except sa.exc.DBAPIError as error:
        message = f"{file.path} can't be migrated, nothing was changed: {error.orig}."
        raise DatabaseUnusable(message) from error
    finally:
        engine.dispose()
        connection.close()


def _migrate(connection: sa.Connection, direction: Literal["upgrade", "downgrade"], target: str) -> None:
    # The migration tool costs megabytes and tenths of seconds, and is needed when something is to migrate only.
    from alembic import command, config  # noqa: PLC0415

    configuration = config.Config(attributes={"connection": connection})
    _configure(configuration)
    if direction == "upgrade":
        command.upgrade(configuration, target)
    else:
        command.downgrade(configuration, target)


def _configure(configuration: Any) -> None:
    configuration.set_main_option("script_location", _option(MIGRATIONS))
    configuration.set_main_option("path_separator", "newline")
    configuration.set_main_option("file_template", "%%(rev)s_%%(slug)s")


def _option(path: Path) -> str:
    return str(path).replace("%", "%%")
