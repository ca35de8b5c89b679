"""Locking an account that someone else has got into."""

import asyncio
from datetime import timedelta

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller, Operator
from bukhindor.domain.device import AppType, Device
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import (
    AccountInactive,
    AccountLocked,
    InvalidAccessToken,
    InvalidCredentials,
    InvalidOneTimeToken,
    InvalidRefreshToken,
    UserNotFound,
)
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.one_time_token import LOCKDOWN_LIFETIME, LinkToken, Purpose
from bukhindor.domain.user import Status, User, UserChanges
from tests.makers import ORIGIN, T0, address, make_identity, make_passkey
from tests.unit.services.scene import NEW_PASSWORD, PASSWORD, WRONG_PASSWORD, Scene

ANN, MOVED = address("ann@example.com"), address("moved@example.com")
PHONE = Device("phone", AppType.ANDROID, "1.0", "192.0.2.8", "Phone/1.0")
SECOND = timedelta(seconds=1)


async def add_ann(scene: Scene) -> User:
    return await scene.add_user("ann@example.com", email_verified=True, last_login_at=T0)


def button(scene: Scene) -> LinkToken:
    """The link in the newest mail that asks whether it was you."""
    return LinkToken(scene.secrets.tokens[-1])


async def lock(scene: Scene, link: LinkToken) -> None:
    await scene.services.lockdown.lock_by_link(link, ORIGIN)


async def reset(scene: Scene) -> None:
    await scene.services.password_reset.confirm(scene.link(), NEW_PASSWORD, ORIGIN)


async def move(scene: Scene, caller: Caller, to: EmailAddress = MOVED) -> None:
    """Change the address of the account, as a thief who is signed in and knows the password does."""
    await scene.services.email_change.request(caller, to, PASSWORD)
    await scene.services.email_change.confirm(scene.link(), ORIGIN)


async def test_the_button_in_the_mail_about_a_new_device_ends_everything(scene: Scene) -> None:
    user = await add_ann(scene)
    tokens = await scene.login(ANN, device=PHONE)
    assert scene.mails() == [(LetterKind.NEW_DEVICE, "ann@example.com")]
    (letter,) = scene.writer.written
    assert letter.lockdown_link == f"https://app.example.com/lockdown?token={button(scene).token}"
    await scene.services.email_verification.request(ANN, ORIGIN)
    await scene.services.password_reset.request(ANN, ORIGIN)
    earlier = scene.link()

    await lock(scene, button(scene))
    stored = await scene.user(user.id)
    assert (stored.locked_at, stored.password_hash) == (T0, user.password_hash)
    assert scene.store.committed.sessions == {}
    with pytest.raises(InvalidAccessToken):
        await scene.caller_of(tokens)
    assert await scene.refused_refresh(tokens) is InvalidRefreshToken
    with pytest.raises(InvalidOneTimeToken):
        await scene.services.password_reset.confirm(earlier, NEW_PASSWORD, ORIGIN)
    assert scene.mails()[-2:] == [
        (LetterKind.ACCOUNT_LOCKED, "ann@example.com"),
        (LetterKind.RESET_PASSWORD, "ann@example.com"),
    ]
    (event,) = scene.events(AuditType.LOCKED)
    assert (event.actor_id, event.subject_id, event.details) == (None, user.id, {"mailbox": "a***@example.com"})


async def test_no_one_signs_in_until_the_reset_which_lets_the_owner_in(scene: Scene) -> None:
    """LGN-01: only the right password tells that the account is locked."""
    user = await add_ann(scene)
    await scene.login(ANN, device=PHONE)
    await lock(scene, button(scene))
    with pytest.raises(InvalidCredentials):
        await scene.login(ANN, WRONG_PASSWORD)
    with pytest.raises(AccountLocked):
        await scene.login(ANN)
    assert scene.store.committed.sessions == {}
    assert scene.events(AuditType.SIGN_IN_FAILED)[-1].details["reason"] == "account_locked"
    await reset(scene)
    assert (await scene.user(user.id)).locked_at is None
    await scene.login(ANN, NEW_PASSWORD)
    with pytest.raises(InvalidCredentials):
        await scene.login(ANN)


async def test_a_person_locks_their_own_account_while_signed_in(scene: Scene) -> None:
    caller = await scene.add_caller(email="ann@example.com")
    other = await scene.add_session(caller.user)
    await scene.services.lockdown.lock_own(caller)
    assert not await scene.has_session(caller.session)
    assert not await scene.has_session(other)
    stored = await scene.user(caller.user.id)
    assert (stored.locked_at, stored.email_verified) == (T0, False)
    (event,) = scene.events(AuditType.LOCKED)
    assert (event.actor_id, event.session_id) == (caller.user.id, caller.session.id)
    assert [kind for kind, _ in scene.mails()] == [LetterKind.ACCOUNT_LOCKED, LetterKind.RESET_PASSWORD]
    scene.clock.advance(SECOND)
    await scene.services.lockdown.lock_own(caller)
    assert (await scene.user(caller.user.id)).locked_at == T0


async def test_an_account_that_is_gone_is_not_locked(scene: Scene) -> None:
    caller = await scene.add_caller()
    await scene.store.users.remove(caller.user.id)
    with pytest.raises(InvalidAccessToken):
        await scene.services.lockdown.lock_own(caller)
    assert (scene.queued(), scene.events()) == ([], [])


async def test_a_newer_mail_leaves_the_button_of_the_older_one_alone(scene: Scene) -> None:
    await add_ann(scene)
    await scene.login(ANN, device=PHONE)
    older = button(scene)
    await scene.services.password_reset.request(ANN, ORIGIN)
    await reset(scene)
    newer = button(scene)
    assert older != newer
    assert scene.mails()[-1] == (LetterKind.PASSWORD_CHANGED, "ann@example.com")
    await lock(scene, older)
    with pytest.raises(InvalidOneTimeToken):
        await lock(scene, older)
    with pytest.raises(InvalidOneTimeToken):
        await lock(scene, newer)
    assert len(scene.events(AuditType.LOCKED)) == 1


@pytest.mark.parametrize(("age", "works"), [(LOCKDOWN_LIFETIME - SECOND, True), (LOCKDOWN_LIFETIME, False)])
async def test_the_button_works_for_seven_days(scene: Scene, age: timedelta, works: bool) -> None:
    user = await add_ann(scene)
    await scene.login(ANN, device=PHONE)
    link = button(scene)
    scene.clock.advance(age)
    if works:
        assert (await scene.services.lockdown.look(link)).email == ANN
        await lock(scene, link)
        return
    with pytest.raises(InvalidOneTimeToken):
        await scene.services.lockdown.look(link)
    with pytest.raises(InvalidOneTimeToken):
        await lock(scene, link)
    assert (await scene.user(user.id)).locked_at is None
    await scene.services.upkeep.purge()
    assert scene.store.committed.lockdown_links == {}


async def test_looking_changes_nothing(scene: Scene) -> None:
    await add_ann(scene)
    await scene.login(ANN, device=PHONE)
    before = scene.snapshot()
    await scene.services.lockdown.look(button(scene))
    assert scene.snapshot() == before


async def test_a_guess_is_counted_and_locks_no_one(scene: Scene) -> None:
    user = await add_ann(scene)
    with pytest.raises(InvalidOneTimeToken):
        await lock(scene, LinkToken("guess"))
    assert await scene.user(user.id) == user
    (event,) = scene.events()
    assert (event.type, event.details) == (AuditType.PROOF_FAILED, {"purpose": "lockdown", "what": "link"})


async def test_fifty_at_once_lock_it_once(scene: Scene) -> None:
    await add_ann(scene)
    await scene.login(ANN, device=PHONE)
    answers = await asyncio.gather(*(lock(scene, button(scene)) for _ in range(50)), return_exceptions=True)
    assert sorted(str(type(answer).__name__) for answer in answers) == ["InvalidOneTimeToken"] * 49 + ["NoneType"]
    assert len(scene.events(AuditType.LOCKED)) == 1


async def test_the_reader_of_the_former_address_gets_the_account_back(scene: Scene) -> None:
    """A thief has changed the address and the password; the reset goes to the mailbox from before."""
    caller = await scene.add_caller(email="ann@example.com", email_verified=True)
    await move(scene, caller)
    moved = await scene.user(caller.user.id)
    assert moved.email == MOVED
    assert scene.mails()[-1] == (LetterKind.EMAIL_CHANGED, "ann@example.com")
    await lock(scene, button(scene))
    stored = await scene.user(caller.user.id)
    assert (stored.email, stored.email_verified, stored.locked_at) == (ANN, True, T0)
    assert scene.mails()[-3:] == [
        (LetterKind.ACCOUNT_LOCKED, "ann@example.com"),
        (LetterKind.EMAIL_CHANGED, "moved@example.com"),
        (LetterKind.RESET_PASSWORD, "ann@example.com"),
    ]
    assert [letter.lockdown_link for letter in scene.writer.written[-3:]] == ["", "", ""]
    await reset(scene)
    await scene.login(ANN, NEW_PASSWORD)


async def test_a_thief_can_not_take_the_button_away(scene: Scene) -> None:
    """A thief who came in last locks the account first: the link of the mailbox from before goes on working."""
    caller = await scene.add_caller(email="ann@example.com", email_verified=True, last_login_at=T0)
    await move(scene, caller)
    owners = button(scene)
    scene.clock.advance(SECOND)
    await scene.login(MOVED, device=PHONE)
    thiefs = button(scene)
    await lock(scene, thiefs)
    await reset(scene)
    tokens = await scene.login(MOVED, NEW_PASSWORD)
    await scene.services.lockdown.lock_own(await scene.caller_of(tokens))
    await lock(scene, owners)
    assert (await scene.user(caller.user.id)).email == ANN
    for dead in (thiefs, owners):
        with pytest.raises(InvalidOneTimeToken):
            await lock(scene, dead)


async def test_a_former_address_with_another_account_leaves_the_rest_to_administrators(scene: Scene) -> None:
    caller = await scene.add_caller(email="ann@example.com", email_verified=True)
    await move(scene, caller)
    squatter = await scene.add_user("ann@example.com")
    await lock(scene, button(scene))
    stored = await scene.user(caller.user.id)
    assert (stored.email, stored.status) == (MOVED, Status.INACTIVE)
    assert stored.status_reason
    assert await scene.user(squatter.id) == squatter
    assert scene.mails()[-1] == (LetterKind.ACCOUNT_LOCKED, "ann@example.com")
    assert await scene.one_time_token(stored, Purpose.RESET_PASSWORD) is None
    with pytest.raises(AccountInactive):
        await scene.login(MOVED)


async def test_a_change_by_an_administrator_gives_the_former_address_no_button(scene: Scene) -> None:
    user = await add_ann(scene)
    await scene.services.user_admin.change(Operator(), user.id, UserChanges(email=MOVED))
    assert scene.mails() == [(LetterKind.EMAIL_CHANGED, "ann@example.com")]
    assert (scene.writer.written[-1].lockdown_link, scene.store.committed.lockdown_links) == ("", {})


async def test_an_operator_unlocks_an_account(scene: Scene) -> None:
    caller = await scene.add_caller(email="ann@example.com")
    await scene.services.lockdown.lock_own(caller)
    unlocked = await scene.services.lockdown.unlock(Operator(), caller.user.id)
    assert unlocked.locked_at is None
    assert scene.recorded()[-1] is AuditType.UNLOCKED
    before = scene.snapshot()
    assert await scene.services.lockdown.unlock(Operator(), caller.user.id) == unlocked
    assert scene.snapshot() == before
    await scene.login(ANN)
    await scene.store.users.remove(caller.user.id)
    with pytest.raises(UserNotFound):
        await scene.services.lockdown.unlock(Operator(), caller.user.id)


async def test_a_passkey_that_a_thief_added_goes_and_an_older_one_stays(scene: Scene) -> None:
    """Otherwise the thief's would sign in again after the reset."""
    user = await add_ann(scene)
    own = make_passkey(user, name="Own", created_at=T0 - SECOND)
    await scene.store.passkeys.add(own)
    await scene.login(ANN, device=PHONE)
    thiefs = make_passkey(user, name="Thief's", created_at=scene.clock.now() + SECOND)
    await scene.store.passkeys.add(thiefs)
    scene.clock.advance(2 * SECOND)
    await lock(scene, button(scene))
    assert await scene.store.passkeys.of_user(user.id) == [own]
    (removed,) = scene.events(AuditType.PASSKEY_REMOVED)
    assert removed.details == {"passkey": str(thiefs.id)}


async def test_an_identity_that_a_thief_linked_goes_and_an_older_one_stays(scene: Scene) -> None:
    user = await add_ann(scene)
    own = make_identity(user, created_at=T0 - SECOND)
    await scene.store.identities.add(own)
    await scene.login(ANN, device=PHONE)
    thiefs = make_identity(user, created_at=scene.clock.now() + SECOND)
    await scene.store.identities.add(thiefs)
    scene.clock.advance(2 * SECOND)
    await lock(scene, button(scene))
    assert await scene.store.identities.of_user(user.id) == [own]
    (unlinked,) = scene.events(AuditType.IDENTITY_UNLINKED)
    assert unlinked.details == {"identity": str(thiefs.id), "provider": "google"}


async def test_locking_while_signed_in_removes_no_passkey(scene: Scene) -> None:
    """The person sees all of them, and which one is not theirs."""
    caller = await scene.add_caller()
    passkey = make_passkey(caller.user)
    await scene.store.passkeys.add(passkey)
    scene.clock.advance(SECOND)
    await scene.services.lockdown.lock_own(caller)
    assert await scene.store.passkeys.of_user(caller.user.id) == [passkey]
