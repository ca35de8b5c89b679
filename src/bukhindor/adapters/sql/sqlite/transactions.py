"""The embedded store: one SQLite file, read inline on the event loop, written by one connection."""

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.dml import UpdateBase

from bukhindor.adapters.sql.connection import Parameters, Row
from bukhindor.adapters.sql.repositories.all import ReadingScope, Repositories
from bukhindor.adapters.sql.schema_version import SERVICE_QUERY, serves
from bukhindor.adapters.sql.sqlite import statements
from bukhindor.adapters.sql.sqlite.file import LOCK_PATIENCE_SECONDS, SqliteFile
from bukhindor.adapters.sql.sqlite.group_commit import TURN_LIMIT_SECONDS, GroupCommit, Turn
from bukhindor.domain.errors import BukhindorError, StoreUnavailable, Unavailable
from bukhindor.ports.secrets import Seal

# A reader waits only while another process repairs the log after a crash; the whole service waits with it.
_INLINE_PATIENCE_SECONDS = 1.0
_CHECK_SECONDS = 2.0


class SqliteTransactions:
    """Opens the file at once and raises DatabaseUnusable when it can't. Close it in the event loop that used it.

    The server opens as owner: it alone moves the log into the file, and a second one raises DatabaseInUse. Without
    ownership the store works beside a server or alone. A use case that keeps its turn to write for `turn_limit` seconds
    is rolled back; the store waits `lock_patience` seconds for the lock of another process. `seal` encrypts what must
    not be readable in the file.
    """

    def __init__(
        self,
        path: Path,
        *,
        owner: bool,
        seal: Seal,
        turn_limit: float = TURN_LIMIT_SECONDS,
        lock_patience: float = LOCK_PATIENCE_SECONDS,
    ) -> None:
        self._seal = seal
        self._file = SqliteFile(path)
        self._file.create()
        if owner:
            self._file.own()
        try:
            self._writer = GroupCommit(self._file, is_owner=owner, turn_limit=turn_limit, lock_patience=lock_patience)
            self._inline = self._file.connect(timeout=_INLINE_PATIENCE_SECONDS, cache_kibibytes=16384, read_only=True)
            self._aside = self._file.connect(timeout=LOCK_PATIENCE_SECONDS, cache_kibibytes=4096, read_only=True)
        except BaseException:
            self._file.disown()
            raise
        self._scanner = ThreadPoolExecutor(1, "sqlite-scan")
        self._reading = ReadingScope(_InlineConnection(self._inline), seal)
        self._scanning = ReadingScope(_AsideConnection(self._aside, self._scanner), seal)

    def begin(self) -> "_Transaction":
        return _Transaction(self._writer, self._seal)

    def read(self) -> ReadingScope:
        return self._reading

    def scan(self) -> ReadingScope:
        return self._scanning

    async def has_right_schema(self) -> bool:
        try:
            found: list[tuple[str, str]] = self._inline.execute(SERVICE_QUERY).fetchall()
        except sqlite3.Error as error:
            if "no such table" in str(error):
                return False
            raise StoreUnavailable(reason=statements.reason_of(error)) from error
        if len(found) != 1 or not serves(*found[0]):
            return False
        if not self._writer.proof.holds:
            try:
                await asyncio.wait_for(self._prove_writing(), _CHECK_SECONDS)
            except TimeoutError as error:
                reason = statements.LOCKED if self._writer.is_locked else "its disk does not answer"
                raise StoreUnavailable(reason=reason) from error
        return True

    @property
    def place(self) -> None:
        """No server: it is a file."""

    async def _prove_writing(self) -> None:
        turn = await self._writer.enter()
        try:
            self._writer.proof.attempt(self._writer.connection_for(turn))
            await self._writer.commit(turn)
        except sqlite3.Error as error:
            self._writer.note_failure(error)
            raise StoreUnavailable(reason=statements.reason_of(error)) from error
        finally:
            self._writer.leave(turn)

    @property
    def writes(self) -> int:
        """How many use cases were written to the disk."""
        return self._writer.writes

    @property
    def commits(self) -> int:
        """How often the store waited for the disk; many writes can share a commit."""
        return self._writer.commits

    async def close(self) -> None:
        """Finish the commits under way and release the file; the last process to close it empties the log."""
        self._close_readers()
        await self._writer.close()
        self._file.disown()

    def drop(self) -> None:
        """Release a file where nothing was read or written."""
        self._close_readers()
        self._writer.drop()
        self._file.disown()

    def _close_readers(self) -> None:
        self._aside.interrupt()
        self._scanner.shutdown(cancel_futures=True)
        self._aside.close()
        self._inline.close()


class _Transaction(Repositories):
    def __init__(self, writer: GroupCommit, seal: Seal) -> None:
        self._writer = writer
        self._seal = seal

    async def __aenter__(self) -> "_Transaction":
        self._turn = await self._writer.enter()
        super().__init__(_WriterConnection(self._writer, self._turn), self._seal)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        is_refusal = isinstance(error, BukhindorError) and not isinstance(error, Unavailable)
        if error is None or is_refusal:
            await self._writer.leave_safely(self._turn)
        else:
            self._writer.leave(self._turn)

    async def commit(self) -> None:
        await self._writer.commit(self._turn)


class _TakingNoTurns:
    async def take_turns(self, subject: int) -> None:
        """Do nothing: the writer is alone."""


class _ReadOnlyConnection(_TakingNoTurns):
    async def change(self, statement: UpdateBase, parameters: Parameters) -> int:
        message = "Nothing can be written outside of begin()."
        raise TypeError(message)


class _InlineConnection(_ReadOnlyConnection):
    """Reads on the event loop's thread: a hop to another one costs ten times the read."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def fetch(self, statement: sa.Select[Any], parameters: Parameters) -> list[Row]:
        return statements.fetch(self._connection, statement, parameters)

    fetch_held = fetch


class _AsideConnection(_ReadOnlyConnection):
    """Reads in a thread of its own, one after the other."""

    def __init__(self, connection: sqlite3.Connection, thread: ThreadPoolExecutor) -> None:
        self._connection = connection
        self._thread = thread

    async def fetch(self, statement: sa.Select[Any], parameters: Parameters) -> list[Row]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, statements.fetch, self._connection, statement, parameters)

    fetch_held = fetch


class _WriterConnection(_TakingNoTurns):
    """The writing connection, for as long as one use case has its turn."""

    def __init__(self, writer: GroupCommit, turn: Turn) -> None:
        self._writer = writer
        self._turn = turn

    async def fetch(self, statement: sa.Select[Any], parameters: Parameters) -> list[Row]:
        connection = self._writer.connection_for(self._turn)
        try:
            return statements.fetch(connection, statement, parameters)
        except Exception as error:
            self._writer.note_failure(error)
            raise

    fetch_held = fetch

    async def change(self, statement: UpdateBase, parameters: Parameters) -> int:
        connection = self._writer.connection_for(self._turn)
        try:
            return statements.change(connection, statement, parameters)
        except Exception as error:
            self._writer.note_failure(error)
            raise
