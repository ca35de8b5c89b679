"""One server owns the file; the command line works beside it; the event loop never waits."""

import asyncio
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bukhindor.adapters.sql import schema
from bukhindor.adapters.sql.sqlite.file import DatabaseInUse, SqliteFile
from bukhindor.adapters.sql.sqlite.transactions import SqliteTransactions
from bukhindor.adapters.sql.unusable import DatabaseUnusable
from bukhindor.config.database_url import parse_database_url
from bukhindor.domain.errors import StoreUnavailable
from tests.adapters.keeping import keep
from tests.adapters.sql.sqlite.test_durability import is_sound, users_in
from tests.fakes.seal import FakeSeal
from tests.makers import make_user


@pytest.fixture
def stranger(database: Path) -> Iterator[sqlite3.Connection]:
    """A program that is not ours and uses the same file."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        yield connection


async def test_a_second_server_is_refused_by_name(sqlite: SqliteTransactions, database: Path) -> None:
    """REL-06: the message names the file and says who has it."""
    with pytest.raises(DatabaseInUse, match=r"bukhindor\.db is in use: another bukhindor server"):
        SqliteTransactions(database, owner=True, seal=FakeSeal())
    await keep(sqlite, make_user())


async def test_a_server_starts_after_the_other_has_stopped(database: Path) -> None:
    first = SqliteTransactions(database, owner=True, seal=FakeSeal())
    await first.close()
    second = SqliteTransactions(database, owner=True, seal=FakeSeal())
    assert await second.has_right_schema()
    await second.close()


async def test_a_server_that_could_not_open_the_file_holds_no_lock(database: Path) -> None:
    content = database.read_bytes()
    database.write_bytes(b"This is not a database. " * 100)
    with pytest.raises(DatabaseUnusable, match="not a database"):
        SqliteTransactions(database, owner=True, seal=FakeSeal())
    database.write_bytes(content)
    store = SqliteTransactions(database, owner=True, seal=FakeSeal())
    assert await store.has_right_schema()
    await store.close()


def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseUnusable, match=r"file/bukhindor\.db can't be made"):
        SqliteTransactions(tmp_path / "file" / "bukhindor.db", owner=True, seal=FakeSeal())


async def test_the_command_line_writes_while_the_server_does(sqlite: SqliteTransactions, database: Path) -> None:
    """REL-05, REL-06: both keep all they were promised, and see each other's work at once."""
    beside = SqliteTransactions(database, owner=False, seal=FakeSeal())
    users = [make_user() for _ in range(400)]
    await asyncio.gather(
        *(keep(store, user) for store, half in ((sqlite, users[::2]), (beside, users[1::2])) for user in half)
    )
    assert users_in(database) == {user.id for user in users}
    async with sqlite.read() as stored, beside.read() as stored_beside:
        assert await stored.users.by_id(users[1].id) == users[1]
        assert await stored_beside.users.by_id(users[0].id) == users[0]
    await beside.close()
    assert is_sound(database)


async def test_the_command_line_works_alone(database: Path) -> None:
    store = SqliteTransactions(database, owner=False, seal=FakeSeal())
    user = make_user()
    await keep(store, user)
    await store.close()
    assert users_in(database) == {user.id}


async def test_reads_go_on_while_a_writer_waits_for_another_process(
    sqlite: SqliteTransactions, stranger: sqlite3.Connection
) -> None:
    """REL-06: the wait is not on the event loop, and ends with the other's transaction."""
    user = make_user()
    stranger.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(keep(sqlite, user))
    for _ in range(20):
        async with sqlite.read() as stored:
            assert await stored.users.by_id(user.id) is None
        await asyncio.sleep(0.001)
    assert not waiting.done()
    stranger.execute("ROLLBACK")
    await waiting
    async with sqlite.read() as stored:
        assert await stored.users.by_id(user.id) == user


@pytest.mark.parametrize("owner", [True, False])
async def test_writers_are_refused_when_the_lock_stays(
    database: Path, stranger: sqlite3.Connection, owner: bool
) -> None:
    """REL-06: every writer that waited is asked to come again, and can."""
    store = SqliteTransactions(database, owner=owner, seal=FakeSeal(), lock_patience=0.05)
    stranger.execute("BEGIN IMMEDIATE")
    users = [make_user() for _ in range(3)]
    answers = await asyncio.gather(*(keep(store, user) for user in users), return_exceptions=True)
    assert [type(answer) for answer in answers] == [StoreUnavailable] * 3
    stranger.execute("ROLLBACK")
    await asyncio.gather(*(keep(store, user) for user in users))
    await store.close()
    assert users_in(database) == {user.id for user in users}


async def test_the_command_line_waits_for_a_checkpoint(database: Path) -> None:
    """REL-05: no writer begins at the moment when the log moves into the file."""
    beside = SqliteTransactions(database, owner=False, seal=FakeSeal(), lock_patience=0.05)
    user = make_user()
    with SqliteFile(database).checkpointing() as obtained:
        assert obtained
        with pytest.raises(StoreUnavailable):
            await keep(beside, user)
    await keep(beside, user)
    await beside.close()
    assert users_in(database) == {user.id}


def test_a_file_that_another_process_keeps_writing_is_named(database: Path) -> None:
    other = SqliteFile(database)
    assert other.share_writing()
    with pytest.raises(DatabaseUnusable, match="another process has been writing"), SqliteFile(database).alone(0.01):
        pass
    other.end_writing()
    with SqliteFile(database).alone(0.01):
        pass


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "bukhindor.db").mkdir(mode=0o755)
    with pytest.raises(DatabaseUnusable, match="can't be opened: unable to open"):
        SqliteTransactions(tmp_path / "bukhindor.db", owner=True, seal=FakeSeal())
    assert stat.S_IMODE((tmp_path / "bukhindor.db").stat().st_mode) == 0o755


async def test_the_files_are_for_the_eyes_of_their_owner(tmp_path: Path) -> None:
    path = tmp_path / "new" / "bukhindor.db"
    schema.upgrade(parse_database_url(f"sqlite:///{path}"))
    store = SqliteTransactions(path, owner=True, seal=FakeSeal())
    await keep(store, make_user())
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert {f"bukhindor.db{end}" for end in ("", "-wal", "-shm", ".lock")} <= set(modes)
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    await store.close()


async def test_a_file_that_others_could_read_is_closed_to_them(database: Path) -> None:
    database.chmod(0o644)
    store = SqliteTransactions(database, owner=True, seal=FakeSeal())
    await store.close()
    assert stat.S_IMODE(database.stat().st_mode) == 0o600
