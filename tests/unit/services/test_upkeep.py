"""Work in the background that no request causes."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bukhindor.domain.audit import AuditType, Retention
from bukhindor.domain.errors import StoreUnavailable
from bukhindor.domain.user import Role
from tests.makers import T0, address, make_audit_event, make_guest, make_one_time_token, make_queued_mail
from tests.unit.services.scene import Scene

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


async def test_sessions_that_are_over_are_removed_and_the_others_go_on(scene: Scene) -> None:
    """SES-08, RT-07: unused for 30 days, older than 180 days, an administrator's older than 24 hours."""
    user = await scene.add_user()
    admin = await scene.add_user(role=Role.ADMIN)
    over = [
        await scene.add_session(user, created_at=T0 - 30 * DAY),
        await scene.add_session(user, created_at=T0 - 180 * DAY, last_seen_at=T0),
        await scene.add_session(admin, created_at=T0 - DAY, last_seen_at=T0),
    ]
    alive = [
        await scene.add_session(user, created_at=T0 - 30 * DAY + HOUR),
        await scene.add_session(user, created_at=T0 - 180 * DAY + HOUR, last_seen_at=T0),
        await scene.add_session(admin, created_at=T0 - DAY + HOUR),
    ]
    assert await scene.services.upkeep.purge() == len(over)
    assert set(scene.store.committed.sessions) == {session.id for session in alive}
    assert set(scene.store.committed.users) == {user.id, admin.id}


async def test_tokens_given_up_mails_and_old_events_are_removed(scene: Scene) -> None:
    """SES-08, DP-01: an expired token at once, a given-up mail after seven days, an event after a year."""
    user, other = await scene.add_user(), await scene.add_user()
    await scene.store.one_time_tokens.put(make_one_time_token(user, expires_at=T0))
    alive = make_one_time_token(other, expires_at=T0 + SECOND)
    await scene.store.one_time_tokens.put(alive)
    mails = [
        make_queued_mail(failed_at=T0 - 7 * DAY - SECOND),
        make_queued_mail(failed_at=T0 - 7 * DAY),
        make_queued_mail(created_at=T0 - 100 * DAY),
    ]
    for queued in mails:
        await scene.store.outbox.add(queued)
    events = [make_audit_event(at=-365 * DAY - SECOND), make_audit_event(at=-365 * DAY)]
    for event in events:
        await scene.store.audit_events.add(event)
    assert await scene.services.upkeep.purge() == 3
    assert list(scene.store.committed.one_time_tokens.values()) == [alive]
    assert {queued.id for queued in scene.queued()} == {mails[1].id, mails[2].id}
    assert [event.id for event in scene.events()] == [events[1].id]


async def test_how_long_events_are_kept_can_be_set(scene: Scene) -> None:
    await scene.store.audit_events.add(make_audit_event(at=-2 * DAY))
    upkeep = replace(scene.services.upkeep, retention=Retention(audit=DAY))
    assert await upkeep.purge() == 1
    assert scene.events() == []


async def test_a_second_turn_finds_nothing_to_end(scene: Scene) -> None:
    await scene.add_session(await scene.add_user(), created_at=T0 - 31 * DAY)
    assert await scene.services.upkeep.purge() == 1
    assert await scene.services.upkeep.purge() == 0


async def test_nothing_ends_while_the_store_fails(scene: Scene) -> None:
    session = await scene.add_session(await scene.add_user(), created_at=T0 - 31 * DAY)
    scene.store.fail_next_commit = True
    with pytest.raises(StoreUnavailable):
        await scene.services.upkeep.purge()
    assert await scene.has_session(session)


async def test_guests_who_do_not_come_back_are_removed(scene: Scene) -> None:
    """Thirty days after the last use of any session. People stay, however long they were away."""
    gone, left, here, new = (
        make_guest(guest_seen_at=seen_at, created_at=seen_at)
        for seen_at in (T0 - 31 * DAY, T0 - 30 * DAY, T0 - 300 * DAY, T0 - 30 * DAY + SECOND)
    )
    for guest in (gone, left, here, new):
        await scene.store.users.add(guest)
    person = await scene.add_user(created_at=T0 - 300 * DAY)
    session = await scene.add_session(here, created_at=T0 - 100 * DAY, last_seen_at=T0 - HOUR)
    await scene.add_session(here, created_at=T0 - 29 * DAY)
    await scene.store.audit_events.add(make_audit_event(subject_id=gone.id, details={"kind": "guest"}))
    await scene.services.upkeep.purge()
    assert set(scene.store.committed.users) == {here.id, new.id, person.id}
    assert await scene.has_session(session)
    assert (await scene.user(here.id)).guest_seen_at == T0 - HOUR
    deleted = scene.events(AuditType.DELETED)
    assert {event.subject_id for event in deleted} == {gone.id, left.id}
    assert {event.actor_id for event in deleted} == {None}
    assert [event.details for event in scene.events(AuditType.SIGNED_IN)] == [{}]
    assert scene.queued() == []


async def test_a_guest_whose_sessions_are_unused_as_long_is_removed(scene: Scene) -> None:
    guest = make_guest(guest_seen_at=T0 - 10 * DAY)
    await scene.store.users.add(guest)
    await scene.add_session(guest, created_at=T0 - 9 * DAY)
    upkeep = replace(scene.services.upkeep, retention=Retention(guests=9 * DAY))
    assert await upkeep.purge() == 1
    assert (scene.store.committed.users, scene.store.committed.sessions) == ({}, {})


async def test_many_guests_are_removed_a_few_at_a_time(scene: Scene) -> None:
    for number in range(120):
        await scene.store.users.add(make_guest(guest_seen_at=T0 - 31 * DAY - number * SECOND))
    assert await scene.services.upkeep.purge() == 120
    assert (scene.store.committed.users, scene.store.commits) == ({}, 4)


async def test_guests_can_be_kept_without_end(scene: Scene) -> None:
    await scene.store.users.add(make_guest(guest_seen_at=T0 - 3000 * DAY))
    upkeep = replace(scene.services.upkeep, retention=Retention(guests=None))
    assert await upkeep.purge() == 0
    assert len(scene.store.committed.users) == 1


async def test_a_guest_who_got_an_address_from_an_earlier_release_stays(scene: Scene) -> None:
    """It runs beside this one during an update, and knows of no guests."""
    person = replace(make_guest(guest_seen_at=T0 - 31 * DAY), email=address("ann@example.com"))
    await scene.store.users.add(person)
    assert await scene.services.upkeep.purge() == 1
    assert (await scene.user(person.id)).guest_seen_at is None
    assert await scene.services.upkeep.purge() == 0
