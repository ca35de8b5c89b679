"""The log moves into the file, at the right moments only."""

import sqlite3
from contextlib import closing
from pathlib import Path

from bukhindor.adapters.sql.sqlite.file import SqliteFile
from bukhindor.adapters.sql.sqlite.transactions import SqliteTransactions
from tests.adapters.keeping import keep
from tests.adapters.sql.sqlite.test_durability import is_sound, users_in
from tests.fakes.seal import FakeSeal
from tests.makers import make_user

ENOUGH_FOR_A_CHECKPOINT = 600


def log_of(database: Path) -> Path:
    return database.with_name(f"{database.name}-wal")


async def register(store: SqliteTransactions, count: int) -> None:
    for _ in range(0, count, 50):
        await keep(store, *(make_user() for _ in range(50)))


async def test_the_log_stays_small_under_writes(sqlite: SqliteTransactions, database: Path) -> None:
    """REL-05: the server checkpoints by itself; the log is reused."""
    largest = 0
    for _ in range(8):
        await register(sqlite, ENOUGH_FOR_A_CHECKPOINT)
        largest = max(largest, log_of(database).stat().st_size)
    assert largest < 12_000_000
    assert database.stat().st_size > 1_000_000


async def test_a_long_read_only_delays_the_log(sqlite: SqliteTransactions, database: Path) -> None:
    await register(sqlite, 50)
    with closing(sqlite3.connect(database, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM users").fetchone() == (50,)
        await register(sqlite, 3 * ENOUGH_FOR_A_CHECKPOINT)
        assert reader.execute("SELECT count(*) FROM users").fetchone() == (50,)
    await register(sqlite, ENOUGH_FOR_A_CHECKPOINT)
    size = log_of(database).stat().st_size
    await register(sqlite, ENOUGH_FOR_A_CHECKPOINT)
    assert log_of(database).stat().st_size == size


async def test_the_log_does_not_move_while_another_process_writes(sqlite: SqliteTransactions, database: Path) -> None:
    """REL-05: SQLite before 3.51.3 can corrupt the database when a checkpoint and another's write coincide."""
    size = database.stat().st_size
    beside = SqliteFile(database)
    assert beside.share_writing()
    await register(sqlite, 2 * ENOUGH_FOR_A_CHECKPOINT)
    assert database.stat().st_size == size
    beside.end_writing()
    await register(sqlite, 50)
    await register(sqlite, 50)
    assert database.stat().st_size > size


async def test_a_closed_database_is_one_file(database: Path) -> None:
    store = SqliteTransactions(database, owner=True, seal=FakeSeal())
    user = make_user()
    await keep(store, user)
    await store.close()
    assert not log_of(database).exists()
    assert users_in(database) == {user.id}
    assert is_sound(database)
