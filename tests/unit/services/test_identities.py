"""A person links accounts at other providers, and unlinks them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import (
    BukhindorError,
    Forbidden,
    IdentityNotFound,
    IdentityTaken,
    InvalidIdToken,
    LastSignInMethod,
    ReauthenticationRequired,
    TooManyIdentities,
    UserNotFound,
)
from bukhindor.domain.identity import MAX_IDENTITIES, Identity, ProviderGrant
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.user import Role
from bukhindor.ports.identity_provider import Redeemed
from tests.makers import ORIGIN, address, make_claims, make_identity, make_passkey, make_user
from tests.unit.services.scene import PASSWORD, Scene

LATER = timedelta(minutes=10)
RELAY = "x1@privaterelay.appleid.com"


async def linked(scene: Scene, caller: Caller, subject: str = "ann", code: str | None = None) -> Identity:
    claims = make_claims(subject=subject, email=address("other@example.com"), is_email_verified=False)
    id_token = scene.google.issue(claims)
    return await scene.services.identities.link(caller, "google", id_token, "nonce", code)


async def refused_unlink(scene: Scene, caller: Caller, identity: Identity) -> type[BukhindorError]:
    """How unlinking is refused; it is checked that nothing was written."""
    before = scene.snapshot()
    with pytest.raises(BukhindorError) as refused:
        await scene.services.identities.unlink(caller, identity.id)
    assert scene.snapshot() == before
    return refused.type


async def test_an_identity_is_linked_mailed_and_recorded(scene: Scene) -> None:
    """Its address need not be the account's, and need not be verified."""
    caller = await scene.add_caller()
    identity = await linked(scene, caller)
    assert await scene.services.identities.own(caller) == [identity]
    assert scene.mails() == [(LetterKind.IDENTITY_LINKED, caller.user.email.value)]
    assert scene.writer.written[-1].lockdown_link
    (event,) = scene.events(AuditType.IDENTITY_LINKED)
    assert event.details == {"identity": str(identity.id), "provider": "google"}
    assert (await scene.user(caller.user.id)).email == caller.user.email


async def test_linking_what_is_linked_changes_nothing_but_the_access(scene: Scene) -> None:
    caller = await scene.add_caller()
    identity = await linked(scene, caller)
    assert await linked(scene, caller) == identity
    scene.google.codes["code"] = Redeemed("id token", "refresh", "ann")
    assert await linked(scene, caller, code="code") == identity
    (kept,) = await scene.services.identities.own(caller)
    assert kept.grant == ProviderGrant("web-client", "refresh")
    assert len(scene.mails()) == 1


async def test_an_identity_of_another_account_is_taken(scene: Scene) -> None:
    await linked(scene, await scene.add_caller())
    with pytest.raises(IdentityTaken):
        await linked(scene, await scene.add_caller())


async def test_an_account_has_at_most_ten_identities(scene: Scene) -> None:
    caller = await scene.add_caller()
    for number in range(MAX_IDENTITIES):
        await linked(scene, caller, f"subject-{number}")
    with pytest.raises(TooManyIdentities):
        await linked(scene, caller, "one-more")
    assert len(await scene.services.identities.own(caller)) == MAX_IDENTITIES


async def test_a_refused_token_links_nothing_and_is_counted(scene: Scene) -> None:
    caller = await scene.add_caller()
    id_token = scene.google.issue(make_claims())
    with pytest.raises(InvalidIdToken):
        await scene.services.identities.link(caller, "google", id_token, "another nonce")
    assert await scene.services.identities.own(caller) == []
    assert scene.recorded() == [AuditType.SIGN_IN_FAILED]


async def test_claims_that_the_server_has_verified_are_linked(scene: Scene) -> None:
    caller = await scene.add_caller()
    grant = ProviderGrant("web", "refresh")
    identity = await scene.services.identities.link_claims(caller, make_claims(), grant)
    assert (identity.grant, await scene.services.identities.own(caller)) == (grant, [identity])


async def test_a_stale_session_links_and_unlinks_nothing(scene: Scene) -> None:
    caller = await scene.add_caller()
    identity = await linked(scene, caller)
    scene.clock.advance(LATER)
    with pytest.raises(ReauthenticationRequired):
        await linked(scene, caller, "another")
    with pytest.raises(ReauthenticationRequired):
        await scene.services.identities.link_claims(caller, make_claims(), None)
    assert await refused_unlink(scene, caller, identity) is ReauthenticationRequired


async def test_an_identity_is_unlinked_mailed_and_recorded(scene: Scene) -> None:
    caller = await scene.add_caller()
    identity = await linked(scene, caller)
    await scene.services.identities.unlink(caller, identity.id)
    assert await scene.services.identities.own(caller) == []
    assert scene.mails()[-1] == (LetterKind.IDENTITY_UNLINKED, caller.user.email.value)
    assert scene.writer.written[-1].provider == "Google"
    assert scene.recorded()[-1] is AuditType.IDENTITY_UNLINKED
    assert await refused_unlink(scene, caller, identity) is IdentityNotFound
    assert scene.store.committed.withdrawals == {}


async def test_the_identity_of_another_person_can_not_be_unlinked(scene: Scene) -> None:
    identity = await linked(scene, await scene.add_caller())
    assert await refused_unlink(scene, await scene.add_caller(), identity) is IdentityNotFound


async def test_the_last_way_in_stays(scene: Scene) -> None:
    """A mailed code is not counted: a relay address ends with its identity."""
    caller = await scene.add_caller(password_hash=None, email_verified=True)
    identity = await linked(scene, caller)
    assert await refused_unlink(scene, caller, identity) is LastSignInMethod
    other = await linked(scene, caller, "other")
    await scene.services.identities.unlink(caller, other.id)
    await scene.store.passkeys.add(make_passkey(caller.user))
    await scene.services.identities.unlink(caller, identity.id)
    assert await scene.services.identities.own(caller) == []


async def test_the_last_passkey_of_an_account_at_a_relay_address_stays(scene: Scene) -> None:
    """Apple forwards mails for as long as the person wants, so a mailed code is no way in that lasts."""
    caller = await scene.add_caller(email=RELAY, password_hash=None)
    passkey = make_passkey(caller.user)
    await scene.store.passkeys.add(passkey)
    identity = await linked(scene, caller)
    await scene.services.identities.unlink(caller, identity.id)
    before = scene.snapshot()
    with pytest.raises(LastSignInMethod):
        await scene.services.passkey_administration.remove(caller, passkey.id)
    assert scene.snapshot() == before
    await linked(scene, caller)
    await scene.services.passkey_administration.remove(caller, passkey.id)
    assert scene.store.committed.passkeys == {}


@pytest.mark.parametrize(
    "parts", [{"email": RELAY}, {"email": "ann@example.com", "password_hash": None}], ids=["password", "mailbox"]
)
async def test_with_another_way_in_the_last_passkey_goes(scene: Scene, parts: dict[str, Any]) -> None:
    caller = await scene.add_caller(**parts)
    passkey = make_passkey(caller.user)
    await scene.store.passkeys.add(passkey)
    await scene.services.passkey_administration.remove(caller, passkey.id)
    assert scene.store.committed.passkeys == {}


async def test_unlinking_queues_the_withdrawal_of_the_access(scene: Scene) -> None:
    caller = await scene.add_caller()
    grant = ProviderGrant("com.example.app", "refresh")
    gone = make_identity(caller.user, provider="keycloak", grant=grant)
    await scene.store.identities.add(gone)
    await scene.services.identities.unlink(caller, gone.id)
    (withdrawal,) = scene.store.committed.withdrawals.values()
    assert (withdrawal.provider, withdrawal.grant, withdrawal.due_at) == ("keycloak", grant, scene.clock.now())
    assert scene.writer.written[-1].provider == "Keycloak"


async def test_deleting_the_account_queues_the_withdrawals_and_removes_the_identities(scene: Scene) -> None:
    caller = await scene.add_caller()
    await scene.store.identities.add(make_identity(caller.user, grant=ProviderGrant("app", "refresh")))
    await scene.store.identities.add(make_identity(caller.user))
    await scene.services.own_account.delete(caller, PASSWORD)
    assert scene.store.committed.identities == {}
    assert len(scene.store.committed.withdrawals) == 1


async def test_the_export_names_the_identities(scene: Scene) -> None:
    caller = await scene.add_caller()
    identity = await linked(scene, caller)
    assert (await scene.services.own_account.export(caller)).identities == [identity]


async def test_an_administrator_sees_the_identities_of_a_user(scene: Scene) -> None:
    ann = await scene.add_caller()
    identity = await linked(scene, ann)
    admin = await scene.add_caller(Role.ADMIN)
    assert await scene.services.identities.of_user(admin, ann.user.id) == [identity]
    with pytest.raises(UserNotFound):
        await scene.services.identities.of_user(admin, make_user().id)
    with pytest.raises(Forbidden):
        await scene.services.identities.of_user(replace(ann, origin=ORIGIN), ann.user.id)
