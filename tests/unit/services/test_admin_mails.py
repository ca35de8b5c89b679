"""The mails that users get when an administrator changes their account."""

from dataclasses import replace

import pytest

from bukhindor.domain.caller import Operator
from bukhindor.domain.errors import AccountBanned, AccountInactive, BukhindorError
from bukhindor.domain.language import tag_of
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.one_time_token import Purpose
from bukhindor.domain.origin import Language
from bukhindor.domain.user import Role, Status, UserChanges
from tests.makers import ORIGIN, address
from tests.unit.services.proof_flows import RESET
from tests.unit.services.scene import NEW_PASSWORD, PASSWORD, Scene

ANN, BEA = address("ann@example.com"), address("bea@example.com")


async def test_an_administrator_sends_a_reset_and_chooses_no_password(scene: Scene) -> None:
    """RST-15: the user's password and sessions stay until the user has chosen; an older link is void."""
    admin, user = await scene.add_caller(Role.ADMIN), await scene.add_user("ann@example.com")
    session = await scene.add_session(user)
    older = (await RESET.proofs(scene, user))["link"]
    russian = replace(admin, origin=replace(ORIGIN, language=Language.RUSSIAN))
    await scene.services.user_admin.send_password_reset(russian, user.id)
    assert scene.mails()[-1] == (LetterKind.RESET_PASSWORD, "ann@example.com")
    assert scene.writer.written[-1].language == tag_of(Language.RUSSIAN)
    assert await scene.user(user.id) == user
    assert await scene.has_session(session)
    with pytest.raises(BukhindorError):
        await RESET.confirm(scene, older)
    await RESET.confirm(scene, scene.link())
    await scene.login(ANN, NEW_PASSWORD)


@pytest.mark.parametrize(("status", "refusal"), [(Status.BANNED, AccountBanned), (Status.INACTIVE, AccountInactive)])
async def test_a_closed_account_gets_no_reset(scene: Scene, status: Status, refusal: type[BukhindorError]) -> None:
    """RST-06."""
    user = await scene.add_user(status=status)
    before = scene.snapshot()
    with pytest.raises(refusal):
        await scene.services.user_admin.send_password_reset(Operator(), user.id)
    assert scene.snapshot() == before


async def test_an_account_without_a_password_gets_its_first_by_mail(scene: Scene) -> None:
    """PW-13, RST-15."""
    user = await scene.add_user("ann@example.com", password_hash=None)
    await scene.services.user_admin.send_password_reset(Operator(), user.id)
    await RESET.confirm(scene, scene.code(ANN))
    await scene.login(ANN, NEW_PASSWORD)


async def test_the_old_address_is_notified_when_an_administrator_changes_it(scene: Scene) -> None:
    """RST-14, RST-06: what was mailed there is void, and the new address is not proven."""
    user = await scene.add_user("ann@example.com", email_verified=True)
    await RESET.proofs(scene, user)
    changed = await scene.services.user_admin.change(Operator(), user.id, UserChanges(email=BEA))
    assert (changed.email, changed.email_verified) == (BEA, False)
    assert scene.mails()[-1] == (LetterKind.EMAIL_CHANGED, "ann@example.com")
    assert scene.writer.written[-1].new_email == "b***@example.com"
    assert await scene.one_time_token(user, Purpose.RESET_PASSWORD) is None


@pytest.mark.parametrize("changes", [UserChanges(name="Bea"), UserChanges(role=Role.GUEST)], ids=["name", "role"])
async def test_other_changes_are_not_told(scene: Scene, changes: UserChanges) -> None:
    user = await scene.add_user()
    await scene.services.user_admin.change(Operator(), user.id, changes)
    assert scene.mails() == []


@pytest.mark.parametrize("status", Status)
async def test_who_is_created_active_is_asked_to_verify_the_address(scene: Scene, status: Status) -> None:
    """RST-13."""
    await scene.services.user_admin.create(Operator(), "Bea", BEA, PASSWORD, Role.USER, status)
    expected = [(LetterKind.VERIFY_EMAIL, "bea@example.com")] if status is Status.ACTIVE else []
    assert scene.mails() == expected
