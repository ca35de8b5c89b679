"""Managing users: who may, what it changes, and what stays as it was."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Operator, Person
from bukhindor.domain.errors import (
    BukhindorError,
    EmailTaken,
    Forbidden,
    InvalidAccessToken,
    InvalidInput,
    InvalidRefreshToken,
    InvalidValue,
    ReauthenticationRequired,
    StoreUnavailable,
    UserNotFound,
)
from bukhindor.domain.one_time_token import Purpose
from bukhindor.domain.password import NewPassword
from bukhindor.domain.user import Role, Status, User, UserChanges
from bukhindor.domain.user_listing import UserQuery
from tests.makers import T0, address
from tests.unit.services.scene import PASSWORD, Scene

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
NOBODY = UUID(int=4711)
BEA = address("bea@example.com")
NEW_PASSWORD = NewPassword("saffron-bicycle-7")


async def create(scene: Scene, actor: Person, role: Role = Role.USER, status: Status = Status.ACTIVE) -> User:
    return await scene.services.user_admin.create(actor, "Bea Example", BEA, PASSWORD, role, status)


ADMIN_ONLY: dict[str, Callable[[Scene, Person, UUID], Awaitable[Any]]] = {
    "page": lambda scene, actor, _: scene.services.user_listing.page(actor, UserQuery()),
    "create": lambda scene, actor, _: create(scene, actor, Role.ADMIN),
    "find": lambda scene, actor, _: scene.services.user_admin.find(actor, address("ann@example.com")),
    "sessions_of": lambda scene, actor, user_id: scene.services.user_admin.sessions_of(actor, user_id),
    "end_sessions": lambda scene, actor, user_id: scene.services.user_admin.end_sessions(actor, user_id),
    "reset": lambda scene, actor, user_id: scene.services.user_admin.send_password_reset(actor, user_id),
}
FOR_ONESELF: dict[str, Callable[[Scene, Person, UUID], Awaitable[Any]]] = {
    "get": lambda scene, actor, user_id: scene.services.user_admin.get(actor, user_id),
    "change": lambda scene, actor, user_id: scene.services.user_admin.change(actor, user_id, UserChanges(name="X")),
    "change nothing": lambda scene, actor, user_id: scene.services.user_admin.change(actor, user_id, UserChanges()),
    "remove": lambda scene, actor, user_id: scene.services.user_admin.remove(actor, user_id),
}


async def assert_refused(
    scene: Scene, doing: Callable[[], Awaitable[Any]], refusal: type[BukhindorError]
) -> BukhindorError:
    """Nothing is written and nothing hashed for it."""
    before, commits = scene.snapshot(), scene.store.commits
    with pytest.raises(refusal) as refused:
        await doing()
    assert scene.snapshot() == before
    assert (scene.store.commits, scene.hasher.hashed) == (commits, 0)
    return refused.value


@pytest.mark.parametrize("call", ADMIN_ONLY)
@pytest.mark.parametrize("role", [Role.USER, Role.GUEST])
async def test_managing_others_is_for_administrators(scene: Scene, role: Role, call: str) -> None:
    """AZ-03, AZ-13: refused before anything is read, even for the own account."""
    await scene.add_user("ann@example.com")
    caller = await scene.add_caller(role)
    await assert_refused(scene, lambda: ADMIN_ONLY[call](scene, caller, caller.user.id), Forbidden)


@pytest.mark.parametrize("call", FOR_ONESELF)
@pytest.mark.parametrize("role", [Role.USER, Role.GUEST])
async def test_another_user_does_not_exist_for_those_who_may_not_see_it(scene: Scene, role: Role, call: str) -> None:
    """AZ-02: the same response for one that is there and one that is not."""
    caller, other = await scene.add_caller(role), await scene.add_caller()
    for user_id in (other.user.id, NOBODY):
        await assert_refused(scene, partial(FOR_ONESELF[call], scene, caller, user_id), UserNotFound)


@pytest.mark.parametrize("call", sorted({*FOR_ONESELF, *ADMIN_ONLY} - {"page", "create"}))
async def test_an_unknown_user_is_reported_to_administrators(scene: Scene, call: str) -> None:
    admin = await scene.add_caller(Role.ADMIN)
    doing = {**FOR_ONESELF, **ADMIN_ONLY}[call]
    await assert_refused(scene, lambda: doing(scene, admin, NOBODY), UserNotFound)


@pytest.mark.parametrize("role", Role)
async def test_every_user_may_see_the_own_account(scene: Scene, role: Role) -> None:
    caller = await scene.add_caller(role)
    assert await scene.services.user_admin.get(caller, caller.user.id) == caller.user
    assert scene.store.commits == 0


async def test_administrators_and_the_operator_see_everybody(scene: Scene) -> None:
    admin, caller = await scene.add_caller(Role.ADMIN), await scene.add_caller()
    for actor in (admin, Operator()):
        assert await scene.services.user_admin.get(actor, caller.user.id) == caller.user
        assert await scene.services.user_admin.find(actor, caller.user.email) == caller.user
        assert await scene.services.user_admin.sessions_of(actor, caller.user.id) == (caller.user, [caller.session])
        page = await scene.services.user_listing.page(actor, UserQuery(role=Role.USER))
        assert (page.users, page.total, page.next) == ((caller.user,), 1, None)
    assert scene.store.commits == 0


async def test_the_page_knows_which_bans_have_run_out(scene: Scene) -> None:
    user = await scene.add_user(status=Status.BANNED, status_until=T0 + DAY)
    banned = UserQuery(status=Status.BANNED)
    assert (await scene.services.user_listing.page(Operator(), banned)).users == (user,)
    scene.clock.advance(DAY)
    assert (await scene.services.user_listing.page(Operator(), banned)).users == ()


async def test_people_change_their_own_name(scene: Scene) -> None:
    caller = await scene.add_caller()
    now = scene.clock.advance(MINUTE)
    changed = await scene.services.user_admin.change(caller, caller.user.id, UserChanges(name="Bea"))
    assert (changed.name, changed.updated_at) == ("Bea", now)
    assert await scene.user(caller.user.id) == changed
    assert await scene.has_session(caller.session)


FOR_ADMINS = {
    "email": UserChanges(email=BEA),
    "role": UserChanges(role=Role.ADMIN),
    "status": UserChanges(status=Status.INACTIVE),
    "reason": UserChanges(status_reason="why not"),
    "end": UserChanges(status_until=T0 + DAY),
    "name and role": UserChanges(name="Bea", role=Role.ADMIN),
}


@pytest.mark.parametrize("what", FOR_ADMINS)
@pytest.mark.parametrize("role", [Role.USER, Role.GUEST])
async def test_people_change_nothing_else_about_themselves(scene: Scene, role: Role, what: str) -> None:
    """AZ-04, AZ-13: and the name beside a forbidden change is not changed either."""
    caller = await scene.add_caller(role)
    change = scene.services.user_admin.change
    await assert_refused(scene, lambda: change(caller, caller.user.id, FOR_ADMINS[what]), Forbidden)


async def test_a_guest_does_not_change_even_its_name(scene: Scene) -> None:
    """AZ-13."""
    caller = await scene.add_caller(Role.GUEST)
    change = scene.services.user_admin.change
    await assert_refused(scene, lambda: change(caller, caller.user.id, UserChanges(name="Bea")), Forbidden)


@pytest.mark.parametrize("role", Role)
async def test_sending_a_whole_user_back_is_no_change_and_needs_no_right(scene: Scene, role: Role) -> None:
    caller = await scene.add_caller(role)
    before = scene.snapshot()
    scene.clock.advance(MINUTE)
    same = UserChanges(caller.user.name, caller.user.email, role, Status.ACTIVE)
    assert await scene.services.user_admin.change(caller, caller.user.id, same) == caller.user
    assert scene.snapshot() == before


async def test_a_repeated_change_is_not_answered_before_the_first_is_on_the_disk(scene: Scene) -> None:
    caller = await scene.add_caller()
    scene.store.fail_next_commit = True
    with pytest.raises(StoreUnavailable):
        await scene.services.user_admin.change(Operator(), caller.user.id, UserChanges(name=caller.user.name))


async def test_administrators_change_everything(scene: Scene) -> None:
    admin, caller = await scene.add_caller(Role.ADMIN), await scene.add_caller(email_verified=True)
    changes = UserChanges("Bea", BEA, Role.GUEST)
    changed = await scene.services.user_admin.change(admin, caller.user.id, changes)
    assert (changed.name, changed.email, changed.role, changed.email_verified) == ("Bea", BEA, Role.GUEST, False)
    assert changed.password_hash == caller.user.password_hash
    assert await scene.has_session(caller.session)


async def test_an_address_of_another_account_can_not_be_given(scene: Scene) -> None:
    caller, _ = await scene.add_caller(), await scene.add_user("bea@example.com")
    change = scene.services.user_admin.change
    await assert_refused(scene, lambda: change(Operator(), caller.user.id, UserChanges("Bea", BEA)), EmailTaken)


async def test_a_ban_into_the_past_is_refused(scene: Scene) -> None:
    caller = await scene.add_caller()
    changes = UserChanges(status=Status.BANNED, status_until=T0 - MINUTE)
    await assert_refused(
        scene, lambda: scene.services.user_admin.change(Operator(), caller.user.id, changes), InvalidInput
    )


@pytest.mark.parametrize("status", [Status.BANNED, Status.INACTIVE])
async def test_who_stops_being_active_is_signed_out_everywhere(scene: Scene, status: Status) -> None:
    """JWT-10, AZ-07: no one else is; and being active again brings no session back."""
    user, stranger = await scene.add_user(), await scene.add_caller()
    devices = [await scene.sign_in(user) for _ in range(2)]
    await scene.services.user_admin.change(Operator(), user.id, UserChanges(status=status))
    await scene.services.user_admin.change(Operator(), user.id, UserChanges(status=Status.ACTIVE))
    for tokens in devices:
        with pytest.raises(InvalidAccessToken):
            await scene.caller_of(tokens)
        with pytest.raises(InvalidRefreshToken):
            await scene.refresh(tokens)
    assert await scene.has_session(stranger.session)
    await scene.caller_of(await scene.sign_in(user))


async def test_a_temporary_ban_ends_by_itself(scene: Scene) -> None:
    user = await scene.add_user()
    changes = UserChanges(status=Status.BANNED, status_reason="spam", status_until=T0 + DAY)
    banned = await scene.services.user_admin.change(Operator(), user.id, changes)
    assert (banned.status_at(T0), banned.status_reason) == (Status.BANNED, "spam")
    scene.clock.advance(DAY)
    await scene.caller_of(await scene.sign_in(user))
    renamed = await scene.services.user_admin.change(Operator(), user.id, UserChanges(name="Bea"))
    assert (renamed.status, renamed.status_reason, renamed.status_until) == (Status.ACTIVE, None, None)
    assert len(await scene.store.sessions.of_user(user.id)) == 1


@pytest.mark.parametrize("role", [Role.USER, Role.GUEST])
async def test_people_delete_themselves_with_all_their_sessions(scene: Scene, role: Role) -> None:
    caller, stranger = await scene.add_caller(role), await scene.add_caller()
    await scene.add_session(caller.user)
    await scene.services.user_admin.remove(caller, caller.user.id, PASSWORD)
    assert set(scene.store.committed.users) == {stranger.user.id}
    assert set(scene.store.committed.sessions) == {stranger.session.id}


async def test_a_deleted_address_can_be_registered_again_and_is_another_account(scene: Scene) -> None:
    user = await scene.add_user("bea@example.com")
    await scene.services.user_admin.remove(Operator(), user.id)
    assert (await create(scene, Operator())).id != user.id


async def test_deleting_twice_finds_no_user_the_second_time(scene: Scene) -> None:
    user = await scene.add_user()
    await scene.services.user_admin.remove(Operator(), user.id)
    await assert_refused(scene, lambda: scene.services.user_admin.remove(Operator(), user.id), UserNotFound)


async def test_administrators_end_all_sessions_of_a_user(scene: Scene) -> None:
    """SES-04: on the very next call, and only theirs."""
    admin, user = await scene.add_caller(Role.ADMIN), await scene.add_user()
    devices = [await scene.sign_in(user) for _ in range(3)]
    assert await scene.services.user_admin.end_sessions(admin, user.id) == 3
    for tokens in devices:
        with pytest.raises(InvalidAccessToken):
            await scene.caller_of(tokens)
    assert await scene.has_session(admin.session)
    assert await scene.services.user_admin.end_sessions(admin, user.id) == 0


@pytest.mark.parametrize("call", ["change", "remove", "end_sessions", "reset"])
async def test_what_was_not_stored_did_not_happen(scene: Scene, call: str) -> None:
    caller = await scene.add_caller()
    before = scene.snapshot()
    scene.store.fail_next_commit = True
    with pytest.raises(StoreUnavailable):
        await {**FOR_ONESELF, **ADMIN_ONLY}[call](scene, Operator(), caller.user.id)
    assert scene.snapshot() == before


async def test_rights_are_those_of_the_moment_of_the_write(scene: Scene) -> None:
    """AZ-07: an administrator that was demoted or signed out after the request was admitted changes nothing."""
    admin = await scene.add_caller(Role.ADMIN)
    await scene.add_user(role=Role.ADMIN)
    await scene.services.user_admin.change(Operator(), admin.user.id, UserChanges(role=Role.USER))
    before = scene.state()
    with pytest.raises(Forbidden):
        await scene.services.user_admin.change(admin, admin.user.id, UserChanges(role=Role.ADMIN))
    with pytest.raises(Forbidden):
        await create(scene, admin)
    await scene.log_out(admin)
    with pytest.raises(InvalidAccessToken):
        await create(scene, admin)
    assert scene.state()[0] == before[0]


async def test_an_own_address_that_moved_meanwhile_is_not_moved_back_without_the_password(scene: Scene) -> None:
    """SES-06: what was no change when the request was admitted is one now."""
    admin = await scene.add_caller(Role.ADMIN, email="ada@example.com")
    moved = replace(admin.user, email=address("new@example.com"))
    await scene.store.users.save(moved)
    for password in (None, PASSWORD):
        with pytest.raises(ReauthenticationRequired):
            await scene.services.user_admin.change(
                admin, admin.user.id, UserChanges(email=address("ada@example.com")), password
            )
    assert await scene.user(admin.user.id) == moved


async def test_a_password_that_changed_meanwhile_proves_nothing(scene: Scene) -> None:
    """SES-06: the hash took its time."""
    admin = await scene.add_caller(Role.ADMIN)

    async def change_elsewhere() -> None:
        await scene.store.users.save(admin.user.with_password_hash("hashed:from elsewhere", T0))

    scene.hasher.during_verify = change_elsewhere
    changes = UserChanges(email=address("new@example.com"))
    with pytest.raises(ReauthenticationRequired):
        await scene.services.user_admin.change(admin, admin.user.id, changes, PASSWORD)


async def test_the_operator_sets_a_password_and_ends_all_sessions(scene: Scene) -> None:
    """Audited; and a mailed link of before is worth nothing."""
    user, stranger = await scene.add_user(failed_sign_ins=3), await scene.add_caller()
    await scene.sign_in(user)
    await scene.services.user_admin.send_password_reset(Operator(), user.id)
    now = scene.clock.advance(MINUTE)
    changed = await scene.services.user_admin.set_password(Operator(), user.id, NEW_PASSWORD)
    assert await scene.user(user.id) == changed
    assert (changed.failed_sign_ins, changed.updated_at) == (0, now)
    assert changed.password_hash not in (None, user.password_hash)
    assert not await scene.store.sessions.of_user(user.id)
    assert await scene.has_session(stranger.session)
    assert await scene.store.one_time_tokens.of_user(user.id, Purpose.RESET_PASSWORD) is None
    *_, event = scene.events()
    assert (event.type, event.subject_id, event.actor_id) == (AuditType.PASSWORD_CHANGED, user.id, None)


@pytest.mark.parametrize("password", ["short", "password123"])
async def test_the_operator_sets_no_password_against_the_rules(scene: Scene, password: str) -> None:
    user = await scene.add_user()
    before = scene.snapshot()
    with pytest.raises(InvalidValue):
        await scene.services.user_admin.set_password(Operator(), user.id, NewPassword(password))
    assert (scene.snapshot(), scene.hasher.hashed) == (before, 0)


async def test_the_operator_sets_no_password_of_an_unknown_user(scene: Scene) -> None:
    setting = scene.services.user_admin.set_password
    await assert_refused(scene, lambda: setting(Operator(), NOBODY, NEW_PASSWORD), UserNotFound)
