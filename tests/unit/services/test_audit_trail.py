"""Every change leaves a record, in the same write as the change."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from bukhindor.domain.audit import AuditEvent, AuditType
from bukhindor.domain.caller import Caller, Operator
from bukhindor.domain.errors import BukhindorError, StoreUnavailable
from bukhindor.domain.metadata import MetadataPatch
from bukhindor.domain.origin import NOWHERE, Origin
from bukhindor.domain.user import Role, Status, UserChanges
from tests.makers import ORIGIN, T0, address
from tests.unit.services.proof_flows import CHANGE, NEW_EMAIL, RESET, VERIFY
from tests.unit.services.scene import NEW_PASSWORD, PASSWORD, WRONG_PASSWORD, Scene

DAY = timedelta(days=1)
ANN = address("ann@example.com")
Deed = Callable[[], Awaitable[object]]
Preparation = Callable[[Scene, Caller, Caller], Awaitable[Deed]]


def at_once(deed: Callable[[Scene, Caller, Caller], Awaitable[object]]) -> Preparation:
    async def prepare(scene: Scene, ann: Caller, admin: Caller) -> Deed:
        return lambda: deed(scene, ann, admin)

    return prepare


def changes(**parts: object) -> Preparation:
    asked = UserChanges(**parts)  # type: ignore[arg-type]
    return at_once(lambda scene, ann, admin: scene.services.user_admin.change(admin, ann.user.id, asked))


async def reuse(scene: Scene, ann: Caller, admin: Caller) -> Deed:
    first = await scene.sign_in(ann.user)
    await scene.refresh(await scene.refresh(first))
    return lambda: scene.refresh(first)


async def reset(scene: Scene, ann: Caller, admin: Caller) -> Deed:
    proof = (await RESET.proofs(scene, ann.user))["link"]
    return lambda: RESET.confirm(scene, proof)


async def verify(scene: Scene, ann: Caller, admin: Caller) -> Deed:
    proof = (await VERIFY.proofs(scene, ann.user))["link"]
    return lambda: scene.services.email_verification.confirm(proof, ORIGIN, ann)


async def move(scene: Scene, ann: Caller, admin: Caller) -> Deed:
    proof = (await CHANGE.proofs(scene, ann.user))["link"]
    return lambda: CHANGE.confirm(scene, proof)


# Each change and the one event that it leaves: its type, the actor, the account and its details.
DEEDS: dict[str, tuple[Preparation, AuditType, str, str, dict[str, str]]] = {
    "register": (
        at_once(lambda scene, *_: scene.services.registration.register("Bea", NEW_EMAIL, PASSWORD, ORIGIN)),
        AuditType.REGISTERED,
        "nobody",
        "new",
        {},
    ),
    "create": (
        at_once(
            lambda scene, _, admin: scene.services.user_admin.create(
                admin, "Bea", NEW_EMAIL, PASSWORD, Role.GUEST, Status.ACTIVE
            )
        ),
        AuditType.CREATED,
        "admin",
        "new",
        {"role": "guest", "status": "active"},
    ),
    "sign in": (
        at_once(lambda scene, ann, _: scene.sign_in(ann.user)),
        AuditType.SIGNED_IN,
        "ann",
        "ann",
        {"kind": "stranger", "methods": "pwd"},
    ),
    "fail to sign in": (
        at_once(lambda scene, *_: scene.login(ANN, WRONG_PASSWORD)),
        AuditType.SIGN_IN_FAILED,
        "nobody",
        "ann",
        {"email": "a***@example.com", "kind": "stranger", "act": "sign_in"},
    ),
    "reuse a refresh token": (reuse, AuditType.REFRESH_TOKEN_REUSED, "ann", "ann", {}),
    "rename the own account": (
        at_once(lambda scene, ann, _: scene.services.profile.change(ann, UserChanges(name="Bea"))),
        AuditType.RENAMED,
        "ann",
        "ann",
        {},
    ),
    "rename": (changes(name="Bea"), AuditType.RENAMED, "admin", "ann", {}),
    "change app metadata": (
        changes(app_metadata=MetadataPatch({"plan": "pro"})),
        AuditType.PROFILE_CHANGED,
        "admin",
        "ann",
        {"fields": "app_metadata"},
    ),
    "move": (changes(email=NEW_EMAIL), AuditType.EMAIL_CHANGED, "admin", "ann", {}),
    "promote": (changes(role=Role.ADMIN), AuditType.ROLE_CHANGED, "admin", "ann", {"old": "user", "new": "admin"}),
    "ban": (
        changes(status=Status.BANNED, status_reason="spam"),
        AuditType.STATUS_CHANGED,
        "admin",
        "ann",
        {"old": "active", "new": "banned"},
    ),
    "ban for a day": (
        changes(status=Status.BANNED, status_until=T0 + DAY),
        AuditType.STATUS_CHANGED,
        "admin",
        "ann",
        {"old": "active", "new": "banned", "until": (T0 + DAY).isoformat()},
    ),
    "delete": (
        at_once(lambda scene, ann, admin: scene.services.user_admin.remove(admin, ann.user.id)),
        AuditType.DELETED,
        "admin",
        "ann",
        {},
    ),
    "log out": (
        at_once(lambda scene, ann, _: scene.log_out(ann)),
        AuditType.SESSION_ENDED,
        "ann",
        "ann",
        {"which": "logout", "ended": "session"},
    ),
    "end one session": (
        at_once(lambda scene, ann, _: scene.services.sessions.end(ann, ann.session.id)),
        AuditType.SESSION_ENDED,
        "ann",
        "ann",
        {"which": "one", "ended": "session"},
    ),
    "log out everywhere": (
        at_once(lambda scene, ann, _: scene.services.sessions.log_out_everywhere(ann, keep_current=False)),
        AuditType.SESSION_ENDED,
        "ann",
        "ann",
        {"which": "all"},
    ),
    "log out elsewhere": (
        at_once(lambda scene, ann, _: scene.services.sessions.log_out_everywhere(ann, keep_current=True)),
        AuditType.SESSION_ENDED,
        "ann",
        "ann",
        {"which": "all others"},
    ),
    "end all sessions of a user": (
        at_once(lambda scene, ann, admin: scene.services.user_admin.end_sessions(admin, ann.user.id)),
        AuditType.SESSION_ENDED,
        "admin",
        "ann",
        {"which": "all"},
    ),
    "change the password": (
        at_once(lambda scene, ann, _: scene.services.password_change.change(ann, PASSWORD, NEW_PASSWORD)),
        AuditType.PASSWORD_CHANGED,
        "ann",
        "ann",
        {},
    ),
    "fail to change the password": (
        at_once(lambda scene, ann, _: scene.services.password_change.change(ann, WRONG_PASSWORD, NEW_PASSWORD)),
        AuditType.PASSWORD_CHECK_FAILED,
        "ann",
        "ann",
        {"kind": "session", "act": "change_password"},
    ),
    "ask for a reset": (
        at_once(lambda scene, *_: scene.services.password_reset.request(ANN, ORIGIN)),
        AuditType.PASSWORD_RESET_ASKED,
        "nobody",
        "ann",
        {"email": "a***@example.com"},
    ),
    "have a reset sent": (
        at_once(lambda scene, ann, admin: scene.services.user_admin.send_password_reset(admin, ann.user.id)),
        AuditType.PASSWORD_RESET_ASKED,
        "admin",
        "ann",
        {},
    ),
    "reset": (reset, AuditType.PASSWORD_RESET, "nobody", "ann", {}),
    "ask for verification": (
        at_once(lambda scene, *_: scene.services.email_verification.request(ANN, ORIGIN)),
        AuditType.EMAIL_VERIFICATION_ASKED,
        "nobody",
        "ann",
        {"email": "a***@example.com"},
    ),
    "verify": (verify, AuditType.EMAIL_VERIFIED, "nobody", "ann", {"by": "registrant"}),
    "ask for another address": (
        at_once(lambda scene, ann, _: scene.services.email_change.request(ann, NEW_EMAIL, PASSWORD)),
        AuditType.EMAIL_CHANGE_ASKED,
        "ann",
        "ann",
        {"new_email": "n***@example.com"},
    ),
    "take another address": (move, AuditType.EMAIL_CHANGED, "nobody", "ann", {}),
    "export": (
        at_once(lambda scene, ann, _: scene.services.own_account.export(ann)),
        AuditType.EXPORTED,
        "ann",
        "ann",
        {},
    ),
}


async def do(scene: Scene, what: str) -> tuple[list[AuditEvent], Caller, Caller]:
    """The events that a deed leaves, refused or not, and the two people of the table."""
    ann = await scene.add_caller(email="ann@example.com")
    admin = await scene.add_caller(Role.ADMIN)
    deed = await DEEDS[what][0](scene, ann, admin)
    known = {event.id for event in scene.events()}
    scene.clock.advance(timedelta(minutes=1))
    with suppress(BukhindorError):
        await deed()
    return [event for event in scene.events() if event.id not in known], ann, admin


@pytest.mark.parametrize("what", DEEDS)
async def test_each_change_leaves_one_record_of_actor_account_and_origin(scene: Scene, what: str) -> None:
    """LOG-02: and LOG-01, no token, no password, and no address in clear."""
    (event,), ann, admin = await do(scene, what)
    _, type, actor, subject, details = DEEDS[what]
    people = {"ann": ann.user.id, "admin": admin.user.id, "nobody": None}
    assert (event.type, event.actor_id, event.at) == (type, people[actor], scene.clock.now())
    if subject in people:
        assert event.subject_id == people[subject]
    else:
        assert event.subject_id in set(scene.store.committed.users) - set(people.values())
    assert event.details == {**details, **({"ended": str(ann.session.id)} if "ended" in details else {})}
    kept = Origin(ORIGIN.ip, ORIGIN.user_agent, ORIGIN.device_id, ORIGIN.request_id)
    assert event.origin == kept
    assert (event.session_id is None) is (actor == "nobody")


@pytest.mark.parametrize("what", DEEDS)
async def test_when_the_write_fails_the_change_and_its_record_are_both_missing(scene: Scene, what: str) -> None:
    """LOG-04."""
    ann = await scene.add_caller(email="ann@example.com")
    admin = await scene.add_caller(Role.ADMIN)
    deed = await DEEDS[what][0](scene, ann, admin)
    before = scene.snapshot()
    scene.store.fail_next_commit = True
    with pytest.raises(StoreUnavailable):
        await deed()
    assert scene.snapshot() == before


@pytest.mark.parametrize("what", ["log out", "ban", "change the password", "ask for another address", "sign in"])
async def test_the_one_write_of_a_deed_holds_its_record(scene: Scene, what: str) -> None:
    """LOG-04."""
    await do(scene, what)
    assert (scene.store.commits, len(scene.events())) == (1, 1)


async def test_what_the_operator_does_is_nobodys_deed_and_comes_from_nowhere(scene: Scene) -> None:
    user = await scene.add_user()
    await scene.services.user_admin.change(Operator(), user.id, UserChanges(role=Role.ADMIN))
    (event,) = scene.events()
    assert (event.actor_id, event.subject_id, event.session_id, event.origin) == (None, user.id, None, NOWHERE)


async def test_a_change_of_many_parts_leaves_a_record_of_each(scene: Scene) -> None:
    user = await scene.add_user()
    asked = UserChanges("Bea", NEW_EMAIL, Role.GUEST, Status.INACTIVE)
    await scene.services.user_admin.change(Operator(), user.id, asked)
    parts = [AuditType.RENAMED, AuditType.EMAIL_CHANGED, AuditType.ROLE_CHANGED, AuditType.STATUS_CHANGED]
    assert scene.recorded() == parts


async def test_what_changes_nothing_leaves_no_record(scene: Scene) -> None:
    caller = await scene.add_caller()
    await scene.services.user_admin.change(Operator(), caller.user.id, UserChanges(name=caller.user.name))
    await scene.services.profile.change(caller, UserChanges(name=None))
    await scene.log_out(caller)
    await scene.log_out(caller)
    assert scene.recorded() == [AuditType.SESSION_ENDED]


async def test_that_a_ban_has_run_out_by_itself_is_no_change_of_status(scene: Scene) -> None:
    user = await scene.add_user(status=Status.BANNED, status_until=T0 + DAY)
    await scene.services.user_admin.change(Operator(), user.id, UserChanges(status_until=T0 + 2 * DAY))
    assert scene.events()[-1].details == {"old": "banned", "new": "banned", "until": (T0 + 2 * DAY).isoformat()}
