"""Moving an account to another address, which must answer first."""

from datetime import timedelta

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller, Operator
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import (
    IncorrectPassword,
    InvalidAccessToken,
    InvalidCredentials,
    InvalidOneTimeToken,
    InvalidValue,
    RateLimited,
    StoreUnavailable,
)
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.one_time_token import LinkToken, Purpose
from bukhindor.domain.password import Password
from bukhindor.domain.rate_limit import MAILS_PER_MAILBOX, MAILS_PER_MAILBOX_AND_HOUR, Limit
from bukhindor.domain.user import Status, UserChanges
from tests.makers import ORIGIN, T0, address
from tests.unit.services.scene import PASSWORD, WRONG_PASSWORD, Scene

OLD, NEW = address("old@example.com"), address("new@example.com")
MINUTE = timedelta(minutes=1)


async def add_caller(scene: Scene) -> Caller:
    return await scene.add_caller(email="old@example.com", email_verified=True)


async def request(scene: Scene, caller: Caller, new: EmailAddress = NEW, password: Password = PASSWORD) -> None:
    await scene.services.email_change.request(caller, new, password)


async def test_the_new_address_is_asked_and_the_old_one_told(scene: Scene) -> None:
    """RST-14: until then nothing changes; the old mailbox sees where to, in part, and from where."""
    caller = await add_caller(scene)
    await request(scene, caller)
    assert await scene.user(caller.user.id) == caller.user
    assert await scene.has_session(caller.session)
    assert scene.mails() == [
        (LetterKind.CHANGE_EMAIL, "new@example.com"),
        (LetterKind.EMAIL_CHANGE_ASKED, "old@example.com"),
    ]
    asked, told = scene.writer.written
    assert asked.link == f"https://app.example.com/change_email?token={scene.newest_secret().token}"
    assert (told.link, told.code, told.new_email, told.ip) == ("", "", "n***@example.com", ORIGIN.ip)
    token = await scene.one_time_token(caller.user, Purpose.CHANGE_EMAIL)
    assert token is not None
    assert token.email == NEW
    assert (scene.store.commits, scene.limiter.cleared) == (
        1,
        [("password_prompts_per_session", f"session:{caller.session.id}")],
    )
    (event,) = scene.events()
    assert (event.type, event.details) == (AuditType.EMAIL_CHANGE_ASKED, {"new_email": "n***@example.com"})
    assert (event.actor_id, event.session_id, event.origin.ip) == (caller.user.id, caller.session.id, ORIGIN.ip)


@pytest.mark.parametrize("form", ["link", "code"])
async def test_the_new_address_takes_the_place_of_the_old_one_when_it_answers(scene: Scene, form: str) -> None:
    """RST-14: the code goes with the present address; sessions go on, and the old mailbox is notified."""
    caller = await add_caller(scene)
    await request(scene, caller)
    now = scene.clock.advance(MINUTE)
    await scene.services.email_change.confirm(scene.link() if form == "link" else scene.code(OLD), ORIGIN)
    stored = await scene.user(caller.user.id)
    assert (stored.email, stored.email_verified, stored.updated_at) == (NEW, True, now)
    assert stored.password_hash == caller.user.password_hash
    assert await scene.has_session(caller.session)
    assert scene.mails()[-1] == (LetterKind.EMAIL_CHANGED, "old@example.com")
    assert scene.writer.written[-1].new_email == "n***@example.com"
    assert (scene.events()[-1].type, scene.events()[-1].subject_id) == (AuditType.EMAIL_CHANGED, stored.id)
    await scene.login(NEW)
    with pytest.raises(InvalidCredentials):
        await scene.login(OLD)


async def test_the_code_does_not_go_with_the_new_address(scene: Scene) -> None:
    """RST-07: no account has it yet."""
    await request(scene, await add_caller(scene))
    with pytest.raises(InvalidOneTimeToken):
        await scene.services.email_change.confirm(scene.code(NEW), ORIGIN)


async def test_without_the_password_nothing_is_sent(scene: Scene) -> None:
    """RST-14, SES-06: and it is counted."""
    caller = await add_caller(scene)
    with pytest.raises(IncorrectPassword):
        await request(scene, caller, password=WRONG_PASSWORD)
    assert (scene.queued(), scene.store.committed.one_time_tokens) == ([], {})
    assert scene.recorded() == [AuditType.PASSWORD_CHECK_FAILED]
    assert scene.limiter.taken == [("password_prompts_per_session", f"session:{caller.session.id}")]
    assert (scene.limiter.given_back, scene.limiter.cleared) == ([], [])


async def test_ones_own_address_is_no_change(scene: Scene) -> None:
    caller = await add_caller(scene)
    with pytest.raises(InvalidValue) as refusal:
        await request(scene, caller, OLD)
    assert (refusal.value.kind, refusal.value.code) == (EmailAddress, "unchanged")
    assert (scene.hasher.verified, scene.limiter.taken) == (0, [])


async def test_a_taken_address_gets_no_mail_and_the_answer_is_the_same(scene: Scene) -> None:
    """RST-14, REG-05: one commit, one event, the same notice to the old address."""
    caller = await add_caller(scene)
    await scene.add_user("new@example.com")
    await request(scene, caller)
    assert scene.mails() == [(LetterKind.EMAIL_CHANGE_ASKED, "old@example.com")]
    assert (scene.store.commits, scene.recorded()) == (1, [AuditType.EMAIL_CHANGE_ASKED])
    assert scene.store.committed.one_time_tokens == {}


async def test_that_an_older_link_still_works_does_not_tell_that_an_address_is_taken(scene: Scene) -> None:
    """RST-06, RST-14: who asks for another address gives the one before up, taken or not."""
    caller = await add_caller(scene)
    await scene.add_user("taken@example.com")
    await request(scene, caller)
    older = scene.link()
    scene.limiter.let_time_pass()
    await request(scene, caller, address("taken@example.com"))
    with pytest.raises(InvalidOneTimeToken):
        await scene.services.email_change.confirm(older, ORIGIN)
    assert await scene.user(caller.user.id) == caller.user


async def test_an_address_that_was_taken_meanwhile_is_not_given_and_nothing_is_used_up(scene: Scene) -> None:
    """RST-14: the refusal is that of any bad proof; when the address is free again, the proof is good."""
    caller = await add_caller(scene)
    await request(scene, caller)
    other = await scene.services.registration.register("Bea", NEW, PASSWORD, ORIGIN)
    before, link = scene.snapshot(), LinkToken(scene.secrets.made[0].token)
    with pytest.raises(InvalidOneTimeToken):
        await scene.services.email_change.confirm(link, ORIGIN)
    assert scene.snapshot() == before
    await scene.services.user_admin.remove(Operator(), other.id)
    await scene.services.email_change.confirm(link, ORIGIN)
    assert (await scene.user(caller.user.id)).email == NEW


@pytest.mark.parametrize("limit", [MAILS_PER_MAILBOX, MAILS_PER_MAILBOX_AND_HOUR])
async def test_asking_too_often_is_refused_and_does_not_count(scene: Scene, limit: Limit) -> None:
    """RST-12."""
    caller = await add_caller(scene)
    scene.limiter.exhaust(limit)
    with pytest.raises(RateLimited):
        await request(scene, caller)
    assert scene.queued() == []
    for counted in (MAILS_PER_MAILBOX, MAILS_PER_MAILBOX_AND_HOUR):
        assert scene.limiter.hits(counted, f"change:{caller.user.id}") == 0


async def test_a_mail_that_could_not_be_queued_comes_with_the_next_try(scene: Scene) -> None:
    """RST-12, ML-03."""
    caller = await add_caller(scene)
    scene.store.fail_next_commit = True
    with pytest.raises(StoreUnavailable):
        await request(scene, caller)
    await request(scene, caller)
    assert scene.mails()[0] == (LetterKind.CHANGE_EMAIL, "new@example.com")


@pytest.mark.parametrize("what", ["log out", "ban", "delete", "password"])
async def test_what_happened_while_the_password_was_compared_decides(scene: Scene, what: str) -> None:
    """REL-18, SES-03: no link reaches a thief's mailbox beside the owner's log-out or change of password."""
    caller = await add_caller(scene)

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
                await scene.store.users.save(caller.user.with_password_hash("hashed:another", scene.clock.now()))

    scene.hasher.during_verify = happen
    with pytest.raises(IncorrectPassword if what == "password" else InvalidAccessToken):
        await request(scene, caller)
    assert scene.store.committed.one_time_tokens == {}
    assert LetterKind.CHANGE_EMAIL not in [kind for kind, _ in scene.mails()]


async def test_the_present_address_is_notified(scene: Scene) -> None:
    """REL-18: not the one that the caller had when it was admitted."""
    caller = await add_caller(scene)

    async def change_address() -> None:
        await scene.store.users.save(caller.user.changed(UserChanges(email=address("now@example.com")), T0))

    scene.hasher.during_verify = change_address
    await request(scene, caller)
    assert scene.mails()[-1] == (LetterKind.EMAIL_CHANGE_ASKED, "now@example.com")


async def test_an_unverified_mailbox_is_shown_no_address_that_a_user_chose(scene: Scene) -> None:
    """ML-02: it may be a stranger's, and an address can be made to be read as a text."""
    caller = await scene.add_caller(email="victim@example.com")
    await request(scene, caller, address("x@you-won-5000-dollars.example.com"))
    asked, told = scene.writer.written
    assert (asked.name, told.name, told.new_email) == ("", "", "")
    await scene.services.email_change.confirm(scene.link(), ORIGIN)
    assert scene.writer.written[-1].new_email == ""
