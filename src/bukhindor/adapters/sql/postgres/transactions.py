"""The store on PostgreSQL: single reads in autocommit, writes in transactions that lock what they have read."""

import asyncio
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.dml import UpdateBase

from bukhindor.adapters.sql.connection import Parameters, Row
from bukhindor.adapters.sql.postgres.errors import meaning_of
from bukhindor.adapters.sql.postgres.hosts import Connection
from bukhindor.adapters.sql.postgres.pool import Patience, PoolState, PostgresPool
from bukhindor.adapters.sql.postgres.statements import compiled
from bukhindor.adapters.sql.postgres.url import Place, PostgresUrl
from bukhindor.adapters.sql.repositories.all import ReadingScope, Repositories
from bukhindor.adapters.sql.schema_version import SERVICE_QUERY, serves
from bukhindor.domain.errors import StoreUnavailable
from bukhindor.ports.secrets import Seal

_NO_SUCH_TABLE = "42P01"
_CHECK_SECONDS = 2.0
# Our advisory locks, apart from those of other programs in the same database.
_LOCK_FAMILY = 0x0B0C
# It locks a row that no transaction changes but a migration, which does not wait for it: as long as that is possible,
# so are other writes.
_SERVICE_AND_WRITE = f"{SERVICE_QUERY} FOR KEY SHARE OF schema_compatibility"
_TAKE_TURNS = f"SELECT pg_advisory_xact_lock({_LOCK_FAMILY}, $1)"


class PostgresTransactions:
    """Connects at the first use. `seal` encrypts what must not be readable in the database."""

    def __init__(
        self,
        url: PostgresUrl,
        *,
        size: int,
        seal: Seal,
        patience: Patience | None = None,
        on_wait: Callable[[float], None] | None = None,
        on_error: Callable[[str], None] | None = None,
    ) -> None:
        self._seal = seal
        self._pool = PostgresPool(url, size, patience or Patience(), on_wait, on_error)
        self._reading = ReadingScope(_ReadConnection(self._pool), seal)
        # Long reads leave half of the connections to other requests.
        self._scanning = ReadingScope(_ScanConnection(self._pool, asyncio.Semaphore(max(1, size // 2))), seal)

    def begin(self) -> "_Transaction":
        return _Transaction(self._pool, self._seal)

    def read(self) -> ReadingScope:
        return self._reading

    def scan(self) -> ReadingScope:
        return self._scanning

    async def has_right_schema(self) -> bool:
        try:
            found = await asyncio.wait_for(_read(self._pool, _SERVICE_AND_WRITE, [], _NO_SUCH_TABLE), _CHECK_SECONDS)
        except TimeoutError as error:
            raise StoreUnavailable from error
        except StoreUnavailable as refusal:
            if getattr(refusal.__cause__, "sqlstate", None) == _NO_SUCH_TABLE:
                return False
            raise
        return len(found) == 1 and serves(*found[0])

    @property
    def place(self) -> Place:
        """The server that answers."""
        return self._pool.place

    @property
    def pool_state(self) -> PoolState:
        return self._pool.state

    async def close(self) -> None:
        await self._pool.close()

    def drop(self) -> None:
        """Do nothing: there is no connection before the first use."""


async def _read(pool: PostgresPool, sql: str, values: list[Any], expected: str = "") -> list[Any]:
    """A single read; repeated over another connection if this one broke, since reading changes nothing."""
    try:
        return await _read_once(pool, sql, values, expected)
    except StoreUnavailable as refusal:
        if refusal.__cause__ is None or not meaning_of(refusal.__cause__).may_repeat:
            raise
    return await _read_once(pool, sql, values, expected)


async def _read_once(pool: PostgresPool, sql: str, values: list[Any], expected: str) -> list[Any]:
    connection = await pool.obtain_for_reading()
    try:
        return await pool.fetch(connection, sql, values, expected)
    finally:
        if pool.is_pooled:
            await pool.roll_back(connection)
        await pool.release(connection)


class _ReadConnection:
    def __init__(self, pool: PostgresPool) -> None:
        self._pool = pool

    async def fetch(self, statement: sa.Select[Any], parameters: Parameters) -> Sequence[Row]:
        query = compiled(statement, tuple(parameters))
        return query.rows(await _read(self._pool, query.sql, query.values(parameters)))

    fetch_held = fetch

    async def take_turns(self, subject: int) -> None:
        """Do nothing: reads need no turn."""

    async def change(self, statement: UpdateBase, parameters: Parameters) -> int:
        message = "Nothing can be written outside of begin()."
        raise TypeError(message)


class _ScanConnection(_ReadConnection):
    def __init__(self, pool: PostgresPool, turns: asyncio.Semaphore) -> None:
        super().__init__(pool)
        self._turns = turns

    async def fetch(self, statement: sa.Select[Any], parameters: Parameters) -> Sequence[Row]:
        async with self._turns:
            return await super().fetch(statement, parameters)

    fetch_held = fetch


class _Transaction(Repositories):
    def __init__(self, pool: PostgresPool, seal: Seal) -> None:
        self._pool = pool
        self._seal = seal

    async def __aenter__(self) -> "_Transaction":
        self._connection = _WriteConnection(self._pool, await self._pool.begin())
        super().__init__(self._connection, self._seal)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # PostgreSQL shows the work of others only once it is safe, so there is nothing to wait for.
        await self._connection.leave()

    async def commit(self) -> None:
        await self._connection.commit()


class _WriteConnection:
    """One connection, for as long as a use case writes."""

    def __init__(self, pool: PostgresPool, connection: Connection) -> None:
        self._pool = pool
        self._connection = connection
        self._is_open = True

    async def fetch(self, statement: sa.Select[Any], parameters: Parameters) -> Sequence[Row]:
        return await self._fetch(statement, parameters, held=False)

    async def fetch_held(self, statement: sa.Select[Any], parameters: Parameters) -> Sequence[Row]:
        return await self._fetch(statement, parameters, held=True)

    async def _fetch(self, statement: sa.Select[Any], parameters: Parameters, *, held: bool) -> Sequence[Row]:
        query = compiled(statement, tuple(parameters), held=held)
        return query.rows(await self._pool.fetch(self._open_one(), query.sql, query.values(parameters)))

    async def take_turns(self, subject: int) -> None:
        await self._pool.fetch(self._open_one(), _TAKE_TURNS, [subject])

    async def change(self, statement: UpdateBase, parameters: Parameters) -> int:
        query = compiled(statement, tuple(parameters))
        return await self._pool.change(self._open_one(), query.sql, query.values(parameters))

    async def commit(self) -> None:
        connection = self._open_one()
        self._is_open = False
        await self._pool.commit(connection)

    async def leave(self) -> None:
        try:
            if self._is_open:
                self._is_open = False
                await self._pool.roll_back(self._connection)
        finally:
            await self._pool.release(self._connection)

    def _open_one(self) -> Connection:
        if not self._is_open:
            message = "A transaction can't be used after its commit."
            raise RuntimeError(message)
        return self._connection
