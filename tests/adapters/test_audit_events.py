"""What every record of events does."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from bukhindor.domain.audit import AuditEvent, AuditQuery, AuditType
from bukhindor.domain.origin import Language, Origin
from bukhindor.ports.store.full import FullStore
from tests.adapters.keeping import keep
from tests.makers import ORIGIN, T0, make_audit_event, make_user

ANN, BOB, ADMIN = uuid4(), uuid4(), uuid4()
MINUTE = timedelta(minutes=1)


async def page(store: FullStore, query: AuditQuery) -> list[AuditEvent]:
    async with store.scan() as stored:
        return await stored.audit_events.page(query)


async def by_id(store: FullStore, event_id: UUID) -> AuditEvent:
    return next(event for event in await page(store, AuditQuery(limit=100)) if event.id == event_id)


FULL = make_audit_event(
    AuditType.ROLE_CHANGED,
    actor_id=ADMIN,
    subject_id=ANN,
    session_id=uuid4(),
    origin=Origin("2001:db8::1", "Клиент/1.0 \x1b[31m", "device-1", "request-1"),
    details={"from": "user", "to": "admin", "причина": '"да"'},
)
BARE = make_audit_event(AuditType.LIMIT_HIT, origin=Origin())


@pytest.mark.parametrize("event", [FULL, BARE])
async def test_an_event_comes_back_as_it_was_kept(transactions: FullStore, event: AuditEvent) -> None:
    await keep(transactions, event)
    assert await page(transactions, AuditQuery()) == [event]


async def test_the_language_of_the_request_is_not_kept(transactions: FullStore) -> None:
    await keep(transactions, event := make_audit_event(origin=replace(ORIGIN, language=Language.RUSSIAN)))
    assert await page(transactions, AuditQuery()) == [replace(event, origin=ORIGIN)]


@pytest.mark.parametrize("type", AuditType)
async def test_every_type_of_event_can_be_kept(transactions: FullStore, type: AuditType) -> None:
    await keep(transactions, event := make_audit_event(type))
    assert await page(transactions, AuditQuery(type=type)) == [event]


async def test_an_event_of_a_transaction_that_was_undone_did_not_happen(transactions: FullStore) -> None:
    """LOG-04."""
    async with transactions.begin() as tx:
        await tx.audit_events.add(FULL)
    assert await page(transactions, AuditQuery()) == []


async def test_pages_follow_each_other_without_gap_or_repeat(transactions: FullStore) -> None:
    """Also where many events have the same moment."""
    events = [make_audit_event(at=n // 4 * MINUTE) for n in range(23)]
    await keep(transactions, *events)
    seen: list[AuditEvent] = []
    before = None
    while found := await page(transactions, AuditQuery(before=before, limit=5)):
        assert len(found) <= 5
        seen += found
        before = (found[-1].at, found[-1].id)
        await keep(transactions, make_audit_event(at=timedelta(days=1)))
    assert seen == sorted(events, key=lambda event: (event.at, event.id), reverse=True)


async def test_each_filter_narrows(transactions: FullStore) -> None:
    events = [
        make_audit_event(AuditType.SIGNED_IN, 0 * MINUTE, actor_id=ANN, subject_id=ANN),
        make_audit_event(AuditType.SIGN_IN_FAILED, 1 * MINUTE, subject_id=ANN),
        make_audit_event(AuditType.ROLE_CHANGED, 2 * MINUTE, actor_id=ADMIN, subject_id=ANN),
        make_audit_event(AuditType.SIGNED_IN, 3 * MINUTE, actor_id=BOB, subject_id=BOB),
        make_audit_event(AuditType.REFUSED, 4 * MINUTE, actor_id=BOB),
    ]
    await keep(transactions, *events)

    async def numbers(query: AuditQuery) -> list[int]:
        return [events.index(event) for event in await page(transactions, query)]

    assert await numbers(AuditQuery()) == [4, 3, 2, 1, 0]
    assert await numbers(AuditQuery(limit=2)) == [4, 3]
    assert await numbers(AuditQuery(subject_id=ANN)) == [2, 1, 0]
    assert await numbers(AuditQuery(actor_id=BOB)) == [4, 3]
    assert await numbers(AuditQuery(type=AuditType.SIGNED_IN)) == [3, 0]
    assert await numbers(AuditQuery(actor_id=ANN, type=AuditType.SIGNED_IN)) == [0]
    assert await numbers(AuditQuery(actor_id=ADMIN, subject_id=BOB)) == []
    assert await numbers(AuditQuery(since=T0 + MINUTE, until=T0 + 3 * MINUTE)) == [2, 1]
    place = (events[2].at, events[2].id)
    assert await numbers(AuditQuery(subject_id=ANN, since=T0 + MINUTE, before=place)) == [1]
    assert await numbers(AuditQuery(actor_id=uuid4())) == []


async def test_events_outlive_the_people_they_tell_of(transactions: FullStore) -> None:
    user = make_user()
    await keep(transactions, user, event := make_audit_event(actor_id=user.id, subject_id=user.id))
    async with transactions.begin() as tx:
        await tx.users.remove(user.id)
        await tx.commit()
    assert await page(transactions, AuditQuery()) == [event]


async def test_forgetting_a_person_leaves_what_happened_and_takes_the_rest(transactions: FullStore) -> None:
    details = {"name": "Ann"}
    own = make_audit_event(actor_id=ANN, subject_id=ANN, session_id=uuid4(), details=details)
    nobodys = make_audit_event(AuditType.SIGN_IN_FAILED, subject_id=ANN, details=details)
    by_admin = make_audit_event(AuditType.STATUS_CHANGED, actor_id=ADMIN, subject_id=ANN, details=details)
    to_bob = make_audit_event(AuditType.ROLE_CHANGED, actor_id=ANN, subject_id=BOB, details=details)
    bobs = make_audit_event(actor_id=BOB, subject_id=BOB, details=details)
    await keep(transactions, own, nobodys, by_admin, to_bob, bobs)
    async with transactions.begin() as tx:
        await tx.audit_events.forget(ANN)
        await tx.commit()
    nowhere = Origin(request_id=ORIGIN.request_id)
    assert await by_id(transactions, own.id) == replace(own, origin=nowhere, details={})
    assert await by_id(transactions, nobodys.id) == replace(nobodys, origin=nowhere, details={})
    # The administrator's address is the administrator's, and what was done to Bob is Bob's.
    assert await by_id(transactions, by_admin.id) == replace(by_admin, details={})
    assert await by_id(transactions, to_bob.id) == replace(to_bob, origin=nowhere)
    assert await by_id(transactions, bobs.id) == bobs


async def test_events_are_removed_when_they_are_old(transactions: FullStore) -> None:
    old, kept = make_audit_event(), make_audit_event(at=MINUTE)
    await keep(transactions, old, kept)
    async with transactions.begin() as tx:
        assert await tx.audit_events.remove_before(old.at) == 0
        assert await tx.audit_events.remove_before(kept.at) == 1
        await tx.commit()
    assert await page(transactions, AuditQuery()) == [kept]


async def test_attempts_of_one_id_are_counted_in_one_event(transactions: FullStore) -> None:
    """LOG-02, SES-07: the first one stays as it was written."""
    first = make_audit_event(AuditType.SIGN_IN_FAILED, origin=Origin("192.0.2.7"))
    later = replace(first, at=first.at + MINUTE / 2, origin=Origin("192.0.2.8"))
    other = make_audit_event(AuditType.SIGN_IN_FAILED)
    for event in (first, later, other, later):
        async with transactions.begin() as tx:
            await tx.audit_events.count(event)
            await tx.commit()
    assert await by_id(transactions, first.id) == replace(first, attempts=3)
    assert await by_id(transactions, other.id) == other


async def test_attempts_at_the_same_moment_are_all_counted(transactions: FullStore) -> None:
    """LGN-10: none of them conflicts with another, which would take longer than a write."""
    event = make_audit_event(AuditType.SIGN_IN_FAILED)

    async def count() -> None:
        async with transactions.begin() as tx:
            await tx.audit_events.count(event)
            await tx.commit()

    await asyncio.gather(*(count() for _ in range(20)))
    assert await page(transactions, AuditQuery()) == [replace(event, attempts=20)]
