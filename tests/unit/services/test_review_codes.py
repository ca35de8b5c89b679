"""A fixed code for reviewers of app stores and for tests."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Operator
from bukhindor.domain.errors import AccountBanned, EmailNotVerified, InvalidOneTimeToken
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.one_time_token import LinkToken, Purpose, TypedCode
from bukhindor.domain.rate_limit import WRONG_CODES_PER_ACCOUNT
from bukhindor.domain.review_account import ReviewAccounts
from bukhindor.domain.tokens import TokenPair
from bukhindor.domain.user import Role, Status, User, UserChanges
from bukhindor.domain.ways_in import WaysIn
from tests.makers import ORIGIN, address
from tests.unit.services.scene import DEVICE, Scene

REVIEW, OTHER = address("review@example.com"), address("other@example.com")
CODE = TypedCode(REVIEW, "12345678")
WRONG = TypedCode(REVIEW, "87654321")
LISTED = ReviewAccounts({REVIEW: "12345678"})


async def reviewed(scene: Scene, role: Role = Role.USER, *, requires_verified_email: bool = False) -> User:
    """The account of a reviewer, not verified, which the operator has listed."""
    scene.set_ways_in(WaysIn(review_accounts=LISTED, requires_verified_email=requires_verified_email))
    return await scene.add_user("review@example.com", role=role)


async def confirm(scene: Scene, code: TypedCode = CODE) -> TokenPair:
    return await scene.services.sign_in_code.confirm(code, DEVICE, ORIGIN)


async def test_the_code_signs_in_again_and_again_without_a_mail_and_is_marked(scene: Scene) -> None:
    """LOG-02: it proves no mailbox, so nothing is verified and no password ends."""
    user = await reviewed(scene)
    for _ in range(3):
        caller = await scene.caller_of(await confirm(scene))
        assert caller.user.id == user.id
    assert LetterKind.SIGN_IN_CODE not in [kind for kind, _ in scene.mails()]
    stored = await scene.user(user.id)
    assert (stored.email_verified, stored.password_hash) == (False, user.password_hash)
    used = scene.events(AuditType.REVIEW_CODE_USED)
    assert [(event.subject_id, event.details) for event in used] == [(user.id, {})] * 3
    assert len(scene.events(AuditType.SIGNED_IN)) == 3
    assert not any("12345678" in str(event.details) for event in scene.events())


async def test_asking_for_a_mail_sends_none_and_looks_as_ever(scene: Scene) -> None:
    """RST-01"""
    user = await reviewed(scene)
    await scene.services.sign_in_code.request(REVIEW, ORIGIN)
    assert (scene.queued(), scene.store.commits) == ([], 1)
    assert [(event.type, event.subject_id) for event in scene.events()] == [(AuditType.SIGN_IN_CODE_ASKED, user.id)]


@pytest.mark.parametrize("role", [Role.ADMIN, Role.GUEST])
async def test_only_an_ordinary_user_has_a_fixed_code(scene: Scene, role: Role) -> None:
    """AZ-13: for others it is refused and recorded, and a mailed code is good as ever."""
    user = await reviewed(scene, role)
    with pytest.raises(InvalidOneTimeToken):
        await confirm(scene)
    (refused,) = scene.events(AuditType.REVIEW_CODE_REFUSED)
    assert (refused.subject_id, refused.details) == (user.id, {"role": role.value})
    assert scene.store.committed.sessions == {}
    with pytest.raises(InvalidOneTimeToken):
        await confirm(scene, WRONG)
    assert len(scene.events(AuditType.REVIEW_CODE_REFUSED)) == 1
    await scene.services.sign_in_code.request(REVIEW, ORIGIN)
    assert scene.mails() == [(LetterKind.SIGN_IN_CODE, REVIEW.value)]
    assert (await scene.caller_of(await confirm(scene, scene.code(REVIEW)))).user.id == user.id


async def test_a_user_who_becomes_an_administrator_loses_the_code(scene: Scene) -> None:
    user = await reviewed(scene)
    await confirm(scene)
    await scene.services.user_admin.change(Operator(), user.id, UserChanges(role=Role.ADMIN))
    with pytest.raises(InvalidOneTimeToken):
        await confirm(scene)


async def test_the_code_is_for_its_address_alone(scene: Scene) -> None:
    """RST-07: also not for the account that had the address, and for no other purpose."""
    user = await reviewed(scene)
    await scene.add_user("other@example.com")
    with pytest.raises(InvalidOneTimeToken):
        await confirm(scene, replace(CODE, email=OTHER))
    with pytest.raises(InvalidOneTimeToken):
        await scene.services.email_verification.confirm(CODE, ORIGIN)
    await scene.services.user_admin.change(Operator(), user.id, UserChanges(email=address("moved@example.com")))
    with pytest.raises(InvalidOneTimeToken):
        await confirm(scene)
    assert scene.store.committed.sessions == {}


async def test_wrong_codes_turn_the_fixed_one_off_for_a_day(scene: Scene) -> None:
    """RST-12: ten, as for mailed ones; a mail reports it."""
    user = await reviewed(scene)
    for _ in range(WRONG_CODES_PER_ACCOUNT.hits):
        with pytest.raises(InvalidOneTimeToken):
            await confirm(scene, WRONG)
    assert (await scene.user(user.id)).wrong_codes == WRONG_CODES_PER_ACCOUNT.hits
    assert scene.mails() == [(LetterKind.CODES_DISABLED, REVIEW.value)]
    failed = [event for event in scene.events(AuditType.PROOF_FAILED) if event.subject_id == user.id]
    assert {event.details["purpose"] for event in failed} == {Purpose.SIGN_IN.value}
    with pytest.raises(InvalidOneTimeToken):
        await confirm(scene)
    scene.clock.advance(timedelta(days=1))
    await confirm(scene)


async def test_a_banned_account_is_refused(scene: Scene) -> None:
    user = await reviewed(scene)
    await scene.services.user_admin.change(Operator(), user.id, UserChanges(status=Status.BANNED))
    with pytest.raises(InvalidOneTimeToken):
        await confirm(scene, WRONG)
    with pytest.raises(AccountBanned):
        await confirm(scene)


async def test_a_fixed_code_verifies_nothing_where_verification_is_required(scene: Scene) -> None:
    user = await reviewed(scene, requires_verified_email=True)
    with pytest.raises(EmailNotVerified):
        await confirm(scene)
    await scene.store.users.save(replace(user, email_verified=True))
    await confirm(scene)


async def test_a_listed_address_without_an_account_gets_none(scene: Scene) -> None:
    scene.set_ways_in(WaysIn(review_accounts=LISTED))
    with pytest.raises(InvalidOneTimeToken):
        await confirm(scene)
    with pytest.raises(InvalidOneTimeToken):
        await scene.services.sign_in_code.confirm(LinkToken("12345678"), DEVICE, ORIGIN)
    assert scene.store.committed.users == {}
