"""A passkey completes a sign-in that asks for a second factor."""

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.errors import InvalidMfaToken, MfaRequired, PasskeyNotAccepted
from bukhindor.domain.passkey import Passkey, PresentedPasskey
from bukhindor.domain.sign_in_method import Level, Method
from bukhindor.domain.user import User
from tests.makers import ORIGIN, make_passkey
from tests.unit.services.scene import DEVICE, Scene
from tests.unit.services.test_passkey_reauthentication import presented


async def account(scene: Scene) -> tuple[User, Passkey]:
    """An account with an authenticator app and a passkey."""
    user = await scene.add_user(email_verified=True)
    await scene.add_factor(user)
    passkey = make_passkey(user)
    await scene.store.passkeys.add(passkey)
    return await scene.user(user.id), passkey


async def half_signed_in(scene: Scene, user: User) -> MfaRequired:
    with pytest.raises(MfaRequired) as refusal:
        await scene.login(user.email)
    return refusal.value


def proof_of(scene: Scene, passkey: Passkey) -> PresentedPasskey:
    challenge, _ = scene.services.passkey_sign_in.options()
    return presented(challenge, passkey)


async def refuse(scene: Scene, token: str, proof: PresentedPasskey) -> None:
    """It is checked that no session begins."""
    before = dict(scene.store.committed.sessions)
    with pytest.raises(PasskeyNotAccepted):
        await scene.services.factor_sign_in.complete(token, proof, DEVICE, ORIGIN)
    assert scene.store.committed.sessions == before


async def test_a_passkey_serves_as_the_second_factor_once(scene: Scene) -> None:
    user, passkey = await account(scene)
    half = await half_signed_in(scene, user)
    assert half.factors == ("totp", "passkey")
    proof = proof_of(scene, passkey)
    tokens = await scene.services.factor_sign_in.complete(half.token, proof, DEVICE, ORIGIN)
    session = (await scene.caller_of(tokens)).session
    assert (session.methods, session.level) == ((Method.PASSWORD, Method.PASSKEY), Level.AAL2)
    again = await half_signed_in(scene, user)
    await refuse(scene, again.token, proof)


async def test_a_passkey_of_another_account_completes_nothing(scene: Scene) -> None:
    user, _ = await account(scene)
    _, others = await account(scene)
    half = await half_signed_in(scene, user)
    await refuse(scene, half.token, proof_of(scene, others))
    assert scene.events(AuditType.SIGN_IN_FAILED)[-1].subject_id == user.id


async def test_an_unknown_passkey_completes_nothing(scene: Scene) -> None:
    user, _ = await account(scene)
    half = await half_signed_in(scene, user)
    await refuse(scene, half.token, proof_of(scene, make_passkey(user)))


async def test_a_sign_in_that_is_over_is_not_completed_by_a_passkey(scene: Scene) -> None:
    """The password has changed since."""
    user, passkey = await account(scene)
    half = await half_signed_in(scene, user)
    await scene.store.users.save((await scene.user(user.id)).with_password_hash("hashed:other", scene.clock.now()))
    with pytest.raises(InvalidMfaToken):
        await scene.services.factor_sign_in.complete(half.token, proof_of(scene, passkey), DEVICE, ORIGIN)
    assert scene.store.committed.sessions == {}
