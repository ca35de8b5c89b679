"""A store whose calls of the database are parts of traces. Without traces nothing of this is in between."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from functools import cache
from types import TracebackType
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.util import find_tables

from bukhindor.adapters.sql.connection import Connection, Parameters, Row
from bukhindor.adapters.sql.repositories.all import ReadingScope, Repositories
from bukhindor.ports.secrets import Seal
from bukhindor.ports.system import DatabaseTracer


class SqlTransaction(Protocol):
    @property
    def connection(self) -> Connection:
        """What the repositories use."""

    @property
    def seal(self) -> Seal:
        """What encrypts for them."""

    async def commit(self) -> None:
        """See Transaction."""


class SqlStore(Protocol):
    """See Transactions."""

    def begin(self) -> AbstractAsyncContextManager[SqlTransaction]: ...
    def read(self) -> ReadingScope: ...
    def scan(self) -> ReadingScope: ...
    async def has_right_schema(self) -> bool: ...
    @property
    def place(self) -> tuple[str, int] | None:
        """Host and port of the server that answers; None for a file."""


class TracedTransactions:
    """The port Transactions, over another one. The waits for a connection, a turn and the disk are parts of the calls
    that wait for them.
    """

    def __init__(self, store: SqlStore, tracer: DatabaseTracer) -> None:
        self._store = store
        self._tracer = tracer
        self._reading, self._scanning = (
            ReadingScope(_TracedConnection(scope.connection, tracer, takes_turns=False), scope.seal)
            for scope in (store.read(), store.scan())
        )

    def begin(self) -> "_TracedTransaction":
        # In a file there is one writer at a time: its turn comes with BEGIN.
        return _TracedTransaction(self._store.begin(), self._tracer, takes_turns=self._store.place is not None)

    def read(self) -> ReadingScope:
        return self._reading

    def scan(self) -> ReadingScope:
        return self._scanning

    async def has_right_schema(self) -> bool:
        with self._tracer.call("SELECT", "alembic_version", "schema_compatibility"):
            return await self._store.has_right_schema()


class _TracedTransaction(Repositories):
    def __init__(
        self, transaction: AbstractAsyncContextManager[SqlTransaction], tracer: DatabaseTracer, *, takes_turns: bool
    ) -> None:
        self._scope = transaction
        self._tracer = tracer
        self._takes_turns = takes_turns
        self._has_ended = False

    async def __aenter__(self) -> "_TracedTransaction":
        with self._tracer.call("BEGIN"):
            self._transaction = await self._scope.__aenter__()
        connection = _TracedConnection(self._transaction.connection, self._tracer, takes_turns=self._takes_turns)
        super().__init__(connection, self._transaction.seal)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._has_ended:
            await self._scope.__aexit__(kind, error, trace)
        else:
            with self._tracer.call("ROLLBACK"):
                await self._scope.__aexit__(kind, error, trace)

    async def commit(self) -> None:
        self._has_ended = True
        with self._tracer.call("COMMIT"):
            await self._transaction.commit()


class _TracedConnection:
    def __init__(self, connection: Connection, tracer: DatabaseTracer, *, takes_turns: bool) -> None:
        self._connection = connection
        self._tracer = tracer
        self._takes_turns = takes_turns

    async def fetch(self, statement: sa.Select[Any], parameters: Parameters) -> Sequence[Row]:
        with self._tracer.call(*_command_and_tables(statement)):
            return await self._connection.fetch(statement, parameters)

    async def fetch_held(self, statement: sa.Select[Any], parameters: Parameters) -> Sequence[Row]:
        with self._tracer.call(*_command_and_tables(statement)):
            return await self._connection.fetch_held(statement, parameters)

    async def take_turns(self, subject: int) -> None:
        if self._takes_turns:
            with self._tracer.call("SELECT"):
                await self._connection.take_turns(subject)

    async def change(self, statement: UpdateBase, parameters: Parameters) -> int:
        with self._tracer.call(*_command_and_tables(statement)):
            return await self._connection.change(statement, parameters)


@cache
def _command_and_tables(statement: sa.Select[Any] | UpdateBase) -> tuple[str, ...]:
    """Of the statement itself, and not of those within it; in the order of its text."""
    if isinstance(statement, sa.Select):
        tables = [table for source in statement.get_final_froms() for table in find_tables(source)]
        return ("SELECT", *dict.fromkeys(str(table) for table in tables))
    return (statement.__visit_name__.upper(), str(statement.table))
