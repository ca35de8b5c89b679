"""Where the operator asks for a second factor, a session without one may only add it."""

from dataclasses import replace

import pytest

from bukhindor.domain.caller import CallingService
from bukhindor.domain.errors import MfaEnrollmentRequired, ReauthenticationRequired
from bukhindor.domain.session import SessionPolicy
from bukhindor.domain.sign_in_method import Method
from bukhindor.domain.user import Role
from bukhindor.services.assembly import Services
from tests.makers import ORIGIN, make_service_key
from tests.unit.services.scene import Scene

EVERYONE = SessionPolicy(second_factor_for=frozenset(Role))
ADMINS = SessionPolicy(second_factor_for=frozenset({Role.ADMIN}))


def services_under(scene: Scene, policy: SessionPolicy) -> Services:
    scene.policy = policy
    return scene.assembled()


async def test_a_session_with_one_factor_is_admitted_to_add_another_only(scene: Scene) -> None:
    services = services_under(scene, EVERYONE)
    tokens = await scene.tokens_of(await scene.add_user())
    with pytest.raises(MfaEnrollmentRequired):
        await services.authentication.authenticate(tokens.access_token, ORIGIN)
    caller = await services.authentication.authenticate(tokens.access_token, ORIGIN, accepts_single_factor=True)
    factor = (await services.second_factors.add_totp(caller, None)).factor
    await services.second_factors.confirm(caller, factor.id, scene.code_of(factor), end_other_sessions=False)
    await services.authentication.authenticate(tokens.access_token, ORIGIN)


@pytest.mark.parametrize("role", Role)
async def test_the_rule_can_be_for_administrators_alone(scene: Scene, role: Role) -> None:
    services = services_under(scene, ADMINS)
    tokens = await scene.tokens_of(await scene.add_user(role=role))
    if role is Role.ADMIN:
        with pytest.raises(MfaEnrollmentRequired):
            await services.authentication.authenticate(tokens.access_token, ORIGIN)
    else:
        await services.authentication.authenticate(tokens.access_token, ORIGIN)


async def test_a_session_that_is_older_than_the_factor_proves_it(scene: Scene) -> None:
    services = services_under(scene, EVERYONE)
    user = await scene.add_user()
    factor = await scene.add_factor(user)
    tokens = await scene.tokens_of(await scene.user(user.id))
    with pytest.raises(ReauthenticationRequired) as refusal:
        await services.authentication.authenticate(tokens.access_token, ORIGIN)
    assert refusal.value.methods == (Method.OTP, Method.RECOVERY)
    caller = await services.authentication.authenticate(tokens.access_token, ORIGIN, accepts_single_factor=True)
    await services.reauthentication.prove(caller, scene.code_of(factor))
    await services.authentication.authenticate(tokens.access_token, ORIGIN)


async def test_other_services_do_not_take_such_a_token(scene: Scene) -> None:
    services = services_under(scene, EVERYONE)
    user = await scene.add_user()
    session = await scene.add_session(user)
    access_token = scene.access_token_of(session, user)
    service = CallingService(make_service_key())
    assert await services.introspection.introspect(service, access_token) is None
    await scene.store.sessions.save(replace(session, methods=(Method.PASSWORD, Method.OTP)))
    assert await services.introspection.introspect(service, access_token) is not None
