"""Anyone can register with the address of another person, and add a second factor of their own: it must not keep the
owner of the mailbox out.
"""

import pytest

from bukhindor.domain.errors import MfaRequired
from bukhindor.domain.sign_in_method import Level, Method
from tests.makers import ORIGIN, address
from tests.unit.services.scene import DEVICE, NEW_PASSWORD, Scene

ANN = address("ann@example.com")


async def planted(scene: Scene, *, email_verified: bool) -> None:
    user = await scene.add_user("ann@example.com", email_verified=email_verified)
    await scene.add_factor(user)
    await scene.store.recovery_codes.replace(user.id, [b"one"])


async def signed_in_by_mail(scene: Scene) -> Level:
    await scene.services.sign_in_code.request(ANN, ORIGIN)
    tokens = await scene.services.sign_in_code.confirm(scene.link(), DEVICE, ORIGIN)
    return (await scene.caller_of(tokens)).session.level


async def reset(scene: Scene) -> None:
    await scene.services.password_reset.request(ANN, ORIGIN)
    await scene.services.password_reset.confirm(scene.link(), NEW_PASSWORD, ORIGIN)


async def test_the_owner_of_the_mailbox_signs_in_without_a_planted_factor(scene: Scene) -> None:
    await planted(scene, email_verified=False)
    assert await signed_in_by_mail(scene) is Level.AAL1
    assert (scene.store.committed.factors, scene.store.committed.recovery_codes) == ({}, {})


async def test_a_reset_takes_a_planted_factor_away(scene: Scene) -> None:
    await planted(scene, email_verified=False)
    await reset(scene)
    assert (scene.store.committed.factors, scene.store.committed.recovery_codes) == ({}, {})
    caller = await scene.caller_of(await scene.login(ANN, NEW_PASSWORD))
    assert caller.session.methods == (Method.PASSWORD,)


async def test_a_reset_of_a_verified_account_leaves_its_factors(scene: Scene) -> None:
    """A stolen mailbox does not open the account."""
    await planted(scene, email_verified=True)
    await reset(scene)
    assert len(scene.store.committed.factors) == len(scene.store.committed.recovery_codes) == 1
    with pytest.raises(MfaRequired):
        await scene.login(ANN, NEW_PASSWORD)


async def test_a_mailed_code_alone_does_not_sign_in_to_an_account_with_a_factor(scene: Scene) -> None:
    await planted(scene, email_verified=True)
    with pytest.raises(MfaRequired):
        await signed_in_by_mail(scene)
    assert scene.store.committed.sessions == {}
    scene.limiter.let_time_pass()
    with pytest.raises(MfaRequired) as refusal:
        await signed_in_by_mail(scene)
    (factor,) = scene.store.committed.factors.values()
    tokens = await scene.services.factor_sign_in.complete(refusal.value.token, scene.code_of(factor), DEVICE, ORIGIN)
    assert (await scene.caller_of(tokens)).session.methods == (Method.MAIL, Method.OTP)
