"""People add and remove authenticator apps, and make recovery codes."""

from datetime import timedelta
from uuid import uuid4

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import (
    FactorConfirmed,
    FactorNotFound,
    IncorrectFactor,
    InvalidAccessToken,
    NoFactor,
    ReauthenticationRequired,
    TooManyFactors,
)
from bukhindor.domain.factor import Enrolment, Factor, FactorName, TotpCode
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.recovery_code import RecoveryCode
from bukhindor.domain.sign_in_method import Level, Method
from tests.makers import make_factor
from tests.unit.services.scene import Scene

MINUTE = timedelta(minutes=1)
NAME = FactorName("Phone")


async def added(scene: Scene, caller: Caller) -> Enrolment:
    return await scene.services.second_factors.add_totp(caller, NAME)


async def confirmed(
    scene: Scene, caller: Caller, factor: Factor, *, end_other_sessions: bool = False
) -> list[RecoveryCode]:
    return await scene.services.second_factors.confirm(
        caller, factor.id, scene.code_of(factor), end_other_sessions=end_other_sessions
    )


async def with_factor(scene: Scene) -> tuple[Caller, Factor]:
    """A caller whose session has proved the second factor of the account."""
    caller = await scene.add_caller()
    factor = (await added(scene, caller)).factor
    await confirmed(scene, caller, factor)
    return await scene.caller_again(caller), factor


async def test_a_new_app_is_pending_and_changes_nothing(scene: Scene) -> None:
    caller = await scene.add_caller()
    enrolment = await added(scene, caller)
    assert enrolment.secret == "base32-1"
    assert enrolment.uri == f"otpauth://totp/{caller.user.email}?secret=base32-1"
    assert enrolment.qr_svg == f"<svg>{enrolment.uri}</svg>"
    assert (enrolment.factor.name, enrolment.factor.is_confirmed) == (NAME, False)
    assert await scene.services.second_factors.overview(caller) == ([], 0)
    assert await scene.user(caller.user.id) == caller.user
    assert (scene.mails(), scene.recorded()) == ([], [])
    await scene.sign_in(caller.user)


async def test_a_right_code_confirms_it_and_brings_ten_recovery_codes(scene: Scene) -> None:
    caller = await scene.add_caller()
    factor = (await added(scene, caller)).factor
    codes = await confirmed(scene, caller, factor)
    assert len(codes) == 10
    (stored,), left = await scene.services.second_factors.overview(caller)
    assert (stored.id, stored.last_used_at, left) == (factor.id, scene.clock.now(), 10)
    assert (await scene.user(caller.user.id)).has_factor
    session = await scene.session(caller.session.id)
    assert (session.methods, session.level) == ((Method.PASSWORD, Method.OTP), Level.AAL2)
    assert scene.mails() == [(LetterKind.FACTOR_ADDED, caller.user.email.value)]
    (event,) = scene.events()
    assert (event.type, event.details) == (AuditType.FACTOR_ADDED, {"factor": str(factor.id)})


async def test_only_digests_of_recovery_codes_are_stored(scene: Scene) -> None:
    _, factor = await with_factor(scene)
    digests = [digest for _, digest in scene.store.committed.recovery_codes]
    assert digests == [f"new:{factor.user_id}:{code}".encode() for code in scene.recovery.made]


async def test_a_wrong_code_confirms_nothing(scene: Scene) -> None:
    caller = await scene.add_caller()
    factor = (await added(scene, caller)).factor
    before = scene.snapshot()
    for code in (scene.code_of(factor, -2), scene.code_of(factor, 2), TotpCode("000000")):
        with pytest.raises(IncorrectFactor):
            await scene.services.second_factors.confirm(caller, factor.id, code, end_other_sessions=False)
    assert scene.snapshot() == before
    assert await confirmed(scene, caller, factor)


async def test_a_pending_factor_waits_ten_minutes(scene: Scene) -> None:
    caller = await scene.add_caller()
    factor = (await added(scene, caller)).factor
    scene.clock.advance(10 * MINUTE)
    caller = Caller(caller.user, caller.session.reauthenticated((), scene.clock.now()), caller.origin)
    with pytest.raises(FactorNotFound):
        await confirmed(scene, caller, factor)
    assert not (await scene.user(caller.user.id)).has_factor
    scene.clock.advance(timedelta.resolution)
    assert await scene.services.upkeep.purge() == 1
    assert scene.store.committed.factors == {}


async def test_a_newer_pending_factor_takes_the_place_of_the_older(scene: Scene) -> None:
    caller = await scene.add_caller()
    older, newer = (await added(scene, caller)).factor, (await added(scene, caller)).factor
    with pytest.raises(FactorNotFound):
        await confirmed(scene, caller, older)
    assert await confirmed(scene, caller, newer)


async def test_a_factor_is_confirmed_once(scene: Scene) -> None:
    caller, factor = await with_factor(scene)
    before = scene.snapshot()
    with pytest.raises(FactorConfirmed):
        await confirmed(scene, caller, factor)
    assert scene.snapshot() == before


async def test_no_one_confirms_the_factor_of_another_or_one_that_cant_be_read(scene: Scene) -> None:
    caller, other = await scene.add_caller(), await scene.add_caller()
    factor = (await added(scene, caller)).factor
    with pytest.raises(FactorNotFound):
        await confirmed(scene, other, factor)
    sealed = make_factor(caller.user, confirmed_at=None, secret=None)
    await scene.store.factors.put(sealed)
    with pytest.raises(FactorNotFound):
        await scene.services.second_factors.confirm(caller, sealed.id, TotpCode("123456"), end_other_sessions=False)


async def test_further_factors_keep_the_recovery_codes_up_to_five_factors(scene: Scene) -> None:
    caller, _ = await with_factor(scene)
    for _ in range(4):
        assert await confirmed(scene, caller, (await added(scene, caller)).factor) == []
    with pytest.raises(TooManyFactors):
        await added(scene, caller)
    pending = make_factor(caller.user, confirmed_at=None)
    await scene.store.factors.put(pending)
    with pytest.raises(TooManyFactors):
        await confirmed(scene, caller, pending)
    factors, left = await scene.services.second_factors.overview(caller)
    assert (len(factors), left) == (5, 10)


async def test_other_sessions_end_only_on_request(scene: Scene) -> None:
    caller = await scene.add_caller()
    other = await scene.add_session(caller.user)
    await confirmed(scene, caller, (await added(scene, caller)).factor)
    assert await scene.has_session(other)
    caller = await scene.caller_again(caller)
    await confirmed(scene, caller, (await added(scene, caller)).factor, end_other_sessions=True)
    assert not await scene.has_session(other)
    assert await scene.has_session(caller.session)


async def test_the_last_factor_takes_the_recovery_codes_along(scene: Scene) -> None:
    caller, first = await with_factor(scene)
    second = (await added(scene, caller)).factor
    await confirmed(scene, caller, second)
    await scene.services.second_factors.remove(caller, first.id)
    assert (await scene.user(caller.user.id)).has_factor
    assert (await scene.services.second_factors.overview(caller))[1] == 10
    await scene.services.second_factors.remove(caller, second.id)
    assert not (await scene.user(caller.user.id)).has_factor
    assert await scene.services.second_factors.overview(caller) == ([], 0)
    assert [kind for kind, _ in scene.mails()].count(LetterKind.FACTOR_REMOVED) == 2
    assert len(scene.events(AuditType.FACTOR_REMOVED)) == 2
    await scene.sign_in(caller.user)


async def test_removing_a_pending_factor_is_no_news(scene: Scene) -> None:
    caller = await scene.add_caller()
    factor = (await added(scene, caller)).factor
    await scene.services.second_factors.remove(caller, factor.id)
    assert (scene.mails(), scene.recorded(), scene.store.committed.factors) == ([], [], {})


async def test_no_one_removes_the_factor_of_another(scene: Scene) -> None:
    (caller, factor), other = await with_factor(scene), await scene.add_caller()
    before = scene.snapshot()
    for which in (factor.id, uuid4()):
        with pytest.raises(FactorNotFound):
            await scene.services.second_factors.remove(other, which)
    assert scene.snapshot() == before
    assert caller.user.has_factor


async def test_new_recovery_codes_make_the_older_ones_void(scene: Scene) -> None:
    caller, factor = await with_factor(scene)
    codes = await scene.services.second_factors.renew_recovery_codes(caller)
    assert codes == scene.recovery.made[10:]
    digests = {digest for _, digest in scene.store.committed.recovery_codes}
    assert digests == {f"new:{factor.user_id}:{code}".encode() for code in codes}
    assert scene.mails()[-1][0] is LetterKind.RECOVERY_CODES_MADE
    assert scene.recorded()[-1] is AuditType.RECOVERY_CODES_MADE


async def test_there_are_no_recovery_codes_without_a_factor(scene: Scene) -> None:
    caller = await scene.add_caller()
    before = scene.snapshot()
    with pytest.raises(NoFactor):
        await scene.services.second_factors.renew_recovery_codes(caller)
    assert scene.snapshot() == before


async def test_every_change_needs_a_fresh_sign_in(scene: Scene) -> None:
    caller = await scene.add_caller()
    factor = (await added(scene, caller)).factor
    scene.clock.advance(10 * MINUTE)
    before = scene.snapshot()
    factors = scene.services.second_factors
    for act in (
        factors.add_totp(caller, None),
        factors.confirm(caller, factor.id, scene.code_of(factor), end_other_sessions=False),
        factors.remove(caller, factor.id),
        factors.renew_recovery_codes(caller),
    ):
        with pytest.raises(ReauthenticationRequired) as refusal:
            await act
        assert refusal.value.methods == (Method.PASSWORD,)
    assert scene.snapshot() == before


async def test_a_session_without_the_second_factor_does_not_change_factors(scene: Scene) -> None:
    """Else a stolen password could take the factor away."""
    caller, factor = await with_factor(scene)
    weak = Caller(caller.user, await scene.add_session(caller.user), caller.origin)
    before = scene.snapshot()
    factors = scene.services.second_factors
    for act in (factors.add_totp(weak, None), factors.remove(weak, factor.id), factors.renew_recovery_codes(weak)):
        with pytest.raises(ReauthenticationRequired) as refusal:
            await act
        assert refusal.value.methods == (Method.OTP, Method.RECOVERY)
    assert scene.snapshot() == before


async def test_an_old_session_with_both_factors_may_prove_either(scene: Scene) -> None:
    caller, factor = await with_factor(scene)
    scene.clock.advance(10 * MINUTE)
    with pytest.raises(ReauthenticationRequired) as refusal:
        await scene.services.second_factors.remove(caller, factor.id)
    assert refusal.value.methods == (Method.PASSWORD, Method.OTP, Method.RECOVERY)


async def test_a_session_that_has_ended_changes_nothing(scene: Scene) -> None:
    caller = await scene.add_caller()
    factor = (await added(scene, caller)).factor
    await scene.log_out(caller)
    before = scene.snapshot()
    with pytest.raises(InvalidAccessToken):
        await confirmed(scene, caller, factor)
    assert scene.snapshot() == before
