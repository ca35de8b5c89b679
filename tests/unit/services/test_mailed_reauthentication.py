"""A signed-in person proves their presence with a code from a mail."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import InvalidAccessToken, InvalidOneTimeToken
from bukhindor.domain.one_time_token import MailedCode, Purpose
from bukhindor.domain.review_account import ReviewAccounts
from bukhindor.domain.sign_in_method import Level, Method
from bukhindor.domain.ways_in import WaysIn
from tests.makers import ORIGIN, address
from tests.unit.services.scene import DEVICE, Scene

WRONG = MailedCode("99999999")
HOUR = timedelta(hours=1)


async def caller_by_mail(scene: Scene, **parts: Any) -> Caller:
    """A caller without a password, an hour after their sign-in."""
    user = await scene.add_user(password_hash=None, email_verified=True, **parts)
    caller = Caller(user, await scene.add_session(user, methods=(Method.MAIL,)), ORIGIN)
    scene.clock.advance(HOUR)
    return caller


async def mailed(scene: Scene, caller: Caller) -> MailedCode:
    await scene.services.sign_in_code.request(caller.user.email, ORIGIN)
    return MailedCode(scene.newest_secret().code)


async def refuse(scene: Scene, caller: Caller, code: MailedCode) -> None:
    """It is checked that the session stays as it was."""
    with pytest.raises(InvalidOneTimeToken):
        await scene.services.reauthentication.prove(caller, code)
    assert await scene.session(caller.session.id) == caller.session


async def test_a_mailed_code_makes_the_sign_in_fresh_and_is_used_up(scene: Scene) -> None:
    caller = await caller_by_mail(scene)
    code = await mailed(scene, caller)
    tokens = await scene.services.reauthentication.prove(caller, code)
    session = await scene.session(caller.session.id)
    assert (session.methods, session.level) == ((Method.MAIL,), Level.AAL1)
    assert session.authenticated_at == scene.clock.now()
    assert tokens.refresh_token == scene.refresh_tokens.derive(caller.session)
    (event,) = scene.events(AuditType.REAUTHENTICATED)
    assert (event.actor_id, event.details) == (caller.user.id, {"methods": "mail"})
    caller = await scene.caller_again(caller)
    await refuse(scene, caller, code)
    await scene.services.own_account.delete(caller, None)
    assert await scene.store.users.by_id(caller.user.id) is None


async def test_a_code_signs_in_or_proves_presence_once_in_all(scene: Scene) -> None:
    caller = await caller_by_mail(scene)
    code = await mailed(scene, caller)
    await scene.services.sign_in_code.confirm(scene.code(caller.user.email), DEVICE, ORIGIN)
    await refuse(scene, caller, code)


async def test_five_wrong_codes_make_a_code_invalid(scene: Scene) -> None:
    caller = await caller_by_mail(scene)
    code = await mailed(scene, caller)
    for _ in range(5):
        await refuse(scene, caller, WRONG)
    await refuse(scene, caller, code)
    assert (await scene.user(caller.user.id)).wrong_codes == 5
    assert len(scene.events(AuditType.PROOF_FAILED)) == 6


async def test_a_code_that_was_mailed_to_another_person_or_for_another_purpose_proves_nothing(scene: Scene) -> None:
    caller, other = await caller_by_mail(scene), await caller_by_mail(scene)
    await refuse(scene, caller, await mailed(scene, other))
    await scene.services.password_reset.request(caller.user.email, ORIGIN)
    await refuse(scene, caller, MailedCode(scene.newest_secret().code))
    assert await scene.one_time_token(caller.user, Purpose.RESET_PASSWORD) is not None


async def test_a_code_that_went_to_a_former_address_proves_nothing(scene: Scene) -> None:
    caller = await caller_by_mail(scene)
    code = await mailed(scene, caller)
    await scene.store.users.save(replace(caller.user, email=address("moved@example.com")))
    await refuse(scene, caller, code)


async def test_a_code_is_good_for_ten_minutes(scene: Scene) -> None:
    caller = await caller_by_mail(scene)
    code = await mailed(scene, caller)
    scene.clock.advance(timedelta(minutes=10))
    await refuse(scene, caller, code)


async def test_a_code_does_not_bring_an_ended_session_back(scene: Scene) -> None:
    caller = await caller_by_mail(scene)
    code = await mailed(scene, caller)
    await scene.store.sessions.remove(caller.session.id)
    before = scene.snapshot()
    with pytest.raises(InvalidAccessToken):
        await scene.services.reauthentication.prove(caller, code)
    assert scene.snapshot() == before


async def test_a_code_alone_does_not_raise_the_level_of_an_account_with_a_factor(scene: Scene) -> None:
    """NIST SP 800-63B-4 section 3.1.3.1: a mailbox is no second factor."""
    caller = await scene.add_caller(email_verified=True)
    await scene.add_factor(caller.user)
    caller = await scene.caller_again(caller)
    await scene.services.reauthentication.prove(caller, await mailed(scene, caller))
    session = await scene.session(caller.session.id)
    assert (session.methods, session.level) == ((Method.PASSWORD, Method.MAIL), Level.AAL1)


async def test_the_fixed_code_of_a_reviewer_takes_the_place_of_a_mailed_one(scene: Scene) -> None:
    """A reviewer of an app store tries the deletion of the account, and reads no mail."""
    email = address("review@example.com")
    scene.set_ways_in(WaysIn(review_accounts=ReviewAccounts({email: "12345678"})))
    caller = await caller_by_mail(scene, email=email.value)
    await refuse(scene, caller, WRONG)
    for _ in range(2):
        await scene.services.reauthentication.prove(caller, MailedCode("12345678"))
    session = await scene.session(caller.session.id)
    assert session.authenticated_at == scene.clock.now()
    assert len(scene.events(AuditType.REVIEW_CODE_USED)) == 2
    assert (await scene.user(caller.user.id)).wrong_codes == 1


def test_a_code_does_not_show_in_a_log() -> None:
    assert "99999999" not in repr(WRONG)
