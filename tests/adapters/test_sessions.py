"""What every store of sessions does."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from bukhindor.domain.device import AppType, Device
from bukhindor.domain.session import Session, SessionPolicy
from bukhindor.domain.user import Role
from bukhindor.ports.store.full import FullStore
from tests.adapters.keeping import keep
from tests.makers import T0, make_session, make_user

OWNER = make_user("owner@example.com", id=uuid4())
FULL = make_session(
    OWNER,
    seed=bytes(range(32)),
    generation=2**40,
    confirmed=False,
    rotated_at=T0 + timedelta(microseconds=1),
    last_seen_at=T0 + timedelta(days=3),
    oldest_valid_generation=2**40 - 1,
    failed_prompts=7,
    device=Device("device-1", AppType.IOS, "1.2.3+4", "2001:db8::1", "Клиент/1.0"),
)
BARE = make_session(OWNER, device=Device())
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("session", [FULL, BARE])
async def test_a_session_comes_back_as_it_was_kept(transactions: FullStore, session: Session) -> None:
    await keep(transactions, OWNER, session)
    async with transactions.read() as stored:
        assert await stored.sessions.by_id(session.id) == session
        assert await stored.sessions.with_user(session.id) == (session, OWNER)
        assert await stored.sessions.of_user(OWNER.id) == [session]


async def test_an_unknown_session_is_none(transactions: FullStore) -> None:
    await keep(transactions, OWNER, BARE)
    async with transactions.read() as stored:
        assert await stored.sessions.by_id(uuid4()) is None
        assert await stored.sessions.with_user(uuid4()) is None
        assert await stored.sessions.of_user(uuid4()) == []


async def test_a_session_without_an_owner_is_a_mistake_of_the_program(transactions: FullStore) -> None:
    orphan = make_session(uuid4())
    with pytest.raises(Exception, match=r"FOREIGN KEY|foreign key|has no owner"):
        await keep(transactions, orphan)
    async with transactions.read() as stored:
        assert await stored.sessions.by_id(orphan.id) is None


async def test_sessions_of_a_user_come_newest_first(transactions: FullStore) -> None:
    sessions = [make_session(OWNER, created_at=T0 + n * MINUTE) for n in (1, 3, 2)]
    await keep(transactions, OWNER, *sessions)
    async with transactions.read() as stored:
        found = await stored.sessions.of_user(OWNER.id)
    assert found == [sessions[1], sessions[2], sessions[0]]


async def test_a_session_is_saved_as_it_moves_on(transactions: FullStore) -> None:
    other = make_session(OWNER)
    await keep(transactions, OWNER, FULL, other)
    moved = FULL.next_generation(T0 + 5 * MINUTE)
    async with transactions.begin() as tx:
        await tx.sessions.save(moved)
        await tx.commit()
    async with transactions.read() as stored:
        assert await stored.sessions.by_id(FULL.id) == moved
        assert await stored.sessions.by_id(other.id) == other


async def test_a_session_that_has_ended_stays_ended(transactions: FullStore) -> None:
    await keep(transactions, OWNER, BARE)
    async with transactions.begin() as tx:
        assert await tx.sessions.remove(BARE.id) is True
        await tx.sessions.save(replace(BARE, generation=2))
        assert await tx.sessions.remove(BARE.id) is False
        await tx.commit()
    async with transactions.read() as stored:
        assert await stored.sessions.by_id(BARE.id) is None


async def test_all_sessions_of_a_user_end_but_the_one_to_keep(transactions: FullStore) -> None:
    other = make_user()
    mine = [make_session(OWNER) for _ in range(3)]
    theirs = make_session(other)
    await keep(transactions, OWNER, other, theirs, *mine)
    async with transactions.begin() as tx:
        assert await tx.sessions.remove_of_user(OWNER.id, keep=mine[1].id) == 2
        assert await tx.sessions.of_user(OWNER.id) == [mine[1]]
        assert await tx.sessions.remove_of_user(OWNER.id) == 1
        assert await tx.sessions.remove_of_user(OWNER.id) == 0
        await tx.commit()
    async with transactions.read() as stored:
        assert await stored.sessions.of_user(OWNER.id) == []
        assert await stored.sessions.of_user(other.id) == [theirs]


async def test_the_sessions_unused_for_longest_end_beyond_a_number(transactions: FullStore) -> None:
    """SES-05: not the oldest ones; and one that was kept stays, also when a clock was set back."""
    other, policy, now = make_user(), SessionPolicy(), T0 + 10 * MINUTE
    mine = [make_session(OWNER, created_at=T0 + n * MINUTE, last_seen_at=T0 + (9 - n) * MINUTE) for n in range(5)]
    newest, theirs = make_session(OWNER, created_at=T0 - MINUTE), make_session(other, created_at=T0 - MINUTE)
    await keep(transactions, OWNER, other, theirs, newest, *mine)
    async with transactions.begin() as tx:
        assert await tx.sessions.remove_beyond(6, newest, OWNER.role, now, policy) == 0
        assert await tx.sessions.remove_beyond(3, newest, OWNER.role, now, policy) == 3
        await tx.commit()
    async with transactions.read() as stored:
        assert {*await stored.sessions.of_user(OWNER.id)} == {newest, mine[0], mine[1]}
        assert await stored.sessions.of_user(other.id) == [theirs]


@pytest.mark.parametrize("role", [Role.USER, Role.ADMIN])
async def test_sessions_that_are_over_take_no_place_and_are_not_counted(transactions: FullStore, role: Role) -> None:
    policy, owner = SessionPolicy(), make_user(role=role)
    absolute = policy.absolute_for(role)
    instant = timedelta(microseconds=1)
    over = [
        make_session(owner, created_at=T0 - absolute, last_seen_at=T0),
        make_session(owner, created_at=T0 - policy.idle, last_seen_at=T0 - policy.idle),
    ]
    live = make_session(owner, created_at=T0 - min(absolute, policy.idle) + instant)
    newest = make_session(owner, created_at=T0)
    await keep(transactions, owner, newest, live, *over)
    async with transactions.scan() as stored:
        assert await stored.sessions.count(T0, policy) == 2
    async with transactions.begin() as tx:
        assert await tx.sessions.remove_beyond(2, newest, role, T0, policy) == 2
        await tx.commit()
    async with transactions.read() as stored:
        assert await stored.sessions.of_user(owner.id) == [newest, live]


async def test_sessions_on_a_device_are_found_by_its_id(transactions: FullStore) -> None:
    other = make_user()
    mine = [make_session(OWNER, device=device) for device in (PHONE, PHONE, OTHER_PHONE, BROWSER)]
    await keep(transactions, OWNER, other, make_session(other, device=PHONE), *mine)
    async with transactions.read() as stored:
        assert {*await stored.sessions.on_device(OWNER.id, "phone-1")} == {mine[0].id, mine[1].id}
        assert await stored.sessions.on_device(OWNER.id, "phone-9") == []


@pytest.mark.parametrize("admin_absolute", [timedelta(hours=24), timedelta(days=400)])
async def test_exactly_the_sessions_whose_life_is_over_end(transactions: FullStore, admin_absolute: timedelta) -> None:
    policy = SessionPolicy(admin_absolute=admin_absolute)
    admin = make_user(role=Role.ADMIN)
    edges = {policy.idle, policy.absolute, policy.admin_absolute}
    sessions = {
        make_session(owner, created_at=T0 - age - shift, last_seen_at=T0 - seen - shift): owner
        for owner in (OWNER, admin)
        for age in edges
        for seen in (timedelta(0), policy.idle)
        for shift in (-timedelta(microseconds=1), timedelta(0))
    }
    await keep(transactions, OWNER, admin, *sessions)
    over = {session for session, owner in sessions.items() if session.is_over_at(T0, policy, owner.role)}
    assert 0 < len(over) < len(sessions)
    async with transactions.begin() as tx:
        assert await tx.sessions.remove_over(T0, policy) == len(over)
        assert await tx.sessions.remove_over(T0, policy) == 0
        await tx.commit()
    async with transactions.read() as stored:
        left = {*await stored.sessions.of_user(OWNER.id), *await stored.sessions.of_user(admin.id)}
    assert left == set(sessions) - over


PHONE, OTHER_PHONE = Device("phone-1", user_agent="App/1"), Device("phone-2", user_agent="App/1")
BROWSER, OTHER_BROWSER = Device(user_agent="Firefox"), Device(user_agent="Safari")
DEVICES = [PHONE, OTHER_PHONE, BROWSER, OTHER_BROWSER, Device()]


@pytest.mark.parametrize("known", DEVICES)
@pytest.mark.parametrize("asked", DEVICES)
async def test_a_device_is_known_as_the_domain_tells_it(transactions: FullStore, known: Device, asked: Device) -> None:
    """LGN-15: and other people's devices do not count."""
    await keep(transactions, OWNER, make_session(OWNER, device=known))
    async with transactions.read() as stored:
        assert await stored.sessions.has_device(OWNER.id, asked) is known.is_same_as(asked)
        assert not await stored.sessions.has_device(uuid4(), asked)


async def test_all_sessions_are_counted(transactions: FullStore) -> None:
    async with transactions.scan() as stored:
        assert await stored.sessions.count(T0, SessionPolicy()) == 0
    sessions = [make_session(OWNER) for _ in range(3)]
    await keep(transactions, OWNER, *sessions)
    async with transactions.begin() as tx:
        await tx.sessions.remove(sessions[0].id)
        await tx.commit()
    async with transactions.scan() as stored:
        assert await stored.sessions.count(T0, SessionPolicy()) == 2


async def test_what_a_new_role_or_password_changes_is_written(transactions: FullStore) -> None:
    """SES-03."""
    await keep(transactions, OWNER, BARE)
    changed = replace(BARE, seed=bytes(32), generation=5, oldest_valid_generation=5, failed_prompts=3)
    changed = changed.with_app_version("2.0")
    async with transactions.begin() as tx:
        await tx.sessions.save(changed)
        await tx.commit()
    async with transactions.read() as stored:
        assert await stored.sessions.by_id(BARE.id) == changed


async def test_access_tokens_of_one_user_are_refused_and_of_no_other(transactions: FullStore) -> None:
    """SES-03: each session refuses its own generations so far."""
    other = make_user()
    mine = [make_session(OWNER, generation=1), make_session(OWNER, generation=7, oldest_valid_generation=3)]
    theirs = make_session(other, generation=2)
    await keep(transactions, OWNER, other, *mine, theirs)
    async with transactions.begin() as tx:
        await tx.sessions.refuse_access_tokens_of(OWNER.id)
        await tx.commit()
    async with transactions.read() as stored:
        found = [await stored.sessions.by_id(session.id) for session in (*mine, theirs)]
    assert found == [
        replace(mine[0], oldest_valid_generation=2),
        replace(mine[1], oldest_valid_generation=8),
        theirs,
    ]
