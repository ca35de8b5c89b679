"""Copies of a database that is in use, and what becomes of one that a copy replaces."""

import asyncio
import sqlite3
import stat
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from bukhindor.adapters.sql import schema
from bukhindor.adapters.sql.schema_version import revisions
from bukhindor.adapters.sql.sqlite.backup import back_up
from bukhindor.adapters.sql.sqlite.file import DatabaseInUse
from bukhindor.adapters.sql.sqlite.restore import restore
from bukhindor.adapters.sql.sqlite.transactions import SqliteTransactions
from bukhindor.adapters.sql.unusable import DatabaseUnusable, SchemaError
from bukhindor.config.database_url import parse_database_url
from tests.fakes.seal import FakeSeal
from tests.makers import make_user

NOW = datetime(2026, 3, 1, 12, 30, 45, tzinfo=UTC)


def silent(done: int, total: int) -> None:
    """No one observes the progress."""


def user_ids(path: Path) -> set[UUID]:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        return {UUID(raw) for (raw,) in connection.execute("SELECT id FROM users")}


def names(folder: Path) -> set[str]:
    """The files of a folder, but for the lock files that stay."""
    return {file.name for file in folder.iterdir() if not file.name.endswith("lock")}


async def add_users(store: SqliteTransactions, number: int) -> set[UUID]:
    users = [make_user() for _ in range(number)]
    async with store.begin() as tx:
        for user in users:
            await tx.users.add(user)
        await tx.commit()
    return {user.id for user in users}


async def filled(path: Path, number: int) -> set[UUID]:
    store = SqliteTransactions(path, owner=True, seal=FakeSeal())
    added = await add_users(store, number)
    await store.close()
    return added


async def test_a_backup_during_writes_has_all_that_was_acknowledged_before_and_delays_no_write(
    sqlite: SqliteTransactions, database: Path, tmp_path: Path
) -> None:
    """REL-26"""
    acknowledged = await add_users(sqlite, 4000)
    copied_half, written_meanwhile = threading.Event(), threading.Event()

    def watch(done: int, total: int) -> None:
        if done < total:
            copied_half.set()
            # The copy is held in its midst until others have written.
            assert written_meanwhile.wait(60)

    acknowledged |= await add_users(sqlite, 1)
    backup = asyncio.create_task(asyncio.to_thread(back_up, database, tmp_path / "copy.db", watch))
    assert await asyncio.to_thread(copied_half.wait, 60)
    later: set[UUID] = set()
    for _ in range(20):
        later |= await add_users(sqlite, 100)
    assert not backup.done()
    written_meanwhile.set()
    copy = await backup

    assert user_ids(copy.path) == acknowledged
    assert not later & user_ids(copy.path)
    assert (copy.users, copy.size) == (len(acknowledged), copy.path.stat().st_size)
    assert stat.S_IMODE(copy.path.stat().st_mode) == 0o600
    assert not [name for name in names(tmp_path) if name.startswith((".", "copy.db-"))]
    assert await add_users(sqlite, 1)


async def test_progress_goes_up_to_the_whole(database: Path, tmp_path: Path) -> None:
    await filled(database, 8000)
    told: list[tuple[int, int]] = []
    back_up(database, tmp_path / "copy.db", lambda done, total: told.append((done, total)))
    assert len(told) > 1
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1] > 0


async def test_a_backup_that_fails_leaves_the_earlier_one_and_no_remains(database: Path, tmp_path: Path) -> None:
    await filled(database, 1)
    target = tmp_path / "copies" / "copy.db"
    target.parent.mkdir()
    target.write_bytes(b"the one of yesterday")

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back_up(database, target, stop)
    assert target.read_bytes() == b"the one of yesterday"
    assert names(target.parent) == {"copy.db"}


def test_what_is_no_database_of_ours_is_not_backed_up(tmp_path: Path) -> None:
    path, target = tmp_path / "a.db", tmp_path / "copy.db"
    with pytest.raises(DatabaseUnusable, match="does not exist"):
        back_up(path, target, silent)
    path.write_bytes(b"this is no database, whatever its name says\n" * 100)
    with pytest.raises(DatabaseUnusable, match="not a database"):
        back_up(path, target, silent)
    path.write_bytes(b"")
    with pytest.raises(DatabaseUnusable, match="not a database of this program"):
        back_up(path, target, silent)
    assert not target.exists()


@pytest.mark.parametrize("end", ["", "-wal", ".lock"])
def test_a_backup_does_not_go_over_the_database_itself(database: Path, end: str) -> None:
    before = database.read_bytes()
    with pytest.raises(DatabaseUnusable, match="belongs to the database itself"):
        back_up(database, database.with_name(database.name + end), silent)
    assert database.read_bytes() == before


async def test_damage_is_found_before_the_copy_gets_its_name(database: Path, tmp_path: Path) -> None:
    await filled(database, 50)
    damage(database)
    with pytest.raises(DatabaseUnusable, match="The copy can't be used"):
        back_up(database, tmp_path / "copy.db", silent)
    assert not (tmp_path / "copy.db").exists()


def damage(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        page_size = connection.execute("PRAGMA page_size").fetchone()[0]
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'users'").fetchone()
    content = bytearray(path.read_bytes())
    content[(root - 1) * page_size : root * page_size] = b"\xa5" * page_size
    path.write_bytes(content)


async def test_a_restored_database_serves_and_the_one_before_is_whole_aside(database: Path, tmp_path: Path) -> None:
    """REL-26"""
    first = await filled(database, 10)
    copy = back_up(database, tmp_path / "copy.db", silent)
    second = await filled(database, 5)

    done = restore(copy.path, database, NOW, silent)

    assert user_ids(database) == first
    assert (done.database.users, done.pending) == (10, ())
    assert done.replaced == database.with_name(f"{database.name}.replaced-20260301T123045Z")
    assert user_ids(done.replaced) == first | second
    assert stat.S_IMODE(database.stat().st_mode) == stat.S_IMODE(done.replaced.stat().st_mode) == 0o600
    assert names(tmp_path) == {database.name, done.replaced.name, "copy.db"}
    third = await filled(database, 1)
    store = SqliteTransactions(database, owner=True, seal=FakeSeal())
    async with store.read() as reading:
        assert await reading.users.by_id(next(iter(third)))
        assert await reading.users.by_id(next(iter(second))) is None
    assert await store.has_right_schema()
    await store.close()


async def test_what_a_crash_left_in_the_log_is_kept_aside_and_does_not_reach_the_restored(
    database: Path, tmp_path: Path
) -> None:
    first = await filled(database, 3)
    copy = back_up(database, tmp_path / "copy.db", silent)
    store = SqliteTransactions(database, owner=True, seal=FakeSeal())
    second = await add_users(store, 3)
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    for name in (database.name, f"{database.name}-wal"):
        (crashed / name).write_bytes((tmp_path / name).read_bytes())
    await store.close()
    assert (crashed / f"{database.name}-wal").stat().st_size

    done = restore(copy.path, crashed / database.name, NOW, silent)

    assert user_ids(crashed / database.name) == first
    assert done.replaced is not None
    assert user_ids(done.replaced) == first | second
    assert names(crashed) == {database.name, done.replaced.name}


async def test_a_damaged_database_is_replaced_and_kept_as_it_is(database: Path, tmp_path: Path) -> None:
    first = await filled(database, 50)
    copy = back_up(database, tmp_path / "copy.db", silent)
    junk = b"\xa5" * 9000
    database.write_bytes(junk)
    wal = database.with_name(f"{database.name}-wal")
    wal.write_bytes(b"the log of it")

    done = restore(copy.path, database, NOW, silent)
    again = restore(copy.path, database, NOW, silent)

    assert user_ids(database) == first
    assert done.replaced is not None
    assert again.replaced is not None
    assert done.replaced.read_bytes() == junk
    assert again.replaced.name == f"{done.replaced.name}-2"
    assert not wal.exists()


async def test_a_copied_file_is_taken_with_the_log_beside_it(
    sqlite: SqliteTransactions, database: Path, tmp_path: Path
) -> None:
    added = await add_users(sqlite, 5)
    copies = tmp_path / "copies"
    copies.mkdir()
    for name in (database.name, f"{database.name}-wal"):
        (copies / name).write_bytes((tmp_path / name).read_bytes())
    done = restore(copies / database.name, tmp_path / "new" / "a.db", NOW, silent)
    assert (done.replaced, user_ids(tmp_path / "new" / "a.db")) == (None, added)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


async def test_nothing_is_restored_under_a_server_or_another_program(database: Path, tmp_path: Path) -> None:
    server = SqliteTransactions(database, owner=True, seal=FakeSeal())
    await add_users(server, 1)
    copy = await asyncio.to_thread(back_up, database, tmp_path / "copy.db", silent)
    added = await add_users(server, 1)
    with pytest.raises(DatabaseInUse):
        restore(copy.path, database, NOW, silent)
    await server.close()
    assert added <= user_ids(database)
    with closing(sqlite3.connect(database, isolation_level=None)) as stranger:
        stranger.execute("PRAGMA locking_mode = EXCLUSIVE")
        stranger.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DatabaseUnusable, match="in use"):
            restore(copy.path, database, NOW, silent, patience=0.1)
    assert added <= user_ids(database)
    assert names(tmp_path) == {database.name, "copy.db"}


async def test_an_older_backup_is_restored_and_told_and_a_newer_or_strange_one_refused(
    database: Path, tmp_path: Path
) -> None:
    """REL-25"""
    added = await filled(database, 1)
    copy = back_up(database, tmp_path / "copy.db", silent).path
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(SchemaError, match="9999, which this program does not know"):
        restore(copy, database, NOW, silent)
    for content, reason in ((b"", "not a database of this program"), (b"no database\n" * 900, "not a database")):
        copy.write_bytes(content)
        with pytest.raises(DatabaseUnusable, match=reason):
            restore(copy, database, NOW, silent)
    with pytest.raises(DatabaseUnusable, match="does not exist"):
        restore(tmp_path / "missing.db", database, NOW, silent)
    with pytest.raises(DatabaseUnusable, match="belongs to the database itself"):
        restore(database, database, NOW, silent)
    assert user_ids(database) == added

    copy.unlink()
    schema.upgrade(parse_database_url(f"sqlite:///{copy}"))
    schema.downgrade(parse_database_url(f"sqlite:///{copy}"))
    done = restore(copy, database, NOW, silent)
    assert done.pending == revisions()[-1:]
    assert schema.upgrade(parse_database_url(f"sqlite:///{database}")) == list(done.pending)


async def test_a_damaged_backup_is_refused_and_the_database_stays(database: Path, tmp_path: Path) -> None:
    added = await filled(database, 50)
    copy = back_up(database, tmp_path / "copy.db", silent)
    damage(copy.path)
    with pytest.raises(DatabaseUnusable, match="The copy can't be used"):
        restore(copy.path, database, NOW, silent)
    assert user_ids(database) == added
    assert names(tmp_path) == {database.name, "copy.db"}
