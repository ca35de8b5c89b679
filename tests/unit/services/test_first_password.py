"""A signed-in person whose account has no password adds one."""

import asyncio
from datetime import timedelta

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import (
    BukhindorError,
    InvalidAccessToken,
    InvalidOneTimeToken,
    InvalidValue,
    PasswordExists,
    ReauthenticationRequired,
    StoreUnavailable,
    TooBusy,
)
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.password import NewPassword
from bukhindor.domain.sign_in_method import Method
from tests.unit.services.proof_flows import RESET, SIGN_IN
from tests.unit.services.scene import COMMON_PASSWORD, NEW_PASSWORD, Scene

MINUTE = timedelta(minutes=1)


async def add(scene: Scene, caller: Caller, new: NewPassword = NEW_PASSWORD) -> None:
    await scene.services.first_password.add(caller, new)


async def without_password(scene: Scene) -> Caller:
    return await scene.add_caller(email="ann@example.com", password_hash=None, email_verified=True)


async def refused(scene: Scene, caller: Caller, new: NewPassword = NEW_PASSWORD) -> BukhindorError:
    """How the password is refused; it is checked that nothing was written."""
    before = scene.snapshot()
    with pytest.raises(BukhindorError) as refusal:
        await add(scene, caller, new)
    assert scene.snapshot() == before
    return refusal.value


async def test_the_password_signs_in_and_the_sessions_go_on(scene: Scene) -> None:
    """PW-12, SES-03: one commit, a mail and an event; what waits in the mailbox is void."""
    caller = await without_password(scene)
    elsewhere = await scene.add_session(caller.user)
    proofs = [(await flow.proofs(scene, caller.user))["link"] for flow in (RESET, SIGN_IN)]
    commits, now = scene.store.commits, scene.clock.advance(MINUTE)
    await add(scene, caller)
    stored = await scene.user(caller.user.id)
    assert (stored.password_hash, stored.updated_at) == (f"hashed:{NEW_PASSWORD.reveal()}", now)
    assert scene.store.commits == commits + 1
    assert await scene.has_session(caller.session)
    assert await scene.has_session(elsewhere)
    assert scene.mails()[-1] == (LetterKind.PASSWORD_ADDED, "ann@example.com")
    event = scene.events()[-1]
    assert (event.type, event.actor_id, event.details) == (AuditType.PASSWORD_ADDED, caller.user.id, {})
    for flow, proof in zip((RESET, SIGN_IN), proofs, strict=True):
        with pytest.raises(InvalidOneTimeToken):
            await flow.confirm(scene, proof)
    await scene.login(caller.user.email, NEW_PASSWORD)


async def test_an_account_that_signs_in_with_mails_alone_gets_one(scene: Scene) -> None:
    user = await scene.add_user("ann@example.com", password_hash=None, email_verified=True)
    tokens = await SIGN_IN.confirm(scene, (await SIGN_IN.proofs(scene, user))["code"])
    await add(scene, await scene.caller_of(tokens))  # type: ignore[arg-type]
    await scene.login(user.email, NEW_PASSWORD)


async def test_a_sign_in_that_is_not_fresh_is_refused(scene: Scene) -> None:
    """SES-06: and the refusal names what helps."""
    caller = await without_password(scene)
    scene.clock.advance(10 * MINUTE)
    refusal = await refused(scene, caller)
    assert isinstance(refusal, ReauthenticationRequired)
    assert refusal.methods == (Method.MAIL,)
    assert scene.hasher.hashed == 0


async def test_an_account_that_has_a_password_changes_it_instead(scene: Scene) -> None:
    caller = await scene.add_caller()
    assert isinstance(await refused(scene, caller), PasswordExists)
    assert scene.hasher.hashed == 0


@pytest.mark.parametrize(
    "new", [NewPassword("short"), COMMON_PASSWORD, NewPassword("ann@example.com")], ids=["short", "common", "personal"]
)
async def test_a_weak_password_is_refused(scene: Scene, new: NewPassword) -> None:
    """PW-01, PW-05, PW-06"""
    caller = await without_password(scene)
    before = scene.snapshot()
    with pytest.raises(InvalidValue):
        await add(scene, caller, new)
    assert (scene.snapshot(), scene.hasher.hashed) == (before, 0)


async def test_a_session_that_ends_meanwhile_adds_none(scene: Scene) -> None:
    caller = await without_password(scene)
    await scene.log_out(caller)
    assert isinstance(await refused(scene, caller), InvalidAccessToken)


async def test_of_fifty_passwords_at_once_one_is_added(scene: Scene) -> None:
    """REL-18"""
    caller = await without_password(scene)
    chosen = [NewPassword(f"{NEW_PASSWORD.reveal()} {number}") for number in range(50)]
    answers = await asyncio.gather(*(add(scene, caller, new) for new in chosen), return_exceptions=True)
    (added,) = [number for number, answer in enumerate(answers) if answer is None]
    assert {type(answer) for answer in answers if answer is not None} == {PasswordExists}
    assert (await scene.user(caller.user.id)).password_hash == f"hashed:{chosen[added].reveal()}"
    assert len(scene.events(AuditType.PASSWORD_ADDED)) == 1


@pytest.mark.parametrize("cause", [TooBusy, StoreUnavailable])
async def test_a_failure_leaves_all_as_it_was(scene: Scene, cause: type[BukhindorError]) -> None:
    caller = await without_password(scene)
    scene.hasher.is_full = cause is TooBusy
    scene.store.fail_next_commit = cause is StoreUnavailable
    assert isinstance(await refused(scene, caller), cause)
