"""A signed-in person proves their presence with a second factor."""

from datetime import timedelta

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import IncorrectFactor, InvalidAccessToken, RateLimited
from bukhindor.domain.factor import Factor, TotpCode
from bukhindor.domain.recovery_code import RecoveryCode
from bukhindor.domain.sign_in_method import Level, Method
from tests.unit.services.scene import Scene

WRONG = TotpCode("999999")
CODE = RecoveryCode("0000000001")


async def weak_caller(scene: Scene) -> tuple[Caller, Factor]:
    """A caller whose session is older than the second factor of the account."""
    caller = await scene.add_caller()
    factor = await scene.add_factor(caller.user)
    await scene.store.recovery_codes.replace(caller.user.id, [scene.recovery.digests(CODE, caller.user.id)[1]])
    return await scene.caller_again(caller), factor


async def test_a_code_makes_the_session_fresh_and_raises_its_level(scene: Scene) -> None:
    caller, factor = await weak_caller(scene)
    scene.clock.advance(timedelta(minutes=30))
    tokens = await scene.services.reauthentication.prove(caller, scene.code_of(factor))
    session = await scene.session(caller.session.id)
    assert (session.methods, session.level) == ((Method.PASSWORD, Method.OTP), Level.AAL2)
    assert session.authenticated_at == scene.clock.now()
    assert scene.access_tokens.issued[tokens.access_token].methods == session.methods
    (event,) = scene.events()
    assert (event.type, event.actor_id) == (AuditType.REAUTHENTICATED, caller.user.id)
    await scene.services.second_factors.remove(await scene.caller_again(caller), factor.id)


async def test_a_recovery_code_serves_once_under_any_secret_of_the_server(scene: Scene) -> None:
    caller, _ = await weak_caller(scene)
    await scene.services.reauthentication.prove(caller, CODE)
    used = scene.events(AuditType.RECOVERY_CODE_USED)[0]
    assert (used.actor_id, used.details) == (caller.user.id, {"left": "0"})
    with pytest.raises(IncorrectFactor):
        await scene.services.reauthentication.prove(caller, CODE)


async def test_wrong_codes_end_no_session_and_are_limited_with_those_of_sign_ins(scene: Scene) -> None:
    caller, factor = await weak_caller(scene)
    for _ in range(5):
        with pytest.raises(IncorrectFactor):
            await scene.services.reauthentication.prove(caller, WRONG)
    with pytest.raises(RateLimited):
        await scene.services.reauthentication.prove(caller, scene.code_of(factor))
    assert await scene.session(caller.session.id) == caller.session
    assert (await scene.user(caller.user.id)).failed_factors == 5
    failed = scene.events(AuditType.FACTOR_CHECK_FAILED)
    assert {(event.actor_id, event.details["act"]) for event in failed} == {(caller.user.id, "reauthenticate")}


async def test_a_session_that_has_ended_proves_nothing(scene: Scene) -> None:
    caller, factor = await weak_caller(scene)
    await scene.log_out(caller)
    before = scene.snapshot()
    with pytest.raises(InvalidAccessToken):
        await scene.services.reauthentication.prove(caller, scene.code_of(factor))
    assert scene.snapshot() == before
