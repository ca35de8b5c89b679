"""Signing in with an account at another provider."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import (
    AccountBanned,
    AccountLocked,
    BukhindorError,
    EmailTaken,
    IdentityEmailNotVerified,
    IdentityTaken,
    InvalidIdToken,
    InvalidValue,
    MfaRequired,
    ProviderNotFound,
    ProviderUnavailable,
    RegistrationClosed,
    WriteConflict,
)
from bukhindor.domain.identity import ProviderGrant
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.sign_in_method import Level, Method
from bukhindor.domain.user import Status, User
from bukhindor.domain.ways_in import AddressPolicy, RegistrationMode, WaysIn
from bukhindor.ports.identity_provider import Redeemed
from bukhindor.services.identity_sign_in import IdentitySignedIn, IdToken
from tests.fakes.identities import FakeIdentities
from tests.fakes.users import FakeUsers
from tests.makers import ORIGIN, address, make_claims, make_identity, make_passkey
from tests.unit.services.scene import DEVICE, Scene

ANN = address("ann@example.com")
RELAY = address("q7x@privaterelay.appleid.com")


async def sign_in(scene: Scene, id_token: str, provider: str = "google", **parts: Any) -> IdentitySignedIn:
    token = IdToken(id_token=id_token, nonce=parts.pop("nonce", "nonce"), **parts)
    return await scene.services.identity_sign_in.by_token(provider, token, DEVICE, ORIGIN)


async def refusal(scene: Scene, id_token: str, provider: str = "google", **parts: Any) -> type[BukhindorError]:
    """How a sign-in is refused; it is checked that there is no new account, session or identity."""
    tables = scene.store.committed
    before = dict(tables.users), dict(tables.sessions), dict(tables.identities)
    with pytest.raises(BukhindorError) as refused:
        await sign_in(scene, id_token, provider, **parts)
    assert (tables.users, tables.sessions, tables.identities) == before
    return refused.type


async def owner(scene: Scene, email: EmailAddress = ANN) -> User:
    found = await scene.store.users.by_email(email)
    assert found is not None
    return found


async def test_the_first_sign_in_creates_an_account_with_a_verified_address(scene: Scene) -> None:
    signed_in = await sign_in(scene, scene.google.issue(make_claims()))
    caller = await scene.caller_of(signed_in.tokens)
    assert signed_in.is_new
    assert (caller.user.email, caller.user.email_verified, caller.user.name) == (ANN, True, "Ann Example")
    assert caller.user.password_hash is None
    assert (caller.session.methods, caller.session.level) == ((Method.IDENTITY,), Level.AAL1)
    (identity,) = await scene.services.identities.own(caller)
    assert (identity.provider, identity.subject, identity.last_used_at) == ("google", "ann", scene.clock.now())
    assert scene.mails() == []
    assert scene.recorded() == [AuditType.REGISTERED, AuditType.IDENTITY_LINKED, AuditType.SIGNED_IN]


@pytest.mark.parametrize(
    ("from_app", "from_provider", "name"),
    [("Anna", "Ann", "Anna"), (None, "Ann", "Ann"), (None, None, "ann"), (None, "\x00", "ann")],
)
async def test_the_name_is_the_apps_or_the_providers_or_the_addresses(
    scene: Scene, from_app: str | None, from_provider: str | None, name: str
) -> None:
    await sign_in(scene, scene.google.issue(make_claims(name=from_provider)), name=from_app)
    assert (await owner(scene)).name == name


async def test_the_next_sign_in_knows_the_identity_whatever_its_address_is(scene: Scene) -> None:
    first = await sign_in(scene, scene.google.issue(make_claims()))
    moved = make_claims(email=address("new@example.com"), is_email_verified=False)
    second = await sign_in(scene, scene.google.issue(moved))
    bare = await sign_in(scene, scene.google.issue(make_claims(email=None, is_email_verified=False)))
    assert (first.is_new, second.is_new, bare.is_new) == (True, False, False)
    (identity,) = scene.store.committed.identities.values()
    assert (identity.email, identity.is_email_verified) == (address("new@example.com"), False)
    assert (await owner(scene)).email == ANN


async def test_a_verified_address_joins_the_verified_account_that_has_it(scene: Scene) -> None:
    ann = await scene.add_user(ANN.value, email_verified=True)
    await scene.add_session(ann)
    signed_in = await sign_in(scene, scene.google.issue(make_claims()))
    assert not signed_in.is_new
    assert len(await scene.store.sessions.of_user(ann.id)) == 2
    assert (await scene.user(ann.id)).password_hash == ann.password_hash
    assert scene.mails() == [(LetterKind.IDENTITY_LINKED, ANN.value)]
    letter = scene.writer.written[-1]
    assert (letter.provider, bool(letter.lockdown_link)) == ("Google", True)


async def test_what_was_planted_in_an_unverified_account_ends_when_its_owner_comes(scene: Scene) -> None:
    """Another person may have registered the address, and be waiting (CVE-2024-38351)."""
    planted = await scene.add_user(ANN.value, email_verified=False)
    await scene.add_session(planted)
    await scene.add_factor(planted)
    await scene.store.passkeys.add(make_passkey(planted))
    await scene.store.identities.add(make_identity(planted, subject="thief"))
    caller = await scene.caller_of((await sign_in(scene, scene.google.issue(make_claims()))).tokens)
    user = await scene.user(planted.id)
    assert (user.password_hash, user.email_verified, user.has_factor) == (None, True, False)
    assert await scene.store.sessions.of_user(user.id) == [caller.session]
    assert [identity.subject for identity in await scene.store.identities.of_user(user.id)] == ["ann"]
    assert await scene.store.passkeys.of_user(user.id) == []
    assert [kind for kind, _ in scene.mails()] == [LetterKind.RESET_PASSWORD, LetterKind.IDENTITY_LINKED]
    assert AuditType.EMAIL_VERIFIED in scene.recorded()


@pytest.mark.parametrize("parts", [{"is_email_verified": False}, {"email": None}, {"email": RELAY}])
async def test_an_address_that_the_provider_does_not_vouch_for_opens_no_account(
    scene: Scene, parts: dict[str, Any]
) -> None:
    await scene.add_user(ANN.value, email_verified=True)
    await scene.add_user(RELAY.value, email_verified=True)
    refused = await refusal(scene, scene.google.issue(make_claims(**parts)))
    assert refused is IdentityEmailNotVerified
    (failed,) = scene.events(AuditType.SIGN_IN_FAILED)
    assert failed.details == {"methods": "idp", "provider": "google"}


async def test_apple_vouches_for_its_private_addresses(scene: Scene) -> None:
    claims = make_claims(provider="apple", email=RELAY, is_private_email=True)
    caller = await scene.caller_of((await sign_in(scene, scene.apple.issue(claims), "apple", name="Anna")).tokens)
    (identity,) = await scene.services.identities.own(caller)
    assert (caller.user.email, identity.is_private_email) == (RELAY, True)


@pytest.mark.parametrize("closed", [{"status": Status.BANNED}, {"locked": True}])
async def test_an_account_that_may_not_be_used_gets_no_identity(scene: Scene, closed: dict[str, Any]) -> None:
    is_locked = closed.pop("locked", False)
    await scene.add_user(ANN.value, email_verified=True, locked_at=scene.clock.now() if is_locked else None, **closed)
    refused = await refusal(scene, scene.google.issue(make_claims()))
    assert refused is (AccountLocked if is_locked else AccountBanned)
    assert scene.mails() == []


async def test_nothing_is_linked_to_an_account_before_its_second_factor(scene: Scene) -> None:
    """The address proves the mailbox alone, and a trusted provider has not checked the factor of this account."""
    ann = await scene.add_user(ANN.value, email_verified=True)
    await scene.add_factor(ann)
    scene.google._settings = replace(scene.google.settings, trusts_amr=True)
    assert await refusal(scene, scene.google.issue(make_claims(amr=("pwd", "mfa")))) is MfaRequired
    assert scene.mails() == []
    assert AuditType.IDENTITY_LINKED not in scene.recorded()


async def test_a_second_factor_is_asked_for_unless_the_provider_has_checked_one_and_is_trusted(scene: Scene) -> None:
    ann = await scene.add_user(ANN.value, email_verified=True)
    await sign_in(scene, scene.google.issue(make_claims()))
    await scene.store.sessions.remove_of_user(ann.id)
    await scene.add_factor(ann)
    with pytest.raises(MfaRequired):
        await sign_in(scene, scene.google.issue(make_claims(amr=("pwd", "mfa"))))
    assert await scene.store.sessions.of_user(ann.id) == []
    scene.google._settings = replace(scene.google.settings, trusts_amr=True)
    with pytest.raises(MfaRequired):
        await sign_in(scene, scene.google.issue(make_claims(amr=("pwd",))))
    caller = await scene.caller_of((await sign_in(scene, scene.google.issue(make_claims(amr=("pwd", "mfa"))))).tokens)
    assert (caller.session.methods, caller.session.level) == ((Method.IDENTITY, Method.SEVERAL), Level.AAL2)


async def test_an_id_token_signs_in_once(scene: Scene) -> None:
    id_token = scene.google.issue(make_claims())
    await sign_in(scene, id_token)
    assert await refusal(scene, id_token) is InvalidIdToken
    assert AuditType.SIGN_IN_FAILED in scene.recorded()


@pytest.mark.parametrize(
    ("provider", "nonce", "wanted"),
    [("google", "another", InvalidIdToken), ("apple", "nonce", InvalidIdToken), ("github", "nonce", ProviderNotFound)],
)
async def test_a_token_for_something_else_signs_no_one_in(
    scene: Scene, provider: str, nonce: str, wanted: type[BukhindorError]
) -> None:
    assert await refusal(scene, scene.google.issue(make_claims()), provider, nonce=nonce) is wanted


async def test_a_provider_that_is_away_is_a_refusal_of_its_own(scene: Scene) -> None:
    id_token = scene.google.issue(make_claims())
    scene.google.is_away = True
    assert await refusal(scene, id_token) is ProviderUnavailable
    assert scene.events() == []


@pytest.mark.parametrize("mode", [RegistrationMode.INVITED, RegistrationMode.CLOSED])
async def test_where_registration_is_not_open_only_known_people_sign_in(scene: Scene, mode: RegistrationMode) -> None:
    scene.set_ways_in(WaysIn(registration=mode))
    assert await refusal(scene, scene.google.issue(make_claims())) is RegistrationClosed
    await scene.add_user(ANN.value, email_verified=True)
    assert not (await sign_in(scene, scene.google.issue(make_claims()))).is_new


async def test_a_blocked_domain_opens_no_account(scene: Scene) -> None:
    scene.set_ways_in(WaysIn(addresses=AddressPolicy(blocked=frozenset({"example.com"}))))
    with pytest.raises(InvalidValue):
        await sign_in(scene, scene.google.issue(make_claims()))
    assert scene.store.committed.users == {}


async def test_apples_code_is_exchanged_and_kept_for_a_withdrawal(scene: Scene) -> None:
    scene.apple.codes["code"] = Redeemed("another id token", "a refresh token", "ann")
    claims = make_claims(provider="apple", audience="com.example.app")
    await sign_in(scene, scene.apple.issue(claims), "apple", authorization_code="code")
    (identity,) = scene.store.committed.identities.values()
    assert identity.grant == ProviderGrant("com.example.app", "a refresh token")


@pytest.mark.parametrize("redeemed", [None, Redeemed("another id token", None, "ann")])
async def test_a_code_that_gives_no_refresh_token_stops_no_one(scene: Scene, redeemed: Redeemed | None) -> None:
    if redeemed is not None:
        scene.apple.codes["code"] = redeemed
    claims = make_claims(provider="apple")
    assert (await sign_in(scene, scene.apple.issue(claims), "apple", authorization_code="code")).is_new
    (identity,) = scene.store.committed.identities.values()
    assert identity.grant is None


@pytest.mark.parametrize("subject", ["bob", None])
async def test_the_code_of_another_person_gives_no_access(scene: Scene, subject: str | None) -> None:
    """A stolen code would let a thief withdraw what its owner has allowed (RFC 9700 section 4.5)."""
    scene.apple.codes["stolen"] = Redeemed("another id token", "a refresh token of Bob", subject)
    claims = make_claims(provider="apple")
    assert (await sign_in(scene, scene.apple.issue(claims), "apple", authorization_code="stolen")).is_new
    (identity,) = scene.store.committed.identities.values()
    assert identity.grant is None
    assert (scene.apple.revoked, scene.store.committed.withdrawals) == ([], {})


async def test_the_session_is_remembered_as_the_identitys(scene: Scene) -> None:
    caller = await scene.caller_of((await sign_in(scene, scene.google.issue(make_claims()))).tokens)
    (identity,) = scene.store.committed.identities.values()
    assert await scene.store.identities.sessions_of(identity.id) == [caller.session.id]


async def test_an_identity_whose_account_is_being_deleted_is_no_longer_known(scene: Scene) -> None:
    ann = await scene.add_user()
    orphan = make_identity(ann, subject="ann")
    await scene.store.identities.add(orphan)
    scene.store.committed.users.clear()
    with pytest.raises(WriteConflict):
        await sign_in(scene, scene.google.issue(make_claims()))


@pytest.mark.parametrize("error", [EmailTaken, IdentityTaken])
async def test_another_sign_in_of_the_same_person_that_was_faster_makes_this_one_begin_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, error: type[BukhindorError]
) -> None:
    async def is_taken(*_: object) -> None:
        raise error

    place = FakeUsers if error is EmailTaken else FakeIdentities
    monkeypatch.setattr(place, "add", is_taken)
    assert await refusal(scene, scene.google.issue(make_claims())) is WriteConflict


async def test_claims_that_the_server_has_verified_sign_in_as_a_token_does(scene: Scene) -> None:
    grant = ProviderGrant("web", "refresh")
    claims = replace(make_claims(), issuer=scene.google.settings.issuer)
    by_claims = scene.services.identity_sign_in.by_claims
    assert (await by_claims(claims, grant, DEVICE, ORIGIN, name="Anna")).is_new
    with pytest.raises(InvalidIdToken):
        await by_claims(claims, grant, DEVICE, ORIGIN)
    (identity,) = scene.store.committed.identities.values()
    assert identity.grant == grant
    assert scene.recorded()[-1] is AuditType.SIGN_IN_FAILED


async def test_used_tokens_are_forgotten_when_no_one_accepts_them_any_more(scene: Scene) -> None:
    id_token = scene.google.issue(make_claims())
    await sign_in(scene, id_token)
    await scene.services.upkeep.purge()
    assert len(scene.store.committed.used_id_tokens) == 1
    scene.clock.advance(timedelta(minutes=11))
    await scene.services.upkeep.purge()
    assert scene.store.committed.used_id_tokens == {}
