"""What was acknowledged is kept, whatever happens to the process or the disk."""

import asyncio
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import UUID

from bukhindor.adapters.sql.sqlite.transactions import SqliteTransactions
from bukhindor.domain.errors import StoreUnavailable
from bukhindor.domain.user import User
from tests.adapters.keeping import keep
from tests.makers import make_user

ROOT = Path(__file__).parents[4]
ROUNDS = 3
ACKNOWLEDGED_PER_ROUND = 700


def is_sound(database: Path) -> bool:
    with closing(sqlite3.connect(database)) as connection:
        whole = connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return whole and connection.execute("PRAGMA foreign_key_check").fetchall() == []


def users_in(database: Path) -> set[UUID]:
    with closing(sqlite3.connect(database)) as connection:
        return {UUID(row[0]) for row in connection.execute("SELECT id FROM users")}


def sessions_in(database: Path) -> int:
    with closing(sqlite3.connect(database)) as connection:
        count: int = connection.execute("SELECT count(*) FROM user_sessions").fetchone()[0]
        return count


def test_a_killed_process_loses_nothing_it_acknowledged(database: Path) -> None:
    """REL-03: kill -9 while sixteen writers and checkpoints are at work; no half of a registration either."""
    acknowledged: set[UUID] = set()
    for _ in range(ROUNDS):
        command = [sys.executable, "-m", "tests.adapters.sql.sqlite.endless_writer", str(database)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            lines = [writer.stdout.readline() for _ in range(ACKNOWLEDGED_PER_ROUND)]
            writer.kill()
            lines += writer.stdout.readlines()
        acknowledged |= {UUID(line.strip()) for line in lines if line.endswith("\n")}
        assert is_sound(database)
        kept = users_in(database)
        assert acknowledged <= kept
        assert sessions_in(database) == len(kept)
    assert len(acknowledged) >= ROUNDS * ACKNOWLEDGED_PER_ROUND


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file of this process may grow beyond `size` bytes: what a full disk looks like to a program."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def fill(store: SqliteTransactions, writers: int, each: int) -> tuple[list[User], list[BaseException]]:
    """Register users, many at once; who was acknowledged, and the other responses."""
    users = [make_user(name="x" * 100, password_hash="x" * 400) for _ in range(writers * each)]
    answers = await asyncio.gather(*(keep(store, user) for user in users), return_exceptions=True)
    kept = [user for user, answer in zip(users, answers, strict=True) if answer is None]
    return kept, [answer for answer in answers if answer is not None]


async def test_a_full_disk_refuses_writes_and_serves_reads_until_there_is_room(
    sqlite: SqliteTransactions, database: Path
) -> None:
    """REL-07: 503 for everybody in the failed commit, nothing acknowledged is lost, and it recovers by itself."""
    before, refusals = await fill(sqlite, 10, 4)
    assert refusals == []
    log = database.with_name(f"{database.name}-wal")
    with largest_file(log.stat().st_size + 50_000):
        during, refusals = await fill(sqlite, 30, 10)
        assert {type(refusal) for refusal in refusals} == {StoreUnavailable}
        again, refusals_again = await fill(sqlite, 5, 1)
        assert len(again) + len(refusals_again) == 5
        async with sqlite.read() as stored:
            for user in before + during + again:
                assert await stored.users.by_id(user.id) == user
    after, refusals = await fill(sqlite, 10, 4)
    assert refusals == []
    assert await sqlite.has_right_schema()
    assert users_in(database) == {user.id for user in before + during + again + after}
    assert is_sound(database)
