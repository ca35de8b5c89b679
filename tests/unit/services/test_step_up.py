"""A dangerous act needs a fresh sign-in, or the password in the request."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bukhindor.domain.act import Act
from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller, Operator
from bukhindor.domain.errors import Forbidden, IncorrectPassword, InvalidAccessToken, ReauthenticationRequired
from bukhindor.domain.sign_in_method import Method
from bukhindor.domain.user import Role, Status, User, UserChanges
from tests.makers import address
from tests.unit.services.scene import PASSWORD, WRONG_PASSWORD, Scene

MINUTE = timedelta(minutes=1)
BAN = UserChanges(status=Status.BANNED)


async def refused_methods(scene: Scene, caller: Caller, user: User, changes: UserChanges) -> tuple[Method, ...]:
    """What the refusal of a change names; it is checked that nothing was changed or recorded."""
    before = scene.snapshot()
    with pytest.raises(ReauthenticationRequired) as refused:
        await scene.services.user_admin.change(caller, user.id, changes)
    assert scene.snapshot() == before
    return refused.value.methods


@pytest.mark.parametrize(
    "changes",
    [BAN, UserChanges(role=Role.GUEST), UserChanges(email=address("moved@example.com"))],
    ids=["status", "role", "address"],
)
async def test_an_administrator_acts_on_others_for_ten_minutes_after_signing_in(
    scene: Scene, changes: UserChanges
) -> None:
    admin, user = await scene.add_caller(Role.ADMIN), await scene.add_user()
    scene.clock.advance(10 * MINUTE)
    assert await refused_methods(scene, admin, user, changes) == (Method.PASSWORD,)
    scene.clock.advance(-MINUTE)
    changed = await scene.services.user_admin.change(admin, user.id, changes)
    assert changed != user


async def test_the_administrators_own_password_takes_the_place_of_a_fresh_sign_in(scene: Scene) -> None:
    admin, user = await scene.add_caller(Role.ADMIN), await scene.add_user()
    scene.clock.advance(30 * MINUTE)
    with pytest.raises(IncorrectPassword):
        await scene.services.user_admin.change(admin, user.id, BAN, WRONG_PASSWORD)
    assert (await scene.user(user.id)).status is Status.ACTIVE
    assert (await scene.services.user_admin.change(admin, user.id, BAN, PASSWORD)).status is Status.BANNED


async def test_a_new_name_and_what_is_so_already_need_no_fresh_sign_in(scene: Scene) -> None:
    admin, user = await scene.add_caller(Role.ADMIN), await scene.add_user()
    scene.clock.advance(30 * MINUTE)
    changes = UserChanges(name="Bea", email=user.email, role=user.role, status=user.status)
    assert (await scene.services.user_admin.change(admin, user.id, changes)).name == "Bea"


@pytest.mark.parametrize(
    ("has_factor", "methods"), [(False, (Method.PASSWORD,)), (True, (Method.OTP, Method.RECOVERY))]
)
async def test_what_changed_since_the_proof_needs_a_proof(
    scene: Scene, has_factor: bool, methods: tuple[Method, ...]
) -> None:
    """The role that the administrator sends back was theirs a moment ago, so nothing was proved for it."""
    admin, user = await scene.add_caller(Role.ADMIN, has_factor=has_factor), await scene.add_user()
    changes = UserChanges(role=Role.USER, status=Status.BANNED)

    async def promote() -> None:
        await scene.store.users.save(replace(user, role=Role.GUEST))

    scene.hasher.during_verify = promote
    scene.clock.advance(30 * MINUTE)
    with pytest.raises(ReauthenticationRequired) as refused:
        await scene.services.user_admin.change(admin, user.id, changes, PASSWORD)
    assert refused.value.methods == methods
    assert (await scene.user(user.id)).role is Role.GUEST


async def test_a_person_without_the_right_learns_nothing_of_freshness(scene: Scene) -> None:
    caller = await scene.add_caller()
    scene.clock.advance(30 * MINUTE)
    with pytest.raises(Forbidden):
        await scene.services.user_admin.change(caller, caller.user.id, UserChanges(role=Role.ADMIN))


async def test_deleting_others_ending_their_sessions_and_making_administrators_need_a_fresh_sign_in(
    scene: Scene,
) -> None:
    admin, user = await scene.add_caller(Role.ADMIN), await scene.add_user()
    await scene.add_session(user)
    scene.clock.advance(10 * MINUTE)
    before = scene.snapshot()
    admins = scene.services.user_admin
    with pytest.raises(ReauthenticationRequired):
        await admins.remove(admin, user.id)
    with pytest.raises(ReauthenticationRequired):
        await admins.end_sessions(admin, user.id)
    with pytest.raises(ReauthenticationRequired):
        await admins.create(admin, "Eve", address("eve@example.com"), PASSWORD, Role.ADMIN)
    assert scene.snapshot() == before
    scene.clock.advance(-MINUTE)
    assert await admins.end_sessions(admin, user.id) == 1
    await admins.remove(admin, user.id)
    assert (await admins.create(admin, "Eve", address("eve@example.com"), PASSWORD, Role.ADMIN)).role is Role.ADMIN


async def test_ending_ones_own_sessions_and_making_users_need_none(scene: Scene) -> None:
    admin = await scene.add_caller(Role.ADMIN)
    scene.clock.advance(30 * MINUTE)
    await scene.services.user_admin.create(admin, "Ann", address("ann@example.com"), PASSWORD)
    assert await scene.services.user_admin.end_sessions(admin, admin.user.id) == 1


async def test_the_operator_has_no_sign_in_to_be_fresh(scene: Scene) -> None:
    user = await scene.add_user()
    scene.clock.advance(30 * MINUTE)
    assert (await scene.services.user_admin.change(Operator(), user.id, BAN)).status is Status.BANNED


async def test_an_account_without_a_password_is_deleted_after_a_fresh_sign_in(scene: Scene) -> None:
    caller = await scene.add_caller(password_hash=None)
    scene.clock.advance(10 * MINUTE)
    with pytest.raises(ReauthenticationRequired) as refused:
        await scene.services.own_account.delete(caller, None)
    assert refused.value.methods == (Method.MAIL,)
    assert await scene.user(caller.user.id) == caller.user
    scene.clock.advance(-MINUTE)
    await scene.services.own_account.delete(caller, None)
    assert await scene.store.users.by_id(caller.user.id) is None


async def test_an_account_without_a_password_changes_its_address_after_a_fresh_sign_in(scene: Scene) -> None:
    caller = await scene.add_caller(password_hash=None)
    new = address("moved@example.com")
    scene.clock.advance(10 * MINUTE)
    with pytest.raises(ReauthenticationRequired):
        await scene.services.email_change.request(caller, new, None)
    assert scene.queued() == []
    scene.clock.advance(-MINUTE)
    await scene.services.email_change.request(caller, new, None)
    assert {to for _, to in scene.mails()} == {new.value, caller.user.email.value}


@pytest.mark.parametrize("methods", [(Method.PASSWORD, Method.OTP), (Method.PASSKEY,)])
async def test_two_fresh_factors_take_the_place_of_the_password(scene: Scene, methods: tuple[Method, ...]) -> None:
    user = await scene.add_user()
    caller = Caller(user, await scene.add_session(user, methods=methods))
    await scene.services.own_account.delete(caller, None)
    assert await scene.store.users.by_id(user.id) is None


async def test_a_fresh_sign_in_with_the_password_does_not_take_the_place_of_it(scene: Scene) -> None:
    """SES-06: who holds a stolen session has not the password."""
    caller = await scene.add_caller()
    with pytest.raises(ReauthenticationRequired) as refused:
        await scene.services.own_account.delete(caller, None)
    assert refused.value.methods == (Method.PASSWORD,)


async def test_the_password_makes_the_sign_in_of_the_session_fresh(scene: Scene) -> None:
    user = await scene.add_user("ann@example.com")
    tokens = await scene.sign_in(user)
    scene.clock.advance(10 * MINUTE)
    caller = await scene.caller_of(tokens)
    fresh = await scene.services.reauthentication.prove(caller, PASSWORD)
    session = await scene.session(caller.session.id)
    assert session.is_fresh_at(scene.clock.now(), scene.policy)
    assert (session.methods, session.generation) == ((Method.PASSWORD,), caller.session.generation)
    assert fresh.refresh_token == tokens.refresh_token
    assert scene.access_tokens.issued[fresh.access_token].authenticated_at == scene.clock.now()
    assert scene.events()[-1].type is AuditType.REAUTHENTICATED


async def test_a_wrong_password_makes_nothing_fresh_and_is_recorded(scene: Scene) -> None:
    caller = await scene.add_caller()
    scene.clock.advance(10 * MINUTE)
    with pytest.raises(IncorrectPassword):
        await scene.services.reauthentication.prove(caller, WRONG_PASSWORD)
    session = await scene.session(caller.session.id)
    assert session.authenticated_at == caller.session.authenticated_at
    (event,) = scene.events()
    assert (event.type, event.details["act"]) == (AuditType.PASSWORD_CHECK_FAILED, "reauthenticate")


async def test_a_session_that_ended_while_the_password_was_compared_stays_ended(scene: Scene) -> None:
    caller = await scene.add_caller()

    async def end() -> None:
        await scene.store.sessions.remove(caller.session.id)

    scene.hasher.during_verify = end
    with pytest.raises(InvalidAccessToken):
        await scene.services.reauthentication.prove(caller, PASSWORD)
    assert not await scene.has_session(caller.session)


async def test_no_act_is_no_question(scene: Scene) -> None:
    caller = await scene.add_caller()
    scene.clock.advance(30 * MINUTE)
    step_up = scene.services.reauthentication.step_up
    await step_up.prove(caller)
    with pytest.raises(ReauthenticationRequired):
        await step_up.prove(caller, Act.CHANGE_ROLE)
