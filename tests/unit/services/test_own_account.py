"""People take their data along, and are forgotten."""

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller, Operator
from bukhindor.domain.errors import (
    IncorrectPassword,
    InvalidAccessToken,
    LastAdmin,
    RateLimited,
    ReauthenticationRequired,
    StoreUnavailable,
)
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.one_time_token import Purpose
from bukhindor.domain.origin import NOWHERE, Origin
from bukhindor.domain.rate_limit import PASSWORD_PROMPTS_PER_SESSION
from bukhindor.domain.user import Role, Status, UserChanges
from tests.makers import ORIGIN, T0, address, make_audit_event
from tests.unit.services.proof_flows import FLOWS
from tests.unit.services.scene import PASSWORD, WRONG_PASSWORD, Scene


async def delete(scene: Scene, caller: Caller) -> None:
    await scene.services.own_account.delete(caller, PASSWORD)


async def test_the_export_holds_the_person_its_sessions_and_what_happened(scene: Scene) -> None:
    stranger = await scene.add_caller()
    await scene.services.sessions.log_out_everywhere(stranger, keep_current=True)
    user = await scene.add_user("ann@example.com")
    caller = await scene.caller_of(await scene.sign_in(user))
    other = await scene.add_session(user)
    data = await scene.services.own_account.export(caller)
    assert data.user == await scene.user(user.id)
    assert {session.id for session in data.sessions} == {caller.session.id, other.id}
    assert [event.type for event in data.events] == [AuditType.EXPORTED, AuditType.SIGNED_IN]
    assert {event.subject_id for event in data.events} == {user.id}


async def test_an_export_is_recorded_before_it_is_given(scene: Scene) -> None:
    """LOG-04."""
    caller = await scene.add_caller()
    scene.store.fail_next_commit = True
    with pytest.raises(StoreUnavailable):
        await scene.services.own_account.export(caller)
    assert scene.events() == []


async def test_the_export_shows_from_where_the_account_was_used_but_no_administrators_device(scene: Scene) -> None:
    """AZ-05: what an administrator did is about the person; the administrator's address is not."""
    admin, caller = await scene.add_caller(Role.ADMIN), await scene.add_caller()
    await scene.services.user_admin.change(admin, caller.user.id, UserChanges(name="Bea"))
    await scene.store.audit_events.add(make_audit_event(AuditType.SIGN_IN_FAILED, subject_id=caller.user.id))
    by_type = {event.type: event for event in (await scene.services.own_account.export(caller)).events}
    renamed, failed, exported = (
        by_type[type] for type in (AuditType.RENAMED, AuditType.SIGN_IN_FAILED, AuditType.EXPORTED)
    )
    assert (renamed.actor_id, renamed.origin, renamed.session_id) == (admin.user.id, NOWHERE, None)
    assert failed.origin.ip == exported.origin.ip == ORIGIN.ip
    assert exported.session_id == caller.session.id


async def test_an_account_deleted_at_the_same_moment_is_not_exported(scene: Scene) -> None:
    caller = await scene.add_caller()
    await scene.store.users.remove(caller.user.id)
    with pytest.raises(InvalidAccessToken):
        await scene.services.own_account.export(caller)


async def test_deletion_removes_everything_personal_and_tells_once(scene: Scene) -> None:
    """DP-01, AZ-14: user, sessions, tokens and waiting mails go; of what happened the facts and the id stay."""
    stranger = await scene.add_caller()
    user = await scene.add_user("ann@example.com", name="Ann Lee")
    for flow in FLOWS:
        await flow.proofs(scene, user)
    await scene.services.email_verification.request(stranger.user.email, ORIGIN)
    with pytest.raises(IncorrectPassword):
        await scene.services.own_account.delete(await scene.caller_of(await scene.sign_in(user)), WRONG_PASSWORD)
    caller = await scene.caller_of(await scene.sign_in(user))
    recorded = len(scene.events())
    await delete(scene, caller)

    assert set(scene.store.committed.users) == {stranger.user.id}
    assert set(scene.store.committed.sessions) == {stranger.session.id}
    assert set(scene.store.committed.one_time_tokens) == {(stranger.user.id, Purpose.VERIFY_EMAIL)}
    assert scene.mails() == [
        (LetterKind.VERIFY_EMAIL, stranger.user.email.value),
        (LetterKind.ACCOUNT_DELETED, "ann@example.com"),
    ]
    assert len(scene.events()) == recorded + 1
    (deleted,) = scene.events(AuditType.DELETED)
    assert (deleted.actor_id, deleted.subject_id) == (user.id, user.id)
    for event in scene.events():
        if user.id in (event.actor_id, event.subject_id):
            assert (event.origin, event.details) == (Origin(request_id=event.origin.request_id), {})
    kept = repr(scene.events())
    assert "ann@" not in kept
    assert "Ann Lee" not in kept


async def test_an_administrator_who_deletes_a_user_leaves_their_own_trace_only(scene: Scene) -> None:
    """DP-01: the same, and who did it and from where stays."""
    admin, user = await scene.add_caller(Role.ADMIN), await scene.add_user("ann@example.com")
    for flow in FLOWS:
        await flow.proofs(scene, user)
    await scene.services.user_admin.remove(admin, user.id)
    assert scene.store.committed.one_time_tokens == {}
    assert scene.mails() == [(LetterKind.ACCOUNT_DELETED, "ann@example.com")]
    (deleted,) = scene.events(AuditType.DELETED)
    assert (deleted.actor_id, deleted.subject_id, deleted.origin.ip) == (admin.user.id, user.id, ORIGIN.ip)
    assert "ann@" not in repr(scene.events())


async def test_a_deletion_without_the_password_changes_nothing(scene: Scene) -> None:
    """SES-06: each wrong password is counted and recorded, and ten are enough."""
    caller = await scene.add_caller()
    for _ in range(PASSWORD_PROMPTS_PER_SESSION.hits):
        with pytest.raises(IncorrectPassword):
            await scene.services.own_account.delete(caller, WRONG_PASSWORD)
    with pytest.raises(RateLimited):
        await delete(scene, caller)
    assert await scene.has_session(caller.session)
    assert scene.recorded() == [AuditType.PASSWORD_CHECK_FAILED] * PASSWORD_PROMPTS_PER_SESSION.hits
    assert scene.hasher.verified == PASSWORD_PROMPTS_PER_SESSION.hits


async def test_a_deletion_that_carries_no_password_asks_for_it(scene: Scene) -> None:
    """SES-06: nothing is counted or recorded; the client has to prompt."""
    caller = await scene.add_caller()
    before = scene.snapshot()
    with pytest.raises(ReauthenticationRequired):
        await scene.services.own_account.delete(caller, None)
    assert (scene.snapshot(), scene.limiter.taken) == (before, [])


async def test_a_deletion_that_was_not_stored_did_not_happen(scene: Scene) -> None:
    """LOG-04: the account and its record are both unchanged."""
    caller = await scene.add_caller()
    await scene.services.email_verification.request(caller.user.email, ORIGIN)
    before = scene.snapshot()
    scene.store.fail_next_commit = True
    with pytest.raises(StoreUnavailable):
        await delete(scene, caller)
    assert scene.snapshot() == before
    await delete(scene, caller)


async def test_the_last_administrator_does_not_go(scene: Scene) -> None:
    """AZ-06."""
    admin = await scene.add_caller(Role.ADMIN)
    before = scene.snapshot()
    with pytest.raises(LastAdmin):
        await delete(scene, admin)
    assert scene.snapshot() == before
    await scene.add_user(role=Role.ADMIN)
    await delete(scene, admin)


async def test_who_became_the_last_administrator_meanwhile_does_not_go_either(scene: Scene) -> None:
    """AZ-06, REL-18: what the caller was when it was admitted does not count."""
    caller, admin = await scene.add_caller(), await scene.add_caller(Role.ADMIN)

    async def hand_over() -> None:
        await scene.services.user_admin.change(admin, caller.user.id, UserChanges(role=Role.ADMIN))
        await scene.services.user_admin.change(admin, admin.user.id, UserChanges(role=Role.USER))

    scene.hasher.during_verify = hand_over
    with pytest.raises(LastAdmin):
        await delete(scene, caller)
    assert await scene.store.users.count_active_admins(T0) == 1


@pytest.mark.parametrize("what", ["log out", "ban", "delete", "password"])
async def test_what_happened_while_the_password_was_compared_decides(scene: Scene, what: str) -> None:
    """REL-18: a thief's deletion does not overtake the owner's log-out or change of password."""
    caller = await scene.add_caller()

    async def happen() -> None:
        match what:
            case "log out":
                await scene.services.sessions.log_out_everywhere(caller, keep_current=False)
            case "ban":
                changes = UserChanges(status=Status.BANNED)
                await scene.services.user_admin.change(Operator(), caller.user.id, changes)
            case "delete":
                await scene.services.user_admin.remove(Operator(), caller.user.id)
            case "password":
                await scene.store.users.save(caller.user.with_password_hash("hashed:another", T0))

    scene.hasher.during_verify = happen
    with pytest.raises(IncorrectPassword if what == "password" else InvalidAccessToken):
        await delete(scene, caller)
    assert (caller.user.id in scene.store.committed.users) is (what != "delete")
    assert len(scene.events(AuditType.DELETED)) == (1 if what == "delete" else 0)


async def test_the_last_mail_goes_to_the_address_that_stands_now(scene: Scene) -> None:
    caller = await scene.add_caller()

    async def change_address() -> None:
        await scene.store.users.save(caller.user.changed(UserChanges(email=address("now@example.com")), T0))

    scene.hasher.during_verify = change_address
    await delete(scene, caller)
    assert scene.mails() == [(LetterKind.ACCOUNT_DELETED, "now@example.com")]
