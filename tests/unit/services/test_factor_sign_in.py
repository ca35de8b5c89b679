"""An account with a second factor is not signed in by the first one alone."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.device import Device
from bukhindor.domain.errors import (
    AccountBanned,
    IncorrectFactor,
    InvalidCredentials,
    InvalidMfaToken,
    MfaRequired,
    RateLimited,
)
from bukhindor.domain.factor import Factor, FactorProof, TotpCode
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.origin import Origin
from bukhindor.domain.password import NewPassword
from bukhindor.domain.recovery_code import RecoveryCode
from bukhindor.domain.sign_in_method import Level, Method
from bukhindor.domain.tokens import TokenPair
from bukhindor.domain.user import Status, User
from tests.makers import ORIGIN
from tests.unit.services.scene import DEVICE, WRONG_PASSWORD, Scene

MINUTE = timedelta(minutes=1)
WRONG = TotpCode("999999")
CODES = [RecoveryCode(f"{number:010}") for number in range(1, 11)]


async def account(scene: Scene, codes: int = 10) -> tuple[User, Factor]:
    user = await scene.add_user(email_verified=True)
    factor = await scene.add_factor(user)
    digests = [scene.recovery.digests(code, user.id)[0] for code in CODES[:codes]]
    await scene.store.recovery_codes.replace(user.id, digests)
    return await scene.user(user.id), factor


async def mfa_token(scene: Scene, user: User, **how: Any) -> str:
    with pytest.raises(MfaRequired) as refusal:
        await scene.login(user.email, **how)
    return refusal.value.token


async def complete(
    scene: Scene, token: str, proof: FactorProof, device: Device = DEVICE, origin: Origin = ORIGIN
) -> TokenPair:
    return await scene.services.factor_sign_in.complete(token, proof, device, origin)


async def test_the_password_alone_starts_no_session(scene: Scene) -> None:
    user, _ = await account(scene)
    before = scene.state()
    with pytest.raises(MfaRequired) as refusal:
        await scene.login(user.email)
    assert refusal.value.factors == ("totp", "recovery_code")
    assert scene.state() == before
    assert scene.recorded() == [AuditType.FACTOR_ASKED]
    assert scene.access_tokens.issued == {}


async def test_without_recovery_codes_only_the_app_serves(scene: Scene) -> None:
    user, _ = await account(scene, codes=0)
    with pytest.raises(MfaRequired) as refusal:
        await scene.login(user.email)
    assert refusal.value.factors == ("totp",)


async def test_a_wrong_password_says_nothing_of_factors(scene: Scene) -> None:
    user, _ = await account(scene)
    with pytest.raises(InvalidCredentials):
        await scene.login(user.email, WRONG_PASSWORD)
    assert scene.recorded() == [AuditType.SIGN_IN_FAILED]


@pytest.mark.parametrize("later", [-1, 0, 1])
async def test_a_code_completes_the_sign_in(scene: Scene, later: int) -> None:
    user, factor = await account(scene)
    tokens = await complete(scene, await mfa_token(scene, user), scene.code_of(factor, later))
    caller = await scene.caller_of(tokens)
    assert (caller.session.methods, caller.session.level) == ((Method.PASSWORD, Method.OTP), Level.AAL2)
    assert (await scene.user(user.id)).last_login_at == scene.clock.now()
    assert scene.store.committed.factors[factor.id].last_used_at == scene.clock.now()
    assert scene.recorded() == [AuditType.FACTOR_ASKED, AuditType.SIGNED_IN]
    assert scene.events(AuditType.SIGNED_IN)[0].details["methods"] == "pwd otp"


@pytest.mark.parametrize("later", [-2, 2])
async def test_a_code_of_another_time_completes_nothing(scene: Scene, later: int) -> None:
    user, factor = await account(scene)
    token = await mfa_token(scene, user)
    with pytest.raises(IncorrectFactor):
        await complete(scene, token, scene.code_of(factor, later))
    assert scene.store.committed.sessions == {}


async def test_any_of_several_apps_serves(scene: Scene) -> None:
    user, _ = await account(scene)
    tablet = await scene.add_factor(user)
    await scene.add_factor(user, secret=None)
    await complete(scene, await mfa_token(scene, user), scene.code_of(tablet))


async def test_a_pending_app_serves_nothing(scene: Scene) -> None:
    user, _ = await account(scene)
    pending = await scene.add_factor(user, confirmed_at=None)
    with pytest.raises(IncorrectFactor):
        await complete(scene, await mfa_token(scene, user), scene.code_of(pending))


async def test_a_code_is_accepted_once_and_none_before_it(scene: Scene) -> None:
    user, factor = await account(scene)
    code, earlier = scene.code_of(factor), scene.code_of(factor, -1)
    await complete(scene, await mfa_token(scene, user), code)
    scene.clock.advance(timedelta(seconds=1))
    for used in (code, earlier):
        with pytest.raises(IncorrectFactor):
            await complete(scene, await mfa_token(scene, user), used)
    assert len(scene.store.committed.sessions) == 1
    await complete(scene, await mfa_token(scene, user), scene.code_of(factor, 1))


async def test_a_recovery_code_serves_once_and_is_mailed(scene: Scene) -> None:
    user, _ = await account(scene)
    tokens = await complete(scene, await mfa_token(scene, user), CODES[0])
    caller = await scene.caller_of(tokens)
    assert (caller.session.methods, caller.session.level) == ((Method.PASSWORD, Method.RECOVERY), Level.AAL2)
    assert scene.mails() == [(LetterKind.RECOVERY_CODE_USED, user.email.value)]
    (used,) = scene.events(AuditType.RECOVERY_CODE_USED)
    assert (used.actor_id, used.subject_id, used.details) == (None, user.id, {"left": "9"})
    scene.clock.advance(timedelta(seconds=1))
    with pytest.raises(IncorrectFactor):
        await complete(scene, await mfa_token(scene, user), CODES[0])


async def test_a_mail_says_when_two_recovery_codes_are_left(scene: Scene) -> None:
    user, _ = await account(scene, codes=4)
    kinds = []
    for code in CODES[:3]:
        scene.clock.advance(timedelta(seconds=1))
        await complete(scene, await mfa_token(scene, user), code)
        kinds.append([kind for kind, _ in scene.mails()].count(LetterKind.FEW_RECOVERY_CODES))
    assert kinds == [0, 1, 1]


async def test_a_token_is_good_for_one_sign_in(scene: Scene) -> None:
    user, factor = await account(scene)
    token, other = await mfa_token(scene, user), await mfa_token(scene, user)
    await complete(scene, token, scene.code_of(factor))
    for used in (token, other):
        with pytest.raises(InvalidMfaToken):
            await complete(scene, used, CODES[0])
    assert len(scene.store.committed.sessions) == 1
    assert len(scene.store.committed.recovery_codes) == 10


async def test_a_token_is_good_for_five_minutes(scene: Scene) -> None:
    user, _ = await account(scene)
    token = await mfa_token(scene, user)
    scene.clock.advance(5 * MINUTE)
    with pytest.raises(InvalidMfaToken):
        await complete(scene, token, CODES[0])
    scene.clock.advance(-timedelta.resolution)
    await complete(scene, token, CODES[0])


async def test_a_token_is_good_for_its_network_and_password_only(scene: Scene) -> None:
    user, _ = await account(scene)
    token = await mfa_token(scene, user)
    with pytest.raises(InvalidMfaToken):
        await complete(scene, token, CODES[0], origin=replace(ORIGIN, ip="192.0.2.8"))
    await scene.store.users.save(replace(user, password_hash="hashed:another"))
    with pytest.raises(InvalidMfaToken):
        await complete(scene, token, CODES[0])
    await scene.store.users.remove(user.id)
    with pytest.raises(InvalidMfaToken):
        await complete(scene, token, CODES[0])
    assert scene.recorded() == [AuditType.FACTOR_ASKED]


@pytest.mark.parametrize("token", ["", "mfa-2", "я"])
async def test_another_text_is_no_token(scene: Scene, token: str) -> None:
    user, _ = await account(scene)
    await mfa_token(scene, user)
    before = scene.snapshot()
    with pytest.raises(InvalidMfaToken):
        await complete(scene, token, CODES[0])
    assert scene.snapshot() == before


async def test_a_ban_in_between_counts(scene: Scene) -> None:
    user, factor = await account(scene)
    token = await mfa_token(scene, user)
    await scene.store.users.save(replace(user, status=Status.BANNED))
    with pytest.raises(AccountBanned):
        await complete(scene, token, scene.code_of(factor))
    assert scene.store.committed.sessions == {}


async def test_five_wrong_factors_in_fifteen_minutes_are_the_most(scene: Scene) -> None:
    user, factor = await account(scene)
    for proof in (WRONG, WRONG, RecoveryCode("ABCDEFGHJK"), WRONG, WRONG):
        # The right password in between does not give the budget back.
        with pytest.raises(IncorrectFactor):
            await complete(scene, await mfa_token(scene, user), proof)
    with pytest.raises(RateLimited):
        await complete(scene, await mfa_token(scene, user), scene.code_of(factor))
    assert scene.store.committed.sessions == {}
    events = scene.events(AuditType.FACTOR_CHECK_FAILED)
    assert [event.details["factor"] for event in events] == ["totp", "totp", "recovery_code", "totp", "totp"]
    assert {(event.actor_id, event.subject_id) for event in events} == {(None, user.id)}
    assert {event.details["act"] for event in events} == {"sign_in"}
    scene.limiter.let_time_pass()
    await complete(scene, await mfa_token(scene, user), scene.code_of(factor))


async def test_a_right_factor_gives_the_whole_budget_back(scene: Scene) -> None:
    user, factor = await account(scene)
    for _ in range(4):
        with pytest.raises(IncorrectFactor):
            await complete(scene, await mfa_token(scene, user), WRONG)
    await complete(scene, await mfa_token(scene, user), scene.code_of(factor))
    assert (await scene.user(user.id)).failed_factors == 0
    scene.clock.advance(timedelta(seconds=1))
    for _ in range(4):
        with pytest.raises(IncorrectFactor):
            await complete(scene, await mfa_token(scene, user), WRONG)


async def test_a_stale_token_costs_no_attempt(scene: Scene) -> None:
    user, factor = await account(scene)
    stale = await mfa_token(scene, user)
    await complete(scene, await mfa_token(scene, user), scene.code_of(factor))
    for _ in range(10):
        with pytest.raises(InvalidMfaToken):
            await complete(scene, stale, WRONG)
    assert scene.events(AuditType.FACTOR_CHECK_FAILED) == []


async def test_a_hundred_wrong_factors_in_a_row_need_a_reset_by_mail(scene: Scene) -> None:
    user, factor = await account(scene)
    await scene.store.users.save(replace(user, failed_factors=99))
    with pytest.raises(IncorrectFactor):
        await complete(scene, await mfa_token(scene, user), WRONG)
    assert scene.mails() == [(LetterKind.FACTORS_DISABLED, user.email.value)]
    assert scene.recorded()[-1] is AuditType.FACTORS_DISABLED
    for proof in (scene.code_of(factor), CODES[0]):
        with pytest.raises(IncorrectFactor):
            await complete(scene, await mfa_token(scene, user), proof)
    assert len(scene.store.committed.recovery_codes) == 10
    assert len(scene.mails()) == 1

    await scene.services.password_reset.request(user.email, ORIGIN)
    await scene.services.password_reset.confirm(scene.link(), NewPassword("correct horse battery"), ORIGIN)
    scene.limiter.let_time_pass()
    await complete(scene, await mfa_token(scene, user), scene.code_of(factor))


async def test_an_account_that_is_deleted_meanwhile_has_no_failures(scene: Scene) -> None:
    user, _ = await account(scene)
    await scene.store.users.remove(user.id)
    before = scene.snapshot()
    await scene.services.factor_sign_in.factor_check.record_failure(user.id, WRONG, ORIGIN, "sign_in")
    assert scene.snapshot() == before


async def test_failures_of_strangers_count_until_both_factors_are_right(scene: Scene) -> None:
    user, factor = await account(scene)
    await scene.store.users.save(replace(user, failed_sign_ins=7))
    token = await mfa_token(scene, user)
    assert (await scene.user(user.id)).failed_sign_ins == 7
    await complete(scene, token, scene.code_of(factor))
    assert (await scene.user(user.id)).failed_sign_ins == 0


async def test_a_known_network_leaves_the_failures_of_strangers(scene: Scene) -> None:
    user, factor = await account(scene)
    await complete(scene, await mfa_token(scene, user), CODES[0])
    await scene.store.users.save(replace(await scene.user(user.id), failed_sign_ins=7))
    scene.clock.advance(MINUTE)
    await complete(scene, await mfa_token(scene, user), scene.code_of(factor))
    assert (await scene.user(user.id)).failed_sign_ins == 7


async def test_a_device_with_its_proof_replaces_its_own_session(scene: Scene) -> None:
    user, factor = await account(scene)
    phone = Device("phone")
    first = await complete(scene, await mfa_token(scene, user, device=phone), CODES[0], phone)
    session = (await scene.caller_of(first)).session
    scene.clock.advance(MINUTE)
    token = await mfa_token(scene, user, device=phone, device_proof=first.device_proof)
    await complete(scene, token, scene.code_of(factor), phone)
    assert not await scene.has_session(session)
    assert len(scene.store.committed.sessions) == 1


async def test_a_new_device_is_mailed_when_the_sign_in_is_complete(scene: Scene) -> None:
    user, factor = await account(scene)
    await scene.store.users.save(replace(user, last_login_at=scene.clock.now() - MINUTE))
    token = await mfa_token(scene, user)
    assert scene.mails() == []
    await complete(scene, token, scene.code_of(factor))
    assert scene.mails() == [(LetterKind.NEW_DEVICE, user.email.value)]


async def test_an_outdated_hash_is_replaced_before_the_second_factor(scene: Scene) -> None:
    """PW-09"""
    user, factor = await account(scene)
    old = replace(user, password_hash="outdated:correct horse battery")
    await scene.store.users.save(old)
    token = await mfa_token(scene, user)
    assert (await scene.user(user.id)).password_hash == "hashed:correct horse battery"
    await complete(scene, token, scene.code_of(factor))
