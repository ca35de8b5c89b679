"""The transactions that change the schema of a SQLite file."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from bukhindor.adapters.sql.schema_version import SERVICE_QUERY, VERSION_QUERY, Version
from bukhindor.adapters.sql.sqlite.file import SqliteFile
from bukhindor.adapters.sql.unusable import DatabaseUnusable, SchemaError

# Long enough for another process to migrate a large database first.
_PATIENCE_SECONDS = 120.0


class SqliteEngine:
    def __init__(self, path: Path) -> None:
        self._file = SqliteFile(path)

    def current(self) -> Version | None:
        file = self._file
        if not file.path.exists():
            return None
        connection = file.connect(timeout=_PATIENCE_SECONDS, cache_kibibytes=256, read_only=True)
        try:
            return version_in(connection)
        except sqlite3.Error as error:
            message = f"{file.path} can't be read: {error}."
            raise DatabaseUnusable(message) from error
        finally:
            connection.close()

    @contextmanager
    def migrating(self) -> Iterator["_SqliteMigration"]:
        file = self._file
        file.create()
        connection = file.connect(timeout=_PATIENCE_SECONDS, cache_kibibytes=8192)
        # A table is dropped before it is rebuilt, which must not delete the rows that refer to it.
        connection.execute("PRAGMA foreign_keys = OFF")
        engine = sa.create_engine("sqlite://", creator=lambda: connection, poolclass=sa.StaticPool)
        sa.event.listen(engine, "begin", lambda begun: begun.exec_driver_sql("BEGIN IMMEDIATE"))
        try:
            with file.alone(_PATIENCE_SECONDS), engine.begin() as transaction:
                yield _SqliteMigration(self, transaction)
                if transaction.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                    message = "The migration would leave rows that refer to missing ones; nothing was changed."
                    raise SchemaError(message)
        except sa.exc.DBAPIError as error:
            message = f"{file.path} can't be migrated, nothing was changed: {error.orig}."
            raise DatabaseUnusable(message) from error
        finally:
            engine.dispose()
            connection.close()


def version_in(connection: sqlite3.Connection) -> Version | None:
    """Return None for an empty database. Raises sqlite3.Error."""
    # Schemas before the third do not record which programs they serve.
    for query in (SERVICE_QUERY, VERSION_QUERY):
        try:
            found = connection.execute(query).fetchone()
        except sqlite3.OperationalError as error:
            if "no such table" not in str(error):
                raise
        else:
            return None if found is None else Version(*map(str, found))
    return None


@dataclass(frozen=True, slots=True)
class _SqliteMigration:
    database: SqliteEngine
    transaction: sa.Connection

    def current(self) -> Version | None:
        return self.database.current()

    def run(self, work: Callable[[sa.Connection], None]) -> None:
        work(self.transaction)
