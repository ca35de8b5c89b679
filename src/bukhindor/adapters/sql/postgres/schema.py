"""The transactions that change the schema of a PostgreSQL database."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bukhindor.adapters.sql.postgres.explanation import CONNECTION_ERRORS, unusable
from bukhindor.adapters.sql.postgres.hosts import Hosts
from bukhindor.adapters.sql.postgres.url import PostgresUrl
from bukhindor.adapters.sql.schema_version import SERVICE_QUERY, VERSION_QUERY, Version

_T = TypeVar("_T")

_CONNECT_SECONDS = 5.0
# Of replicas that start together one migrates, and the others wait for it: long enough for a large database.
_TURN_SECONDS = 120
# A change of a table waits this long for those who use it, and all other users wait behind it. Then it gives up.
_LOCK_SECONDS = 2
_LOCK_FAMILY, _MIGRATIONS = 0x0B0C, 0
# Which of the version tables exist: schemas before the third do not record which programs they serve.
_VERSION_TABLES = "SELECT count(to_regclass(name)) FROM unnest(ARRAY['alembic_version', 'schema_compatibility']) name"
_QUERIES = (None, VERSION_QUERY, SERVICE_QUERY)


class PostgresEngine:
    def __init__(self, url: PostgresUrl) -> None:
        self._url = url

    def current(self) -> Version | None:
        async def read() -> Version | None:
            connection = await self._connect()
            try:
                async with connection.transaction():
                    return await version_in(connection)
            finally:
                await connection.close(timeout=_CONNECT_SECONDS)

        return self._refusing(read, "can't be read")

    @contextmanager
    def migrating(self) -> Iterator["_PostgresMigration"]:
        with asyncio.Runner() as runner:
            migration = _PostgresMigration(runner, self)
            migration.begin()
            try:
                yield migration
            except BaseException:
                migration.end(is_good=False)
                raise
            migration.end(is_good=True)

    async def _connect(self) -> Any:
        timeout = self._url.connecting_within(_CONNECT_SECONDS)
        return await Hosts(self._url).connect(timeout=timeout, statement_cache_size=0)

    def _refusing(self, work: Callable[[], Awaitable[_T]], what: str, runner: asyncio.Runner | None = None) -> _T:
        """Run it, in the event loop of `runner` or in a new one; an error becomes a sentence."""

        async def run() -> _T:
            return await work()

        try:
            return asyncio.run(run()) if runner is None else runner.run(run())
        except sa.exc.DBAPIError as error:
            said = error.orig or error
            raise unusable(self._url, said.__cause__ or said, what) from error
        except CONNECTION_ERRORS as error:
            raise unusable(self._url, error, what) from error


async def version_in(connection: Any) -> Version | None:
    """Return None for an empty database. Raises what the driver raises."""
    query = _QUERIES[await connection.fetchval(_VERSION_TABLES)]
    found = await connection.fetchrow(query) if query else None
    return None if found is None else Version(*found)


@dataclass(slots=True)
class _PostgresMigration:
    runner: asyncio.Runner
    database: PostgresEngine
    connection: AsyncConnection | None = None

    def begin(self) -> None:
        engine = create_async_engine(
            "postgresql+asyncpg://", async_creator=self.database._connect, poolclass=sa.NullPool
        )

        async def open_and_wait() -> AsyncConnection:
            connection = await engine.connect()
            await connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            await connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_TURN_SECONDS}s'")
            await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK_FAMILY}, {_MIGRATIONS})")
            await connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'")
            return connection

        self.connection = self._run(open_and_wait)

    def current(self) -> Version | None:
        found: list[Any] = []

        def read(connection: sa.Connection) -> None:
            query = _QUERIES[connection.exec_driver_sql(_VERSION_TABLES).scalar_one()]
            found.extend(connection.exec_driver_sql(query) if query else ())

        self.run(read)
        return Version(*found[0]) if found else None

    def run(self, work: Callable[[sa.Connection], None]) -> None:
        self._run(lambda: self._opened.run_sync(work))

    def end(self, *, is_good: bool) -> None:
        async def finish() -> None:
            try:
                await (self._opened.commit() if is_good else self._opened.rollback())
            finally:
                await self._opened.close()

        self._run(finish)

    @property
    def _opened(self) -> AsyncConnection:
        if self.connection is None:
            raise RuntimeError("The migration has not begun.")
        return self.connection

    def _run(self, work: Callable[[], Awaitable[_T]]) -> _T:
        return self.database._refusing(work, "can't be migrated, nothing was changed", self.runner)
