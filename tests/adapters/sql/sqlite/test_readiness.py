"""A store is ready only while its file takes writes: a commit shows it, and an idle store makes one now and then."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bukhindor.adapters.sql.sqlite import write_proof
from bukhindor.adapters.sql.sqlite.transactions import SqliteTransactions
from bukhindor.domain.errors import StoreUnavailable
from tests.adapters.keeping import keep
from tests.adapters.sql.sqlite.test_checkpoints import ENOUGH_FOR_A_CHECKPOINT, log_of
from tests.makers import make_user


@contextmanager
def read_only(store: SqliteTransactions) -> Iterator[None]:
    connection = store._writer._connection
    connection.execute("PRAGMA query_only = 1")
    yield
    connection.execute("PRAGMA query_only = 0")


async def reason_of(store: SqliteTransactions) -> str:
    with pytest.raises(StoreUnavailable) as refusal:
        await store.has_right_schema()
    return refusal.value.reason


@pytest.fixture
def waiting(sqlite: SqliteTransactions, monkeypatch: pytest.MonkeyPatch) -> SqliteTransactions:
    """A store where a commit proves nothing about the next moment."""
    monkeypatch.setattr(write_proof, "HOLDS_SECONDS", 0.0)
    return sqlite


async def test_a_file_that_is_read_only_is_not_ready_until_it_takes_writes(
    sqlite: SqliteTransactions, caplog: pytest.LogCaptureFixture
) -> None:
    with read_only(sqlite):
        assert await reason_of(sqlite) == "its file or folder is read-only"
        assert await reason_of(sqlite) == "its file or folder is read-only"
    assert await sqlite.has_right_schema()
    levels = [record.levelno for record in caplog.records]
    assert levels == [logging.ERROR, logging.WARNING]
    assert "its file or folder is read-only" in caplog.text


async def test_a_refused_write_ends_the_proof_of_an_earlier_one(sqlite: SqliteTransactions) -> None:
    await keep(sqlite, make_user())
    with read_only(sqlite):
        assert await sqlite.has_right_schema()
        with pytest.raises(StoreUnavailable):
            await keep(sqlite, make_user())
        assert await reason_of(sqlite) == "its file or folder is read-only"


async def test_a_full_file_is_not_ready(sqlite: SqliteTransactions, caplog: pytest.LogCaptureFixture) -> None:
    await keep(sqlite, make_user())
    connection = sqlite._writer._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreUnavailable) as refusal:
        await keep(sqlite, *(make_user() for _ in range(500)))
    assert refusal.value.reason == "its disk is full"
    assert "its disk is full" in caplog.text


async def test_a_file_that_another_process_keeps_locked_is_not_ready_within_two_seconds(
    waiting: SqliteTransactions, database: Path
) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        assert await reason_of(waiting) == "another process keeps it locked"
        assert time.monotonic() - began < 4
        other.execute("ROLLBACK")
    assert await waiting.has_right_schema()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (sqlite3.SQLITE_FULL, "its disk is full"),
        (sqlite3.SQLITE_READONLY_DIRECTORY, "its file or folder is read-only"),
        (sqlite3.SQLITE_IOERR_FSYNC, "its disk fails to read or write"),
        (sqlite3.SQLITE_CANTOPEN_FULLPATH, "its files can't be opened"),
        (sqlite3.SQLITE_BUSY_RECOVERY, "another process keeps it locked"),
        (sqlite3.SQLITE_CORRUPT_VTAB, "its file is damaged"),
    ],
)
async def test_each_cause_has_its_own_sentence(
    sqlite: SqliteTransactions, monkeypatch: pytest.MonkeyPatch, code: int, reason: str
) -> None:
    error = sqlite3.OperationalError("not written")
    error.sqlite_errorcode = code
    monkeypatch.setattr(sqlite._writer, "_commit", failing(error))
    assert await reason_of(sqlite) == reason


def failing(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


async def test_an_idle_store_writes_once_in_thirty_seconds(sqlite: SqliteTransactions) -> None:
    assert write_proof.HOLDS_SECONDS == 30
    for _ in range(50):
        assert await sqlite.has_right_schema()
    assert sqlite.commits == 1


async def test_a_busy_store_writes_nothing_for_its_readiness(sqlite: SqliteTransactions) -> None:
    await keep(sqlite, make_user())
    await asyncio.gather(*(sqlite.has_right_schema() for _ in range(50)))
    assert sqlite.commits == 1


async def test_an_idle_store_keeps_its_log_small(waiting: SqliteTransactions, database: Path) -> None:
    sizes = []
    for _ in range(3):
        for _ in range(ENOUGH_FOR_A_CHECKPOINT):
            assert await waiting.has_right_schema()
        sizes.append(log_of(database).stat().st_size)
    assert sizes[-1] <= sizes[0] < 4_000_000
