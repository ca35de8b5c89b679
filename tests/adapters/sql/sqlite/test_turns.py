"""Use cases write in turn: none keeps the turn, loses another's work, or is forgotten when the store closes."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from bukhindor.adapters.sql.sqlite.file import SqliteFile
from bukhindor.adapters.sql.sqlite.group_commit import GroupCommit
from bukhindor.adapters.sql.sqlite.transactions import SqliteTransactions
from bukhindor.domain.errors import StoreUnavailable
from tests.adapters.keeping import keep
from tests.adapters.sql.sqlite.test_durability import users_in
from tests.fakes.seal import FakeSeal
from tests.makers import make_user

SMALL_KEY = "INSERT INTO signing_keys VALUES ('small', 'ES256', '{}', x'00', 1, NULL)"
BIG_KEY = "INSERT INTO signing_keys VALUES ('big', 'ES256', '{}', zeroblob(1000000), 1, NULL)"


def refusing(step: str) -> Callable[[int, str | None, str | None, str | None, str | None], int]:
    """Has SQLite refuse one step of a transaction, as a failing disk would."""

    def decide(action: int, what: str | None, other: str | None, database: str | None, source: str | None) -> int:
        is_refused = action == sqlite3.SQLITE_TRANSACTION and what == step
        return sqlite3.SQLITE_DENY if is_refused else sqlite3.SQLITE_OK

    return decide


async def test_a_stuck_use_case_is_rolled_back_and_the_next_goes_on(database: Path) -> None:
    """DOS-03: the turn ends after its limit; the stuck use case fails at its next step."""
    store = SqliteTransactions(database, owner=True, seal=FakeSeal(), turn_limit=0.05)
    stuck, others = make_user(), [make_user() for _ in range(3)]

    async def be_stuck() -> None:
        async with store.begin() as tx:
            await tx.users.add(stuck)
            await asyncio.gather(*(keep(store, user) for user in others))
            with pytest.raises(StoreUnavailable):
                await tx.users.by_id(stuck.id)
            with pytest.raises(StoreUnavailable):
                await tx.users.add(make_user())
            with pytest.raises(StoreUnavailable):
                await tx.commit()

    with pytest.raises(StoreUnavailable):
        await be_stuck()
    await keep(store, late := make_user())
    await store.close()
    assert users_in(database) == {late.id, *(user.id for user in others)}


async def test_turns_come_in_the_order_of_asking(sqlite: SqliteTransactions) -> None:
    order: list[int] = []

    async def write(number: int) -> None:
        async with sqlite.begin() as tx:
            order.append(number)
            await tx.users.add(make_user())
            await tx.commit()

    await asyncio.gather(*(write(number) for number in range(300)))
    assert order == list(range(300))


async def test_a_group_that_sqlite_rolls_back_is_lost_for_all_its_members(database: Path) -> None:
    """REL-07: some failures, like a full disk, undo the whole transaction; every use case in it fails."""
    writer = GroupCommit(SqliteFile(database), is_owner=True)
    first = await writer.enter()
    entering = asyncio.create_task(writer.enter())
    await asyncio.sleep(0)
    writer.connection_for(first).execute("CREATE TABLE first (id)")
    committing = asyncio.create_task(writer.commit(first))
    second = await entering
    writer.connection_for(second).execute("ROLLBACK")
    writer.note_failure(sqlite3.OperationalError("disk full"))
    with pytest.raises(StoreUnavailable):
        await committing
    with pytest.raises(StoreUnavailable):
        writer.connection_for(second)
    writer.leave(second)

    third = await writer.enter()
    writer.connection_for(third).execute("CREATE TABLE first (id)")
    await writer.commit(third)
    await writer.close()


async def test_who_has_read_what_is_lost_is_refused(database: Path) -> None:
    """REL-07: a use case without a change of its own may depend on the work of the group."""
    writer = GroupCommit(SqliteFile(database), is_owner=True)
    first = await writer.enter()
    entering = asyncio.create_task(writer.enter())
    await asyncio.sleep(0)
    connection = writer.connection_for(first)
    connection.execute(SMALL_KEY)
    committing = asyncio.create_task(writer.commit(first))
    second = await entering
    assert connection.execute("SELECT count(*) FROM signing_keys").fetchone() == (1,)
    connection.set_authorizer(refusing("COMMIT"))
    with pytest.raises(StoreUnavailable):
        await writer.leave_safely(second)
    with pytest.raises(StoreUnavailable):
        await committing
    connection.set_authorizer(None)
    assert (writer.writes, writer.commits) == (0, 0)
    await writer.leave_safely(await writer.enter())
    await writer.close()


async def test_a_use_case_whose_savepoint_is_gone_leaves_in_peace(database: Path) -> None:
    writer = GroupCommit(SqliteFile(database), is_owner=True)
    turn = await writer.enter()
    writer.connection_for(turn).execute("ROLLBACK")
    writer.leave(turn)
    writer.leave(turn)
    again = await writer.enter()
    await writer.commit(again)
    await writer.close()


async def test_sqlite_rolls_the_group_back_when_the_file_is_full(database: Path) -> None:
    """REL-07: one statement too many undoes the work of others too; they fail, and the next group is kept."""
    writer = GroupCommit(SqliteFile(database), is_owner=True)
    modest = await writer.enter()
    connection = writer.connection_for(modest)
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    entering = asyncio.create_task(writer.enter())
    await asyncio.sleep(0)
    connection.execute(SMALL_KEY)
    committing = asyncio.create_task(writer.commit(modest))
    greedy = await entering
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(sqlite3.OperationalError, match="full") as failure:
        writer.connection_for(greedy).execute(BIG_KEY)
    writer.note_failure(failure.value)
    with pytest.raises(StoreUnavailable):
        await committing
    with pytest.raises(StoreUnavailable):
        await writer.commit(greedy)
    writer.leave(greedy)

    later = await writer.enter()
    writer.connection_for(later).execute(SMALL_KEY)
    await writer.commit(later)
    await writer.close()


async def test_a_database_that_refuses_to_begin_is_an_outage(database: Path) -> None:
    writer = GroupCommit(SqliteFile(database), is_owner=True)
    turn = await writer.enter()
    connection = writer.connection_for(turn)
    writer.leave(turn)
    connection.set_authorizer(refusing("BEGIN"))
    answers = await asyncio.gather(writer.enter(), writer.enter(), return_exceptions=True)
    assert [type(answer) for answer in answers] == [StoreUnavailable] * 2
    connection.set_authorizer(None)
    writer.leave(await writer.enter())
    await writer.close()


async def test_a_commit_that_fails_is_rolled_back(database: Path) -> None:
    """REL-07: a use case that failed finds nothing of its work later."""
    writer = GroupCommit(SqliteFile(database), is_owner=True)
    turn = await writer.enter()
    connection = writer.connection_for(turn)
    connection.execute(SMALL_KEY)
    connection.set_authorizer(refusing("COMMIT"))
    with pytest.raises(StoreUnavailable):
        await writer.commit(turn)
    connection.set_authorizer(None)
    again = await writer.enter()
    assert connection.execute("SELECT count(*) FROM signing_keys").fetchone() == (0,)
    connection.execute(SMALL_KEY)
    await writer.commit(again)
    await writer.close()


async def test_a_programming_error_stays_visible_and_stops_no_other_use_case(tmp_path: Path) -> None:
    store = SqliteTransactions(tmp_path / "without_tables.db", owner=True, seal=FakeSeal())
    for _ in range(2):
        async with store.begin() as tx:
            with pytest.raises(sqlite3.OperationalError, match="no such table"):
                await tx.users.by_id(make_user().id)
            with pytest.raises(sqlite3.OperationalError, match="no such table"):
                await tx.users.add(make_user())
    await store.close()


async def test_closing_takes_the_turn_away_and_refuses_who_waits(database: Path) -> None:
    store = SqliteTransactions(database, owner=True, seal=FakeSeal())
    working = asyncio.Event()

    async def work_for_ever() -> None:
        async with store.begin() as tx:
            await tx.users.add(make_user())
            working.set()
            await asyncio.Event().wait()

    unfinished = asyncio.create_task(work_for_ever())
    await working.wait()
    waiting = asyncio.create_task(keep(store, make_user()))
    await asyncio.sleep(0)
    await store.close()
    with pytest.raises(StoreUnavailable):
        await waiting
    with pytest.raises(StoreUnavailable):
        await keep(store, make_user())
    unfinished.cancel()
    await asyncio.gather(unfinished, return_exceptions=True)
    assert users_in(database) == set()


async def test_closing_waits_for_what_is_being_committed(database: Path) -> None:
    store = SqliteTransactions(database, owner=True, seal=FakeSeal())
    user = make_user()
    committing = asyncio.create_task(keep(store, user))
    await asyncio.sleep(0)
    await store.close()
    await committing
    assert users_in(database) == {user.id}
