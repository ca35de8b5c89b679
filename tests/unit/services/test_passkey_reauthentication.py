"""A signed-in person makes the sign-in fresh with a passkey."""

from datetime import timedelta

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import InvalidAccessToken, PasskeyNotAccepted
from bukhindor.domain.passkey import Passkey, PasskeyChallenge, PresentedPasskey, UsedCredential
from bukhindor.domain.sign_in_method import Level, Method
from tests.makers import make_passkey
from tests.unit.services.scene import Scene


def presented(challenge: PasskeyChallenge, passkey: Passkey) -> PresentedPasskey:
    used = UsedCredential(passkey.credential_id, challenge.value, bytes(4), passkey.public_key, passkey.user_handle)
    return PresentedPasskey(challenge.id, used)


async def refuse(scene: Scene, caller: Caller, proof: PresentedPasskey) -> None:
    """It is checked that the session stays as it was."""
    with pytest.raises(PasskeyNotAccepted):
        await scene.services.reauthentication.prove(caller, proof)
    assert await scene.session(caller.session.id) == caller.session


async def test_a_passkey_makes_the_sign_in_fresh_with_two_factors(scene: Scene) -> None:
    caller = await scene.add_caller()
    passkey = make_passkey(caller.user)
    await scene.store.passkeys.add(passkey)
    scene.clock.advance(timedelta(hours=1))
    challenge, _ = scene.services.passkey_sign_in.options()
    await scene.services.reauthentication.prove(caller, presented(challenge, passkey))
    session = await scene.session(caller.session.id)
    assert (session.authenticated_at, session.level) == (scene.clock.now(), Level.AAL2)
    assert Method.PASSKEY in session.methods
    (event,) = scene.events(AuditType.REAUTHENTICATED)
    assert event.details == {"methods": "passkey"}
    await refuse(scene, await scene.caller_again(caller), presented(challenge, passkey))


async def test_a_passkey_of_another_account_proves_nothing(scene: Scene) -> None:
    caller, other = await scene.add_caller(), await scene.add_caller()
    passkey = make_passkey(other.user)
    await scene.store.passkeys.add(passkey)
    challenge, _ = scene.services.passkey_sign_in.options()
    await refuse(scene, caller, presented(challenge, passkey))
    (event,) = scene.events(AuditType.SIGN_IN_FAILED)
    assert event.subject_id == caller.user.id


async def test_an_unknown_passkey_proves_nothing(scene: Scene) -> None:
    caller = await scene.add_caller()
    challenge, _ = scene.services.passkey_sign_in.options()
    await refuse(scene, caller, presented(challenge, make_passkey(caller.user)))


async def test_a_session_that_ended_meanwhile_is_not_made_fresh(scene: Scene) -> None:
    caller = await scene.add_caller()
    passkey = make_passkey(caller.user)
    await scene.store.passkeys.add(passkey)
    await scene.store.sessions.remove(caller.session.id)
    challenge, _ = scene.services.passkey_sign_in.options()
    with pytest.raises(InvalidAccessToken):
        await scene.services.reauthentication.prove(caller, presented(challenge, passkey))
