"""A guest becomes a person by a mailed code, a passkey or an identity."""

from datetime import timedelta
from typing import Any

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller, Operator
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import (
    EmailTaken,
    IdentityEmailNotVerified,
    LastSignInMethod,
    ReauthenticationRequired,
    WriteConflict,
)
from bukhindor.domain.identity import Identity
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.sign_in_method import Method
from bukhindor.domain.user import User, UserChanges
from bukhindor.domain.ways_in import AddressPolicy, WaysIn
from bukhindor.services.identity_sign_in import IdToken
from tests.fakes.users import FakeUsers
from tests.makers import ORIGIN, address, make_claims
from tests.unit.services.scene import DEVICE, PASSWORD, Scene
from tests.unit.services.test_guests import ANN, begin, guest
from tests.unit.services.test_passkey_administration import added
from tests.unit.services.test_passkey_sign_in import sign_in


async def link(scene: Scene, caller: Caller, subject: str = "ann", **claims: Any) -> Identity:
    id_token = scene.google.issue(make_claims(subject=subject, **claims))
    return await scene.services.identities.link(caller, "google", id_token, "nonce")


async def test_a_mailed_code_makes_a_guest_a_person(scene: Scene) -> None:
    """No password and no fresh sign-in is asked for: there is nothing to prove. Nothing is mailed to the guest."""
    tokens = await begin(scene)
    scene.clock.advance(timedelta(days=1))
    tokens = await scene.refresh(tokens)
    caller = await scene.caller_of(tokens)
    await scene.services.email_change.request(caller, ANN, None)
    assert scene.mails() == [(LetterKind.CHANGE_EMAIL, "ann@example.com")]
    await scene.services.email_change.confirm(scene.code(caller.user.email), ORIGIN)
    user = (await scene.caller_of(tokens)).user
    assert (user.email, user.email_verified, user.is_guest) == (ANN, True, False)
    assert len(scene.mails()) == 1
    (event,) = scene.events(AuditType.GUEST_CLAIMED)
    assert (event.subject_id, event.details) == (user.id, {"by": "mail"})


async def test_a_person_who_moves_claims_nothing(scene: Scene) -> None:
    caller = await scene.add_caller(email_verified=True)
    await scene.services.email_change.request(caller, ANN, PASSWORD)
    await scene.services.email_change.confirm(scene.link(), ORIGIN)
    assert scene.events(AuditType.GUEST_CLAIMED) == []


async def test_a_passkey_makes_a_guest_a_person_without_an_address(scene: Scene) -> None:
    caller = await guest(scene)
    scene.clock.advance(timedelta(minutes=14))
    passkey = await added(scene, caller)
    user = await scene.user(caller.user.id)
    assert (user.is_guest, user.email, user.email_verified) == (False, caller.user.email, False)
    assert scene.mails() == []
    assert scene.events(AuditType.GUEST_CLAIMED)[0].details == {"by": "passkey"}
    assert (await scene.caller_of(await sign_in(scene, passkey))).user.id == user.id
    assert len(scene.events(AuditType.GUEST_CLAIMED)) == 1


async def test_an_account_without_an_address_keeps_its_last_passkey(scene: Scene) -> None:
    caller = await guest(scene)
    first, second = await added(scene, caller, 1), await added(scene, caller, 2)
    caller = await scene.caller_again(caller)
    administration = scene.services.passkey_administration
    await administration.remove(caller, first.id)
    with pytest.raises(LastSignInMethod):
        await administration.remove(caller, second.id)
    assert await administration.list(caller) == [second]
    with pytest.raises(LastSignInMethod):
        await scene.services.factor_reset.reset(Operator(), caller.user.id)
    assert await scene.has_session(caller.session)
    await scene.services.user_admin.change(Operator(), caller.user.id, UserChanges(email=ANN))
    await administration.remove(await scene.caller_again(caller), second.id)
    assert await administration.list(caller) == []


async def test_an_identity_makes_a_guest_a_person_with_its_verified_address(scene: Scene) -> None:
    tokens = await begin(scene)
    caller = await scene.caller_of(tokens)
    await link(scene, caller, email=ANN)
    user = (await scene.caller_of(tokens)).user
    assert (user.email, user.email_verified, user.is_guest, user.password_hash) == (ANN, True, False, None)
    assert scene.mails() == [(LetterKind.IDENTITY_LINKED, "ann@example.com")]
    (event,) = scene.events(AuditType.GUEST_CLAIMED)
    assert (event.subject_id, event.details) == (user.id, {"by": "identity"})


async def test_proofs_that_wait_are_void_once_an_identity_is_linked(scene: Scene) -> None:
    caller = await guest(scene)
    await scene.services.email_change.request(caller, address("old@example.com"), None)
    await link(scene, caller, email=ANN)
    assert scene.store.committed.one_time_tokens == {}


NO_ADDRESS: dict[str, dict[str, Any]] = {
    "none": {"email": None},
    "not verified": {"email": ANN, "is_email_verified": False},
    "taken": {"email": address("taken@example.com")},
    "of a blocked domain": {"email": address("ann@example.org")},
    "of a guest": {"email": EmailAddress("x@guest.invalid")},
}


@pytest.mark.parametrize("which", NO_ADDRESS)
async def test_an_identity_without_an_address_for_the_account_makes_a_person_without_one(
    scene: Scene, which: str
) -> None:
    taken = await scene.add_user("taken@example.com", email_verified=True)
    scene.set_ways_in(WaysIn(addresses=AddressPolicy(blocked=frozenset({"example.org"}))))
    caller = await guest(scene)
    identity = await link(scene, caller, **NO_ADDRESS[which])
    user = await scene.user(caller.user.id)
    assert (user.email, user.email_verified, user.is_guest) == (caller.user.email, False, False)
    assert (await scene.user(taken.id), scene.mails()) == (taken, [])
    with pytest.raises(LastSignInMethod):
        await scene.services.identities.unlink(await scene.caller_again(caller), identity.id)


async def test_an_address_that_is_taken_at_the_last_moment_undoes_the_link(scene: Scene) -> None:
    """Another transaction took it between the look and the write."""
    caller = await guest(scene)

    async def taken(self: FakeUsers, user: User) -> None:
        raise EmailTaken

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(FakeUsers, "save", taken)
        with pytest.raises(WriteConflict):
            await link(scene, caller, email=ANN)
    assert (scene.store.committed.identities, (await scene.user(caller.user.id)).is_guest) == ({}, True)


async def test_the_last_passkey_may_go_once_an_identity_is_there(scene: Scene) -> None:
    caller = await guest(scene)
    passkey = await added(scene, caller)
    caller = await scene.caller_again(caller)
    await link(scene, caller, email=None)
    await scene.services.passkey_administration.remove(caller, passkey.id)
    assert await scene.services.passkey_administration.list(caller) == []
    await scene.services.factor_reset.reset(Operator(), caller.user.id)
    other = await guest(scene)
    await added(scene, other, 2)
    await link(scene, await scene.caller_again(other), subject="other", email=None)
    await scene.services.factor_reset.reset(Operator(), other.user.id)
    assert scene.store.committed.passkeys == {}


async def test_no_provider_vouches_for_the_address_of_a_guest(scene: Scene) -> None:
    """An identity with it joins no guest's account, and creates none."""
    caller = await guest(scene)
    claims = make_claims(subject="x", email=caller.user.email)
    with pytest.raises(IdentityEmailNotVerified):
        await scene.services.identity_sign_in.by_token(
            "google", IdToken(id_token=scene.google.issue(claims), nonce="nonce"), DEVICE, ORIGIN
        )
    assert (len(scene.store.committed.users), scene.store.committed.identities) == (1, {})


async def test_support_resets_what_a_guest_has_not(scene: Scene) -> None:
    """A guest without a passkey loses no way in."""
    caller = await guest(scene)
    await scene.services.factor_reset.reset(Operator(), caller.user.id)
    assert (await scene.user(caller.user.id)).is_guest


async def test_who_has_only_a_passkey_is_asked_for_it(scene: Scene) -> None:
    caller = await guest(scene)
    await added(scene, caller)
    scene.clock.advance(timedelta(minutes=14))
    with pytest.raises(ReauthenticationRequired) as refused:
        await scene.services.own_account.delete(await scene.caller_again(caller), None)
    assert refused.value.methods == (Method.PASSKEY,)
