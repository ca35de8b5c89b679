"""The operator verifies an address without a mail, such as that of the first administrator."""

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Operator
from bukhindor.domain.errors import EmailNotVerified, UserNotFound
from bukhindor.domain.user import Role
from bukhindor.domain.ways_in import WaysIn
from bukhindor.services.email_verification import Verification
from tests.fakes.identifiers import FakeIdentifiers
from tests.makers import ORIGIN
from tests.unit.services.scene import Scene


async def test_the_first_administrator_signs_in_where_addresses_must_be_verified(scene: Scene) -> None:
    scene.set_ways_in(WaysIn(requires_verified_email=True))
    admin = await scene.add_user(role=Role.ADMIN)
    session = await scene.add_session(admin)
    with pytest.raises(EmailNotVerified):
        await scene.sign_in(admin)
    verified = await scene.services.email_verification.vouch(Operator(), admin.id)
    assert await scene.user(admin.id) == verified
    assert (verified.email, verified.email_verified) == (admin.email, True)
    assert verified.password_hash == admin.password_hash
    assert await scene.has_session(session)
    assert scene.queued() == []
    (event,) = scene.events(AuditType.EMAIL_VERIFIED)
    assert (event.actor_id, event.subject_id, event.details) == (None, admin.id, {"by": "operator"})
    assert (await scene.caller_of(await scene.sign_in(admin))).user.id == admin.id


async def test_an_address_that_is_verified_stays_so_and_nothing_is_recorded(scene: Scene) -> None:
    user = await scene.add_user(email_verified=True)
    before = scene.snapshot()
    assert await scene.services.email_verification.vouch(Operator(), user.id) == user
    assert scene.snapshot() == before


async def test_an_unknown_account_is_not_found(scene: Scene) -> None:
    with pytest.raises(UserNotFound):
        await scene.services.email_verification.vouch(Operator(), FakeIdentifiers().user_id())


async def test_a_link_that_was_mailed_before_finds_the_address_verified(scene: Scene) -> None:
    """It must not end the password, as a stranger's proof of the mailbox does."""
    user = await scene.add_user()
    await scene.services.email_verification.request(user.email, ORIGIN)
    link = scene.link()
    verified = await scene.services.email_verification.vouch(Operator(), user.id)
    assert await scene.services.email_verification.confirm(link, ORIGIN) is Verification.ALREADY_VERIFIED
    assert await scene.user(user.id) == verified
