"""The transactions in which the schema of a SQLite file changes."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from bukhindor.adapters.sql.schema_version import VERSION_QUERY
from bukhindor.adapters.sql.sqlite_file import SqliteFile
from bukhindor.adapters.sql.unusable import DatabaseUnusable, SchemaError

# Long enough for another process to migrate a large database first.
_PATIENCE_SECONDS = 120.0


class SqliteDatabase:
    """Raises ValueError for an address that names no file."""

    def __init__(self, url: str) -> None:
        self._file = SqliteFile.at(url)

    def current(self) -> str | None:
        file = self._file
        if not file.path.exists():
            return None
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

    @contextmanager
    def migrating(self) -> Iterator["_SqliteMigration"]:
        file = self._file
        file.create()
        connection = file.connect(timeout=_PATIENCE_SECONDS, cache_kibibytes=8192)
        # A table that is rebuilt is dropped first, which must not take the rows that refer to it along.
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


@dataclass(frozen=True, slots=True)
class _SqliteMigration:
    database: SqliteDatabase
    transaction: sa.Connection

    def current(self) -> str | None:
        return self.database.current()

    def run(self, work: Callable[[sa.Connection], None]) -> None:
        work(self.transaction)
