"""Looking at a database without changing it."""

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bukhindor.adapters.sql import schema
from bukhindor.adapters.sql.schema_version import Version, head, revisions
from bukhindor.adapters.sql.sqlite.inspection import inspect, is_writable, sqlite_version
from bukhindor.adapters.sql.sqlite.transactions import SqliteTransactions
from bukhindor.adapters.sql.unusable import DatabaseUnusable
from bukhindor.config.database_url import parse_database_url
from tests.fakes.seal import FakeSeal
from tests.makers import T0, make_queued_mail, make_signing_key, make_user

PATIENCE = 30.0
OTHER_USER = 65534
OURS = Version(head(), "0003")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with the schema of today that no process has open."""
    file = tmp_path / "with blank?#%.db"
    schema.upgrade(parse_database_url("sqlite:///" + str(tmp_path / "made.db")))
    return (tmp_path / "made.db").rename(file)


def content(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    stats = {file: file.stat() for file in folder.iterdir()}
    return {file.name: (file.read_bytes(), found.st_mtime_ns, found.st_mode) for file, found in stats.items()}


async def fill(path: Path, *, owner: bool = False) -> SqliteTransactions:
    store = SqliteTransactions(path, owner=owner, seal=FakeSeal())
    async with store.begin() as tx:
        await tx.users.add(make_user())
        await tx.signing_keys.add(make_signing_key("one"))
        await tx.outbox.add(make_queued_mail())
        await tx.outbox.add(make_queued_mail())
        await tx.outbox.add(make_queued_mail(failed_at=T0))
        await tx.commit()
    return store


def test_a_new_database_is_whole_and_looking_at_it_changes_no_file(path: Path) -> None:
    before = content(path.parent)
    found = inspect(path, PATIENCE)
    assert (found.schema, found.damage, found.has_server) == (OURS, "", False)
    assert (found.signing_keys, found.waiting_mails, found.failed_mails) == ((), 0, 0)
    assert content(path.parent) == before


async def test_keys_and_mails_are_seen_beside_a_server_and_after_it(path: Path) -> None:
    store = await fill(path, owner=True)
    beside = await asyncio.to_thread(inspect, path, PATIENCE)
    assert beside.has_server
    assert [key.kid for key in beside.signing_keys] == ["one"]
    assert (beside.waiting_mails, beside.failed_mails) == (2, 1)
    assert await store.has_right_schema()
    await store.close()
    after = inspect(path, PATIENCE)
    assert not after.has_server
    assert after.signing_keys == beside.signing_keys
    assert (after.waiting_mails, after.failed_mails) == (2, 1)


async def test_what_a_crash_left_in_the_log_is_seen_and_stays_there(path: Path, tmp_path: Path) -> None:
    store = await fill(path, owner=True)
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    for name in (path.name, f"{path.name}-wal"):
        (crashed / name).write_bytes((tmp_path / name).read_bytes())
    await store.close()
    log = (crashed / f"{path.name}-wal").read_bytes()
    assert log
    found = inspect(crashed / path.name, PATIENCE)
    assert (found.waiting_mails, found.damage) == (2, "")
    assert (crashed / f"{path.name}-wal").read_bytes() == log


def test_an_empty_file_and_an_older_schema_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.touch()
    assert inspect(path, PATIENCE).schema is None
    assert path.stat().st_size == 0
    schema.upgrade(parse_database_url(f"sqlite:///{path}"))
    schema.downgrade(parse_database_url(f"sqlite:///{path}"))
    older = inspect(path, PATIENCE)
    assert older.schema is not None
    assert (older.schema.number, older.schema.serves_us) == (revisions()[-2], False)


def test_a_schema_table_without_a_row_is_no_schema(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
    assert inspect(path, PATIENCE).schema is None


async def test_damage_is_found_and_told_in_one_line(path: Path) -> None:
    await (await fill(path)).close()
    with closing(sqlite3.connect(path)) as connection:
        page_size = connection.execute("PRAGMA page_size").fetchone()[0]
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ix_outbox_due'").fetchone()
    damaged = bytearray(path.read_bytes())
    damaged[(root - 1) * page_size : root * page_size] = b"\xa5" * page_size
    path.write_bytes(damaged)
    found = inspect(path, PATIENCE)
    assert found.damage
    assert found.damage.isprintable()


@pytest.mark.parametrize("junk", [b"this is no database, whatever its name says\n" * 100, b"SQLite format 3\0junk"])
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(junk)
    with pytest.raises(DatabaseUnusable, match=r"a\.db can't be read: .*not a database"):
        inspect(path, PATIENCE)


def test_a_missing_file_is_refused_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnusable, match="can't be read"):
        inspect(tmp_path / "a.db", PATIENCE)
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_another_program_keeps_locked_is_reported(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as stranger:
        stranger.execute("PRAGMA locking_mode = EXCLUSIVE")
        stranger.execute("BEGIN EXCLUSIVE")
        stranger.execute("CREATE TABLE theirs (n INTEGER)")
        with pytest.raises(DatabaseUnusable, match="can't be read: database is locked"):
            inspect(path, 0.1)


def test_a_large_database_is_not_looked_through_for_longer_than_asked(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE large (n INTEGER, t TEXT)")
        numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) SELECT i, i FROM n"
        connection.execute(f"INSERT INTO large {numbers}")
        connection.commit()
    found = inspect(path, -1.0)
    assert found.damage is None
    assert found.schema == OURS
    assert inspect(path, PATIENCE).damage == ""


def test_the_version_of_the_library_is_judged() -> None:
    version, is_safe = sqlite_version()
    assert version == sqlite3.sqlite_version
    assert is_safe == (sqlite3.sqlite_version_info >= (3, 51, 3))


@pytest.mark.parametrize(("mode", "expected"), [(0o444, False), (0o666, True)])
def test_whether_this_user_may_write_to_the_file_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, expected: bool
) -> None:
    file = Path("a.db")
    # From inside the folder, whatever its parents allow other users: only the mode of the file decides.
    monkeypatch.chdir(tmp_path)
    tmp_path.chmod(0o755)
    file.touch()
    file.chmod(mode)
    with _without_the_rights_of_root():
        assert is_writable(file) is expected


@contextmanager
def _without_the_rights_of_root() -> Iterator[None]:
    """Root may write to every file, whatever its mode."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(OTHER_USER)
    try:
        yield
    finally:
        os.seteuid(user)
