"""What is over goes in steps, so that no purge keeps the writer for long (SES-08)."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest

from bukhindor.adapters.sql.repositories import audit_events
from bukhindor.adapters.sql.sqlite.transactions import SqliteTransactions
from bukhindor.adapters.sql.tables import REMOVED_AT_ONCE
from bukhindor.domain.audit import AuditQuery
from bukhindor.domain.session import SessionPolicy
from bukhindor.ports.store.full import FullStore, FullTransaction
from tests.adapters.conftest import OpenStore
from tests.fakes.transactions import FakeTransactions
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


@pytest.mark.parametrize("open_store", ["sqlite", "postgres"], indirect=True)
async def test_a_user_with_very_many_events_is_forgotten_in_steps_and_no_other_user_is(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DP-01: a deletion must not fail because there is too much to forget, and must leave nothing behind."""
    monkeypatch.setattr(audit_events, "FORGOTTEN_AT_ONCE", 5)
    transactions = open_store()
    assert not isinstance(transactions, FakeTransactions)
    person, other = uuid4(), uuid4()
    details = {"name": "Ann"}
    async with transactions.begin() as tx:
        for _ in range(6):
            await tx.audit_events.add(make_audit_event(actor_id=person, subject_id=person, details=details))
            await tx.audit_events.add(make_audit_event(actor_id=None, subject_id=person, details=details))
            await tx.audit_events.add(make_audit_event(actor_id=other, subject_id=other, details=details))
        await tx.audit_events.forget(person)
        await tx.audit_events.forget(other)
        await tx.commit()
    # Some of both are left: seven of one person, one of the other. Finishing with a person counts as well.
    steps = await _steps(transactions, lambda tx: tx.audit_events.forget_more(), 5)
    assert steps in ([5, 3, 2, 0, 0], [2, 5, 3, 0, 0])
    async with transactions.scan() as stored:
        events = await stored.audit_events.page(AuditQuery(limit=100))
    assert len(events) == 18
    assert {(event.origin.ip, event.origin.user_agent, event.origin.device_id) for event in events} == {("", "", None)}
    assert {len(event.details) for event in events} == {0}
    await transactions.close()


async def _steps(
    transactions: FullStore, remove: Callable[[FullTransaction], Awaitable[int]], times: int = 3
) -> list[int]:
    counts = []
    for _ in range(times):
        async with transactions.begin() as tx:
            counts.append(await remove(tx))
            await tx.commit()
    return counts
