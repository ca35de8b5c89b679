"""What is over goes in steps, so that no purge keeps the writer for long (SES-08)."""

from collections.abc import Awaitable, Callable

from bukhindor.adapters.sql.sqlite import SqliteTransactions
from bukhindor.adapters.sql.tables import REMOVED_AT_ONCE
from bukhindor.domain.session import SessionPolicy
from bukhindor.ports import Transaction, Transactions
from tests.makers import T0, make_audit_event, make_session, make_user


async def test_old_events_go_in_steps_until_none_is_left(sqlite: SqliteTransactions) -> None:
    async with sqlite.begin() as tx:
        for _ in range(REMOVED_AT_ONCE + 200):
            await tx.audit_events.add(make_audit_event())
        await tx.commit()
    newer = make_audit_event().at.replace(year=2100)
    assert await _steps(sqlite, lambda tx: tx.audit_events.remove_before(newer)) == [REMOVED_AT_ONCE, 200, 0]


async def test_sessions_that_are_over_go_in_steps_until_none_is_left(sqlite: SqliteTransactions) -> None:
    user, policy = make_user(), SessionPolicy()
    async with sqlite.begin() as tx:
        await tx.users.add(user)
        for _ in range(REMOVED_AT_ONCE + 200):
            await tx.sessions.add(make_session(user))
        await tx.commit()
    later = T0 + policy.idle * 2
    assert await _steps(sqlite, lambda tx: tx.sessions.remove_over(later, policy)) == [REMOVED_AT_ONCE, 200, 0]


async def _steps(transactions: Transactions, remove: Callable[[Transaction], Awaitable[int]]) -> list[int]:
    counts = []
    for _ in range(3):
        async with transactions.begin() as tx:
            counts.append(await remove(tx))
            await tx.commit()
    return counts
