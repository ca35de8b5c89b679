"""Connections to PostgreSQL: the driver's own pool, with a time limit for every wait."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import asyncpg

from bukhindor.adapters.sql.postgres.errors import Condemned, is_full, meaning_of, refusal_for
from bukhindor.adapters.sql.postgres.explanation import unusable
from bukhindor.adapters.sql.postgres.hosts import Connection, Hosts
from bukhindor.adapters.sql.postgres.outages import Outages
from bukhindor.adapters.sql.postgres.url import Place, PostgresUrl
from bukhindor.domain.errors import StoreUnavailable

_log = logging.getLogger(__name__)

_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"
_PAUSE_AT_A_FULL_SERVER = 0.025
# A connection that turns read-only within this time after it was opened leads where another new one would lead.
_NEW_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds. A request gets its response within `obtain` and `answer`, no matter what the server or the network does.

    `obtain` is for a free connection, a new one included; `statement` and `lock` are the server's own limits, and
    `answer` is ours, for a server that can't be heard. `idle` ends a transaction whose program has stopped in the
    middle of it.
    """

    obtain: float = 2.0
    answer: float = 2.8
    statement: float = 2.5
    lock: float = 2.0
    idle: float = 5.0

    @property
    def settings(self) -> dict[str, str]:
        """The server's settings, in milliseconds."""
        return {
            "statement_timeout": str(round(self.statement * 1000)),
            "lock_timeout": str(round(self.lock * 1000)),
            "idle_in_transaction_session_timeout": str(round(self.idle * 1000)),
        }


@dataclass(frozen=True, slots=True)
class PoolState:
    """How many connections there are, what they do, and how many there may be."""

    in_use: int
    idle: int
    limit: int


class _Session(asyncpg.Connection):  # type: ignore[misc]
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.opened_at = time.monotonic()

    def get_reset_query(self) -> str:
        """Nothing: no statement of ours changes a session, and resetting it would cost each request a round trip."""
        return ""


class PostgresPool:
    """Opens at the first use, in the event loop of that use. `on_wait` gets each wait for a connection in seconds,
    `on_error` a name for each error: timeout, conflict, lock, connection, read_only, refused.

    A connection that was opened before an error that condemns all of them is replaced before its next use.
    """

    def __init__(
        self,
        url: PostgresUrl,
        size: int,
        patience: Patience,
        on_wait: Callable[[float], None] | None = None,
        on_error: Callable[[str], None] | None = None,
    ) -> None:
        self._url = url
        self._size = size
        self._patience = patience
        self._on_wait = on_wait
        self._outages = Outages(on_error)
        self._pool: Any = None
        self._opening = asyncio.Lock()
        self._condemned_until = 0.0
        self._hosts = Hosts(url)
        # Behind a pooler a session's settings would be another client's.
        self._local = "".join(f"; SET LOCAL {name} = {value}" for name, value in patience.settings.items())

    @property
    def is_pooled(self) -> bool:
        """Whether a pooler is in between: then nothing happens outside a transaction. A connection shows it."""
        return self._hosts.is_pooled

    @property
    def place(self) -> Place:
        return self._hosts.place

    @property
    def state(self) -> PoolState:
        if self._pool is None:
            return PoolState(0, 0, self._size)
        idle = self._pool.get_idle_size()
        return PoolState(self._pool.get_size() - idle, idle, self._size)

    async def obtain(self) -> Connection:
        """Obtain a connection, to be given back with `release`. Raises StoreUnavailable."""
        pool = self._pool or await self._open()
        while pool.get_idle_size():
            # Without a time limit, because nothing has to be awaited, and the limit would cost a task.
            connection = await self._watched(None, pool.acquire)
            if connection.opened_at > self._condemned_until:
                return connection
            _cut(connection)
        began = time.perf_counter()
        try:
            return await self._wait_for_one(pool, began + self._patience.obtain)
        finally:
            if self._on_wait is not None:
                self._on_wait(time.perf_counter() - began)

    async def _wait_for_one(self, pool: Any, end: float) -> Connection:
        """A new connection, or one that becomes free before `end`: a server that accepts no more is no reason to give
        up while we have some.
        """
        while True:
            try:
                connection = await self._watched(None, pool.acquire, timeout=end - time.perf_counter())
                if connection.opened_at > self._condemned_until:
                    return connection
                _cut(connection)
                continue
            except StoreUnavailable as refusal:
                has_time = time.perf_counter() + _PAUSE_AT_A_FULL_SERVER < end
                if not (has_time and is_full(refusal.__cause__) and pool.get_size()):
                    raise
            await asyncio.sleep(_PAUSE_AT_A_FULL_SERVER)

    async def begin(self) -> Connection:
        """A connection in a new transaction. One that broke while idle is replaced: nothing is lost with it."""
        try:
            return await self._begin_once()
        except StoreUnavailable as refusal:
            if refusal.__cause__ is None or not meaning_of(refusal.__cause__).may_repeat:
                raise
        return await self._begin_once()

    async def _begin_once(self) -> Connection:
        connection = await self.obtain()
        await self._begin_on(connection)
        return connection

    async def obtain_for_reading(self) -> Connection:
        """A connection for a single read; by way of a pooler in a transaction. Raises StoreUnavailable."""
        connection = await self.obtain()
        if self.is_pooled:
            await self._begin_on(connection)
        return connection

    async def _begin_on(self, connection: Connection) -> None:
        try:
            await self._run_simple(connection, _BEGIN + self._local if self.is_pooled else _BEGIN)
        except BaseException:
            await self.release(connection)
            raise

    async def commit(self, connection: Connection) -> None:
        """Raises StoreUnavailable also when the outcome is unknown."""
        if await self._run_simple(connection, "COMMIT") != "COMMIT":
            # The server undoes a transaction with a failed statement, and reports it this way.
            raise StoreUnavailable

    async def roll_back(self, connection: Connection) -> None:
        """Nothing is left of the transaction, even if the server can't be reached."""
        if _is_gone(connection):
            return
        try:
            await self._run_simple(connection, "ROLLBACK")
        except StoreUnavailable:
            _cut(connection)

    async def fetch(self, connection: Connection, sql: str, values: list[Any], expected: str = "") -> list[Any]:
        """Raises StoreUnavailable, WriteConflict. An error with the code `expected` is no outage."""
        found: list[Any] = await self._watched(connection, connection.fetch, sql, *values, expected=expected)
        return found

    async def change(self, connection: Connection, sql: str, values: list[Any]) -> int:
        """The number of rows. Raises StoreUnavailable, WriteConflict, UniqueViolation."""
        status: str = await self._watched(connection, connection.execute, sql, *values)
        return int(status.rpartition(" ")[2])

    async def release(self, connection: Connection) -> None:
        try:
            await self._pool.release(connection)
        except Exception as error:
            _log.warning("a database connection was not given back in order: %s", error)

    async def close(self) -> None:
        """Wait for the work under way, however long it may take, and close all connections."""
        if self._pool is None:
            return
        try:
            await asyncio.wait_for(self._pool.close(), self._patience.obtain + self._patience.answer)
        except (TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            self._pool.terminate()

    async def _open(self) -> Any:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    connect=self._hosts.connect,
                    min_size=0,
                    max_size=self._size,
                    connection_class=_Session,
                    timeout=self._url.connecting_within(self._patience.obtain, at_most=self._patience.obtain),
                    command_timeout=self._patience.answer,
                    statement_cache_size=512,
                    server_settings=self._patience.settings,
                )
        return self._pool

    async def _run_simple(self, connection: Connection, sql: str) -> str:
        status: str = await self._watched(connection, connection.execute, sql)
        return status

    async def _watched(
        self,
        connection: Connection | None,
        work: Callable[..., Any],
        *arguments: Any,
        expected: str = "",
        **options: Any,
    ) -> Any:
        """Run it; a connection that an error condemns is cut."""
        try:
            # Called in here: a connection that broke since its last response raises before anything is awaited.
            result = await work(*arguments, **options)
        except BaseException as error:
            if connection is not None:
                self._condemn(connection, meaning_of(error).condemned)
            refusal = refusal_for(error)
            if isinstance(refusal, StoreUnavailable):
                refusal.explanation = str(unusable(self._url, error))
                if not expected or getattr(error, "sqlstate", "") != expected:
                    self._outages.failed(error, refusal, is_served=self._has_some_of_a_full_server(error))
            if refusal is error:
                raise
            raise refusal from error
        if connection is not None:
            self._outages.answered()
        return result

    def _condemn(self, connection: Connection, condemned: Condemned) -> None:
        now = time.monotonic()
        if condemned is Condemned.ALL:
            self._condemned_until = now
        elif condemned is Condemned.OLDER:
            self._condemned_until = max(self._condemned_until, now - _NEW_SECONDS)
        if condemned in (Condemned.THIS, Condemned.ALL) or _opened_at(connection) <= self._condemned_until:
            _cut(connection)

    def _has_some_of_a_full_server(self, error: BaseException) -> bool:
        return is_full(error) and bool(self._pool.get_size())


# The driver's pool has already taken back a connection that broke by itself; every call on it raises.


def _is_gone(connection: Connection) -> bool:
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:
        return True


def _opened_at(connection: Connection) -> float:
    return 0.0 if _is_gone(connection) else float(connection.opened_at)


def _cut(connection: Connection) -> None:
    with suppress(asyncpg.InterfaceError):
        connection.terminate()
