"""A person adds, names and removes passkeys."""

import json
from datetime import timedelta

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import (
    BukhindorError,
    InvalidAccessToken,
    PasskeyNotAccepted,
    PasskeyNotFound,
    ReauthenticationRequired,
    TooManyPasskeys,
)
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.passkey import CHALLENGE_LIFE, MAX_PASSKEYS, CreatedCredential, Passkey, PasskeyChallenge
from tests.makers import ORIGIN, make_passkey
from tests.unit.services.scene import Scene


def credential(challenge: PasskeyChallenge, number: int = 1) -> CreatedCredential:
    """What an honest device returns."""
    id_ = number.to_bytes(16)
    return CreatedCredential(id_, challenge.value, b"key:" + id_, ("internal",))


async def added(scene: Scene, caller: Caller, number: int = 1, name: str | None = None) -> Passkey:
    challenge, _ = await scene.services.passkey_administration.options(caller)
    return await scene.services.passkey_administration.add(caller, challenge.id, credential(challenge, number), name)


async def refusal(scene: Scene, caller: Caller, challenge_id: str, made: CreatedCredential) -> type[BukhindorError]:
    """How a new passkey is refused; it is checked that nothing was written."""
    before = scene.snapshot()
    with pytest.raises(BukhindorError) as refused:
        await scene.services.passkey_administration.add(caller, challenge_id, made)
    assert scene.snapshot() == before
    return refused.type


async def test_a_passkey_is_added_mailed_and_recorded(scene: Scene) -> None:
    caller = await scene.add_caller(email_verified=True)
    passkey = await added(scene, caller, name="Phone")
    assert await scene.services.passkey_administration.list(caller) == [passkey]
    assert (passkey.name, passkey.transports, passkey.last_used_at) == ("Phone", ("internal",), None)
    assert scene.mails() == [(LetterKind.PASSKEY_ADDED, caller.user.email.value)]
    assert scene.writer.written[-1].lockdown_link.startswith("https://app.example.com/lockdown?token=")
    (event,) = scene.events(AuditType.PASSKEY_ADDED)
    assert (event.actor_id, event.subject_id, event.details) == (
        caller.user.id, caller.user.id, {"passkey": str(passkey.id)},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [("Mozilla/5.0 (Windows NT 10.0) Firefox/140.0", "Firefox on Windows"), ("", "Passkey")],
)
async def test_without_a_name_it_is_named_after_the_device(scene: Scene, user_agent: str, name: str) -> None:
    caller = await scene.add_caller()
    caller = Caller(caller.user, caller.session, ORIGIN.__class__("192.0.2.7", user_agent))
    assert (await added(scene, caller)).name == name


async def test_all_passkeys_of_an_account_have_one_random_handle(scene: Scene) -> None:
    caller, other = await scene.add_caller(), await scene.add_caller()
    first, second = await added(scene, caller, 1), await added(scene, caller, 2)
    assert first.user_handle == second.user_handle
    assert len(first.user_handle) == 32
    assert (await added(scene, other, 3)).user_handle != first.user_handle
    assert caller.user.email.value.encode() not in first.user_handle


async def test_devices_that_have_one_are_excluded(scene: Scene) -> None:
    caller = await scene.add_caller()
    passkey = await added(scene, caller)
    _, options = await scene.services.passkey_administration.options(caller)
    assert json.loads(options)["excluded"] == [passkey.credential_id.hex()]


async def test_a_challenge_is_good_for_one_passkey_of_its_account(scene: Scene) -> None:
    caller, other = await scene.add_caller(), await scene.add_caller()
    administration = scene.services.passkey_administration
    challenge, _ = await administration.options(caller)
    assert await refusal(scene, other, challenge.id, credential(challenge)) is PasskeyNotAccepted
    await administration.add(caller, challenge.id, credential(challenge))
    assert await refusal(scene, caller, challenge.id, credential(challenge, 2)) is PasskeyNotAccepted


async def test_a_challenge_of_a_sign_in_or_of_no_one_adds_nothing(scene: Scene) -> None:
    caller = await scene.add_caller()
    of_sign_in, _ = scene.services.passkey_sign_in.options()
    assert await refusal(scene, caller, of_sign_in.id, credential(of_sign_in)) is PasskeyNotAccepted
    assert await refusal(scene, caller, "challenge-x", credential(of_sign_in)) is PasskeyNotAccepted
    old, _ = await scene.services.passkey_administration.options(caller)
    scene.clock.advance(CHALLENGE_LIFE)
    assert await refusal(scene, caller, old.id, credential(old)) is PasskeyNotAccepted


async def test_a_wrong_signature_adds_nothing_and_the_challenge_stays_good(scene: Scene) -> None:
    caller = await scene.add_caller()
    challenge, _ = await scene.services.passkey_administration.options(caller)
    wrong = CreatedCredential(b"1", b"another challenge", b"key")
    assert await refusal(scene, caller, challenge.id, wrong) is PasskeyNotAccepted
    await scene.services.passkey_administration.add(caller, challenge.id, credential(challenge))


async def test_a_credential_of_another_account_is_refused(scene: Scene) -> None:
    caller, other = await scene.add_caller(), await scene.add_caller()
    await added(scene, caller, 1)
    challenge, _ = await scene.services.passkey_administration.options(other)
    assert await refusal(scene, other, challenge.id, credential(challenge, 1)) is PasskeyNotAccepted


async def test_an_account_has_at_most_twenty(scene: Scene) -> None:
    caller = await scene.add_caller()
    challenge, _ = await scene.services.passkey_administration.options(caller)
    for _ in range(MAX_PASSKEYS):
        await scene.store.passkeys.add(make_passkey(caller.user))
    assert await refusal(scene, caller, challenge.id, credential(challenge)) is TooManyPasskeys
    with pytest.raises(TooManyPasskeys):
        await scene.services.passkey_administration.options(caller)


async def test_a_passkey_is_renamed(scene: Scene) -> None:
    caller = await scene.add_caller()
    passkey = await added(scene, caller)
    renamed = await scene.services.passkey_administration.rename(caller, passkey.id, "Tablet")
    assert renamed.name == "Tablet"
    assert await scene.services.passkey_administration.list(caller) == [renamed]
    assert scene.recorded()[-1] is AuditType.PASSKEY_RENAMED


async def test_a_removed_passkey_is_gone_and_mailed(scene: Scene) -> None:
    caller = await scene.add_caller()
    first, second = await added(scene, caller, 1), await added(scene, caller, 2)
    await scene.services.passkey_administration.remove(caller, first.id)
    assert await scene.services.passkey_administration.list(caller) == [second]
    assert scene.mails()[-1] == (LetterKind.PASSKEY_REMOVED, caller.user.email.value)
    assert scene.recorded()[-1] is AuditType.PASSKEY_REMOVED
    assert await scene.has_session(caller.session)


async def test_passkeys_of_others_are_out_of_reach(scene: Scene) -> None:
    caller, other = await scene.add_caller(), await scene.add_caller()
    passkey = await added(scene, other)
    before = scene.snapshot()
    for act in (
        scene.services.passkey_administration.rename(caller, passkey.id, "Mine"),
        scene.services.passkey_administration.remove(caller, passkey.id),
    ):
        with pytest.raises(PasskeyNotFound):
            await act
    assert await scene.services.passkey_administration.list(caller) == []
    assert scene.snapshot() == before


async def test_every_change_needs_a_fresh_sign_in(scene: Scene) -> None:
    caller = await scene.add_caller()
    administration = scene.services.passkey_administration
    passkey = await added(scene, caller)
    challenge, _ = await administration.options(caller)
    scene.clock.advance(scene.policy.fresh + timedelta(seconds=1))
    before = scene.snapshot()
    for act in (
        administration.options(caller),
        administration.add(caller, challenge.id, credential(challenge, 2)),
        administration.rename(caller, passkey.id, "Tablet"),
        administration.remove(caller, passkey.id),
    ):
        with pytest.raises(ReauthenticationRequired):
            await act
    assert scene.snapshot() == before
    assert await administration.list(caller) == [passkey]


async def test_a_session_that_ended_meanwhile_changes_nothing(scene: Scene) -> None:
    caller = await scene.add_caller()
    challenge, _ = await scene.services.passkey_administration.options(caller)
    await scene.store.sessions.remove(caller.session.id)
    assert await refusal(scene, caller, challenge.id, credential(challenge)) is InvalidAccessToken
