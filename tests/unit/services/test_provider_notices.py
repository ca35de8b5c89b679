"""What a provider reports about a person by itself."""

from datetime import timedelta
from typing import Any

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import InvalidIdToken, ProviderNotFound
from bukhindor.domain.identity import Identity, ProviderGrant
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.provider_notice import NoticeKind
from bukhindor.domain.sign_in_method import Method
from bukhindor.domain.user import Role, User
from tests.makers import ORIGIN, T0, address, make_identity, make_mail, make_notice, make_passkey, make_queued_mail
from tests.unit.services.scene import Scene

RELAY = address("q7x@privaterelay.appleid.com")
APPLE = "https://appleid.apple.com"


async def linked(scene: Scene, user: User, **parts: Any) -> Identity:
    """An identity of `user` at Apple."""
    identity = make_identity(user, provider="apple", issuer=APPLE, subject="ann", email=RELAY, **parts)
    await scene.store.identities.add(identity)
    return identity


async def receive(scene: Scene, kind: NoticeKind, payload: str = "notice", **parts: Any) -> None:
    scene.apple.notices[payload] = make_notice(kind=kind, token_hash=payload.encode(), **parts)
    await scene.services.provider_notices.receive("apple", payload, ORIGIN)


async def mails_arrive(scene: Scene, email: EmailAddress = RELAY) -> bool:
    """Whether a mail to the address leaves the service."""
    before = len(scene.mailer.sent)
    await scene.store.outbox.add(make_queued_mail(make_mail(email.value)))
    await scene.services.mail_delivery.deliver_due()
    assert scene.store.committed.outbox == {}
    return len(scene.mailer.sent) > before


async def test_withdrawn_consent_ends_the_sessions_that_the_identity_started(scene: Scene) -> None:
    user = await scene.add_user()
    apple = await linked(scene, user)
    google = make_identity(user, created_at=T0 + timedelta(seconds=1))
    await scene.store.identities.add(google)
    by_apple = await scene.add_session(user, methods=(Method.IDENTITY,))
    # The second factor came later: which identity began this sign-in is not known.
    with_factor = await scene.add_session(user, methods=(Method.IDENTITY, Method.OTP))
    by_google = await scene.add_session(user, methods=(Method.IDENTITY,))
    by_password = await scene.add_session(user)
    await scene.store.identities.remember_session(apple.id, by_apple.id)
    await scene.store.identities.remember_session(google.id, by_google.id)

    await receive(scene, NoticeKind.CONSENT_REVOKED)

    left = {session.id for session in await scene.store.sessions.of_user(user.id)}
    assert left == {by_google.id, by_password.id}
    assert await scene.store.identities.of_user(user.id) == [apple, google]
    ended = scene.events(AuditType.SESSION_ENDED)
    assert {event.details["session"] for event in ended} == {str(by_apple.id), str(with_factor.id)}


@pytest.mark.parametrize(("seconds", "stays"), [(59, False), (61, True)])
async def test_consent_that_was_given_again_since_ends_no_session(scene: Scene, seconds: int, stays: bool) -> None:
    """A notice may be late, by up to a week; clocks may be a minute apart."""
    user = await scene.add_user()
    identity = await linked(scene, user, last_used_at=T0 + timedelta(seconds=seconds))
    session = await scene.add_session(user, methods=(Method.IDENTITY,))
    await scene.store.identities.remember_session(identity.id, session.id)
    await receive(scene, NoticeKind.CONSENT_REVOKED, reported_at=T0)
    assert await scene.has_session(session) is stays


async def test_a_deleted_account_at_the_provider_is_unlinked(scene: Scene) -> None:
    user = await scene.add_user()
    await linked(scene, user)
    session = await scene.add_session(user, methods=(Method.IDENTITY,))
    await receive(scene, NoticeKind.ACCOUNT_DELETED)
    assert await scene.store.identities.of_user(user.id) == []
    assert not await scene.has_session(session)
    assert await scene.user(user.id) == user
    assert scene.recorded() == [AuditType.SESSION_ENDED, AuditType.IDENTITY_UNLINKED]


@pytest.mark.parametrize("way_in", ["passkey", "identity"])
async def test_an_account_with_another_way_in_stays(scene: Scene, way_in: str) -> None:
    user = await scene.add_user(password_hash=None)
    await linked(scene, user)
    if way_in == "passkey":
        await scene.store.passkeys.add(make_passkey(user))
    else:
        await scene.store.identities.add(make_identity(user))
    await receive(scene, NoticeKind.ACCOUNT_DELETED)
    assert await scene.user(user.id) == user


async def test_an_account_that_only_the_provider_signed_in_to_is_deleted(scene: Scene) -> None:
    user = await scene.add_user(password_hash=None)
    await linked(scene, user, grant=ProviderGrant("app", "refresh"))
    await receive(scene, NoticeKind.ACCOUNT_DELETED)
    assert scene.store.committed.users == {}
    assert scene.mails() == [(LetterKind.ACCOUNT_DELETED, user.email.value)]
    assert scene.recorded()[-1] is AuditType.DELETED
    # Apple has withdrawn the access itself.
    assert scene.store.committed.withdrawals == {}


async def test_the_last_administrator_is_not_deleted(scene: Scene) -> None:
    admin = await scene.add_user(password_hash=None, role=Role.ADMIN)
    await linked(scene, admin)
    await receive(scene, NoticeKind.ACCOUNT_DELETED)
    assert await scene.user(admin.id) == admin


async def test_mails_to_the_relay_address_stop_and_resume(scene: Scene) -> None:
    user = await scene.add_user(RELAY.value, email_verified=True)
    await linked(scene, user)
    assert await mails_arrive(scene)
    await receive(scene, NoticeKind.MAIL_DISABLED, "first", email=RELAY)
    assert not await mails_arrive(scene)
    await receive(scene, NoticeKind.MAIL_ENABLED, "second")
    assert await mails_arrive(scene)


async def test_no_relay_address_is_kept_longer_than_its_account(scene: Scene) -> None:
    """DP-01"""
    user = await scene.add_user(RELAY.value, password_hash=None)
    await linked(scene, user)
    await receive(scene, NoticeKind.MAIL_DISABLED, "first", email=RELAY)
    assert await scene.services.upkeep.purge() == 0
    assert not await mails_arrive(scene)
    await receive(scene, NoticeKind.ACCOUNT_DELETED, "second")
    await scene.services.upkeep.purge()
    assert scene.store.committed.stopped_addresses == {}


@pytest.mark.parametrize("email", [None, address("ann@example.com")])
async def test_mails_to_an_address_of_the_persons_own_do_not_stop(scene: Scene, email: EmailAddress | None) -> None:
    user = await scene.add_user("ann@example.com", email_verified=True)
    identity = make_identity(user, provider="apple", issuer=APPLE, subject="ann", email=email)
    await scene.store.identities.add(identity)
    await receive(scene, NoticeKind.MAIL_DISABLED)
    assert await mails_arrive(scene, address("ann@example.com"))


async def test_a_notice_has_an_effect_once(scene: Scene) -> None:
    """IDP-13. A provider repeats a notice whose response got lost."""
    user = await scene.add_user()
    await linked(scene, user)
    await receive(scene, NoticeKind.CONSENT_REVOKED)
    session = await scene.add_session(user, methods=(Method.IDENTITY,))
    before = scene.snapshot()
    await receive(scene, NoticeKind.CONSENT_REVOKED)
    assert scene.snapshot() == before
    assert await scene.has_session(session)


@pytest.mark.parametrize("kind", list(NoticeKind))
async def test_a_notice_about_a_stranger_changes_nothing(scene: Scene, kind: NoticeKind) -> None:
    user = await scene.add_user()
    await linked(scene, user)
    session = await scene.add_session(user, methods=(Method.IDENTITY,))
    await receive(scene, kind, subject="stranger")
    assert await scene.has_session(session)
    assert scene.recorded() == []


async def test_an_unknown_kind_of_notice_changes_nothing(scene: Scene) -> None:
    user = await scene.add_user()
    identity = await linked(scene, user)
    await receive(scene, NoticeKind.OTHER)
    assert await scene.store.identities.of_user(user.id) == [identity]
    assert scene.recorded() == []


async def test_a_forged_notice_is_refused_and_counted(scene: Scene) -> None:
    with pytest.raises(InvalidIdToken):
        await scene.services.provider_notices.receive("apple", "forged", ORIGIN)
    assert scene.recorded() == [AuditType.SIGN_IN_FAILED]
    with pytest.raises(ProviderNotFound):
        await scene.services.provider_notices.receive("github", "forged", ORIGIN)
