"""Signing in with a passkey."""

from datetime import timedelta

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.device import Device
from bukhindor.domain.errors import AccountBanned, BukhindorError, InvalidPasskey, StoreUnavailable
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.passkey import CHALLENGE_LIFE, Passkey, PasskeyChallenge, UsedCredential
from bukhindor.domain.sign_in_method import Level, Method
from bukhindor.domain.tokens import TokenPair
from bukhindor.domain.user import Status, User
from tests.makers import ORIGIN, make_key_ring, make_passkey, make_user
from tests.unit.services.scene import DEVICE, Scene


def used(challenge: PasskeyChallenge, passkey: Passkey, count: int = 0, handle: bytes | None = None) -> UsedCredential:
    """What an honest device returns."""
    return UsedCredential(
        passkey.credential_id, challenge.value, count.to_bytes(4), passkey.public_key, handle or passkey.user_handle
    )


async def added(scene: Scene, owner: User, sign_count: int = 0) -> Passkey:
    passkey = make_passkey(owner, sign_count=sign_count)
    await scene.store.passkeys.add(passkey)
    return passkey


async def sign_in(scene: Scene, passkey: Passkey, count: int = 0, device_proof: str = "") -> TokenPair:
    challenge, _ = scene.services.passkey_sign_in.options()
    shown = used(challenge, passkey, count)
    return await scene.services.passkey_sign_in.sign_in(challenge.id, shown, DEVICE, ORIGIN, device_proof)


async def refusal(scene: Scene, challenge_id: str, shown: UsedCredential) -> type[BukhindorError]:
    """How a use is refused; it is checked that no session began, and that no passkey changed."""
    before = (dict(scene.store.committed.sessions), dict(scene.store.committed.passkeys))
    with pytest.raises(BukhindorError) as refused:
        await scene.services.passkey_sign_in.sign_in(challenge_id, shown, DEVICE, ORIGIN)
    assert (scene.store.committed.sessions, scene.store.committed.passkeys) == before
    return refused.type


async def test_a_passkey_signs_in_with_two_factors(scene: Scene) -> None:
    user = await scene.add_user()
    passkey = await added(scene, user)
    caller = await scene.caller_of(await sign_in(scene, passkey))
    assert caller.user.id == user.id
    assert (caller.session.methods, caller.session.level) == ((Method.PASSKEY,), Level.AAL2)
    (kept,) = await scene.store.passkeys.of_user(user.id)
    assert (kept.last_used_at, kept.is_backed_up) == (scene.clock.now(), True)
    (event,) = scene.events(AuditType.SIGNED_IN)
    assert event.details == {"kind": "stranger", "methods": "passkey"}


async def test_devices_and_networks_are_those_of_any_sign_in(scene: Scene) -> None:
    user = await scene.add_user()
    passkey = await added(scene, user)
    tokens = await sign_in(scene, passkey)
    await sign_in(scene, passkey)
    await sign_in(scene, passkey, device_proof=tokens.device_proof)
    kinds = [event.details["kind"] for event in scene.events(AuditType.SIGNED_IN)]
    assert kinds == ["stranger", "familiar_network", "device_proof"]
    challenge, _ = scene.services.passkey_sign_in.options()
    elsewhere = Device("another-device", None, None, "198.51.100.1", "Other/1.0")
    await scene.services.passkey_sign_in.sign_in(challenge.id, used(challenge, passkey), elsewhere, ORIGIN)
    assert scene.mails() == [(LetterKind.NEW_DEVICE, user.email.value)]


async def test_a_challenge_signs_in_once_and_for_five_minutes(scene: Scene) -> None:
    passkey = await added(scene, await scene.add_user())
    challenge, _ = scene.services.passkey_sign_in.options()
    shown = used(challenge, passkey)
    await scene.services.passkey_sign_in.sign_in(challenge.id, shown, DEVICE, ORIGIN)
    assert await refusal(scene, challenge.id, shown) is InvalidPasskey
    old, _ = scene.services.passkey_sign_in.options()
    scene.clock.advance(CHALLENGE_LIFE)
    assert await refusal(scene, old.id, used(old, passkey)) is InvalidPasskey
    assert await refusal(scene, "challenge-x", used(old, passkey)) is InvalidPasskey


async def test_a_challenge_for_a_new_passkey_signs_no_one_in(scene: Scene) -> None:
    caller = await scene.add_caller()
    passkey = await added(scene, caller.user)
    challenge, _ = await scene.services.passkey_administration.options(caller)
    assert await refusal(scene, challenge.id, used(challenge, passkey)) is InvalidPasskey


async def test_an_unknown_passkey_a_wrong_signature_and_another_handle_are_refused_alike(scene: Scene) -> None:
    user = await scene.add_user()
    passkey = await added(scene, user)
    challenge, _ = scene.services.passkey_sign_in.options()
    unknown = make_passkey(user)
    forged = UsedCredential(passkey.credential_id, challenge.value, b"", b"another key")
    for shown in (used(challenge, unknown), forged, used(challenge, passkey, handle=b"x" * 32)):
        assert await refusal(scene, challenge.id, shown) is InvalidPasskey
    failures = scene.events(AuditType.SIGN_IN_FAILED)
    assert [(event.subject_id, event.details) for event in failures] == [
        (None, {"methods": "passkey"}),
        (user.id, {"methods": "passkey"}),
        (user.id, {"methods": "passkey"}),
    ]


async def test_a_counter_that_goes_back_is_refused_and_recorded(scene: Scene) -> None:
    user = await scene.add_user()
    passkey = await added(scene, user, sign_count=5)
    for count in (5, 4, 0):
        challenge, _ = scene.services.passkey_sign_in.options()
        assert await refusal(scene, challenge.id, used(challenge, passkey, count)) is InvalidPasskey
    copies = scene.events(AuditType.PASSKEY_COPIED)
    assert [(event.subject_id, event.details) for event in copies] == [(user.id, {"passkey": str(passkey.id)})] * 3
    await sign_in(scene, passkey, count=6)
    (kept,) = await scene.store.passkeys.of_user(user.id)
    assert kept.sign_count == 6


async def test_a_banned_account_does_not_sign_in(scene: Scene) -> None:
    user = await scene.add_user(status=Status.BANNED)
    passkey = await added(scene, user)
    challenge, _ = scene.services.passkey_sign_in.options()
    assert await refusal_of_ban(scene, challenge, passkey) is AccountBanned


async def refusal_of_ban(scene: Scene, challenge: PasskeyChallenge, passkey: Passkey) -> type[BukhindorError]:
    with pytest.raises(BukhindorError) as refused:
        await scene.services.passkey_sign_in.sign_in(challenge.id, used(challenge, passkey), DEVICE, ORIGIN)
    assert not scene.store.committed.sessions
    return refused.type


async def test_a_passkey_that_was_removed_meanwhile_does_not_sign_in(scene: Scene) -> None:
    user = await scene.add_user()
    passkey = await added(scene, user)
    challenge, _ = scene.services.passkey_sign_in.options()
    shown = await scene.passkey_proof.check(challenge.id, used(challenge, passkey))
    await scene.store.passkeys.remove(passkey.id)
    with pytest.raises(InvalidPasskey):
        async with scene.store.begin() as tx:
            await scene.passkey_proof.accept(tx, shown, ORIGIN)


async def test_a_passkey_whose_account_was_deleted_meanwhile_does_not_sign_in(scene: Scene) -> None:
    passkey = await added(scene, make_user())
    challenge, _ = scene.services.passkey_sign_in.options()
    assert await refusal(scene, challenge.id, used(challenge, passkey)) is InvalidPasskey


async def test_without_a_signing_key_nothing_begins(scene: Scene) -> None:
    passkey = await added(scene, await scene.add_user())
    scene.access_tokens.use(make_key_ring())
    challenge, _ = scene.services.passkey_sign_in.options()
    assert await refusal(scene, challenge.id, used(challenge, passkey)) is StoreUnavailable
    assert scene.events() == []


async def test_used_challenges_are_forgotten_by_upkeep(scene: Scene) -> None:
    passkey = await added(scene, await scene.add_user())
    await sign_in(scene, passkey)
    assert len(scene.store.committed.used_challenges) == 1
    scene.clock.advance(CHALLENGE_LIFE + timedelta(seconds=1))
    await scene.services.upkeep.purge()
    assert not scene.store.committed.used_challenges
