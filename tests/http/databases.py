"""Databases with all the people in them. They are let in once; each test has a database of its own after that."""

import asyncio
import re
import shutil
import sqlite3
import threading
from collections.abc import Coroutine
from contextlib import closing
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol, TypeVar
from uuid import UUID

import asyncpg

from bukhindor.adapters.sql import schema
from bukhindor.bootstrap.application import create_application
from bukhindor.config.database_url import parse_database_url
from tests.fakes.clock import FakeClock
from tests.http.service import Database, People, admit_everybody, cheap_settings
from tests.servers.postgres import PostgresServer

_T = TypeVar("_T")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
_PATIENCE_SECONDS = 30


class Databases(Protocol):
    """Where tests get their databases from, and who is in each."""

    people: People

    def lend(self, folder: Path) -> Database:
        """A database that no other test uses; `folder` is the service's own."""

    def take_back(self, database: Any) -> None:
        """The service has ended, whatever the test has left behind."""


class SqliteDatabase:
    def __init__(self, file: Path) -> None:
        self._file = file
        self.url = f"sqlite:///{file}"

    def connect(self) -> sqlite3.Connection:
        # A commit of the service that waits for a slow disk is waited for.
        return sqlite3.connect(self._file, timeout=_PATIENCE_SECONDS)

    def sql(self, statement: str, *parameters: object) -> list[Any]:
        with closing(self.connect()) as connection, connection:
            return connection.execute(statement, parameters).fetchall()

    def tables(self) -> list[str]:
        return [name for (name,) in self.sql("SELECT name FROM sqlite_master WHERE type = 'table'")]

    def stored(self) -> bytes:
        return b"".join(file.read_bytes() for file in sorted(self._file.parent.glob(f"{self._file.name}*")))

    def keep(self, copy: Path) -> None:
        """Write all that is in it to a new file, while its service runs."""
        with closing(self.connect()) as now, closing(sqlite3.connect(copy)) as kept:
            now.backup(kept)

    def put_back(self, copy: Path) -> None:
        """Take over what is in a copy, while its service runs."""
        with closing(sqlite3.connect(copy)) as kept, closing(self.connect()) as changed:
            kept.backup(changed)


class SqliteDatabases:
    """A file, copied for each test."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "bukhindor.db"
        self.people = asyncio.run(_filled(folder, f"sqlite:///{self._file}"))

    def lend(self, folder: Path) -> SqliteDatabase:
        file = folder / self._file.name
        shutil.copy(self._file, file)
        return SqliteDatabase(file)

    def put_back(self, database: Any) -> None:
        """Undo what was changed in a database since it was lent, while its service runs."""
        database.put_back(self._file)

    def take_back(self, database: SqliteDatabase) -> None:
        """It goes with the folder of the test."""


class PostgresDatabase:
    """Asked over one connection that lives in another thread, so that a test need not wait for its own event loop."""

    def __init__(self, url: str, connection: Any, thread: "LoopThread") -> None:
        self.url = url
        self.connection = connection
        self._thread = thread

    def sql(self, statement: str, *parameters: object) -> list[Any]:
        numbers = iter(range(1, len(parameters) + 1))
        query = re.sub(r"\?", lambda _: f"${next(numbers)}", statement)
        rows = self._thread.run(self.connection.fetch(query, *parameters))
        return [tuple(_as_in_sqlite(value) for value in row) for row in rows]

    def tables(self) -> list[str]:
        return [name for (name,) in self.sql(_TABLES)]

    def stored(self) -> bytes:
        content = BytesIO()
        for table in self.tables():
            self._thread.run(self.connection.copy_from_table(table, output=content, format="binary"))
        return content.getvalue()


class PostgresDatabases:
    """Clones of a template. What a test has changed is put back, which takes a hundredth of the time of a clone; a
    database for which that is not possible is replaced."""

    people: People

    def __init__(self, server: PostgresServer, folder: Path) -> None:
        self._server = server
        self._folder = folder
        self._thread = LoopThread()
        self._free: list[PostgresDatabase] = []
        self._template = self._thread.run(server.prepare_template("people", self._prepare))

    def lend(self, folder: Path) -> PostgresDatabase:
        return self._free.pop() if self._free else self._thread.run(self._clone())

    def take_back(self, database: PostgresDatabase) -> None:
        try:
            self._thread.run(database.connection.execute(self._put_back))
        except asyncpg.PostgresError:
            self._thread.run(self._give_up(database))
        else:
            self._free.append(database)

    def close(self) -> None:
        for database in self._free:
            self._thread.run(database.connection.close())
        self._thread.close()

    async def _prepare(self, url: str) -> None:
        await asyncio.to_thread(schema.upgrade, parse_database_url(url))
        self.people = await _filled(self._folder, url)
        connection = await asyncpg.connect(url)
        tables = [name for (name,) in await connection.fetch(_TABLES)]
        copies = (f"CREATE TABLE pristine.{table} AS TABLE public.{table};" for table in tables)
        await connection.execute(f"CREATE SCHEMA pristine; {''.join(copies)}")
        await connection.close()
        emptied = "".join(f"DELETE FROM public.{table};" for table in tables)
        filled = "".join(f"INSERT INTO public.{table} TABLE pristine.{table};" for table in tables)
        # Without the checks of foreign keys the order of the tables does not matter.
        self._put_back = (
            "SET lock_timeout = '5s'; SET session_replication_role = replica;"
            f"{emptied}{filled} SET session_replication_role = DEFAULT"
        )

    async def _clone(self) -> PostgresDatabase:
        name = await self._server.create_database(self._template)
        return PostgresDatabase(self._server.url(name), await self._server.connect(name), self._thread)

    async def _give_up(self, database: PostgresDatabase) -> None:
        await database.connection.close()
        await self._server.drop_database(database.url.rpartition("/")[2])


class LoopThread:
    """An event loop in a thread of its own, to wait for what is asynchronous where nothing else may go on."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE_SECONDS)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _filled(folder: Path, url: str) -> People:
    return await admit_everybody(create_application(cheap_settings(folder, url), FakeClock()))


def _as_in_sqlite(value: Any) -> Any:
    match value:
        case UUID():
            return value.hex
        case datetime():
            return (value - _EPOCH) // timedelta(microseconds=1)
        case _:
            return value
