"""Support removes the second factors of a person who has lost them."""

from datetime import timedelta
from uuid import uuid4

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Operator
from bukhindor.domain.errors import Forbidden, ReauthenticationRequired, UserNotFound
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.user import Role
from tests.makers import make_passkey
from tests.unit.services.scene import Scene


async def test_a_reset_removes_everything_and_ends_the_sessions(scene: Scene) -> None:
    admin, user, other = await scene.add_caller(Role.ADMIN), await scene.add_user(), await scene.add_user()
    session = await scene.add_session(user)
    await scene.add_factor(user)
    kept, kept_passkey = await scene.add_factor(other), make_passkey(other)
    for passkey in (make_passkey(user), kept_passkey):
        await scene.store.passkeys.add(passkey)
    await scene.store.recovery_codes.replace(user.id, [b"one"])
    await scene.services.factor_reset.reset(admin, user.id)
    assert not (await scene.user(user.id)).has_factor
    assert not await scene.has_session(session)
    assert list(scene.store.committed.factors) == [kept.id]
    assert scene.store.committed.recovery_codes == {}
    assert await scene.store.passkeys.of_user(user.id) == []
    assert await scene.store.passkeys.of_user(other.id) == [kept_passkey]
    assert scene.mails() == [(LetterKind.FACTORS_RESET, user.email.value)]
    (event,) = scene.events()
    assert (event.type, event.actor_id, event.subject_id) == (AuditType.FACTORS_RESET, admin.user.id, user.id)
    assert event.details == {"removed": "2"}
    await scene.sign_in(user)


async def test_the_operator_sees_and_resets_factors_too(scene: Scene) -> None:
    user = await scene.add_user()
    factor = await scene.add_factor(user)
    await scene.store.factors.put(await scene.add_factor(user, confirmed_at=None))
    await scene.store.recovery_codes.replace(user.id, [b"one"])
    assert await scene.services.factor_reset.factors_of(Operator(), user.id) == ([factor], 1)
    await scene.services.factor_reset.reset(Operator(), user.id)
    assert await scene.services.factor_reset.factors_of(Operator(), user.id) == ([], 0)


async def test_only_administrators_with_a_fresh_sign_in_reset_factors(scene: Scene) -> None:
    admin, user = await scene.add_caller(Role.ADMIN), await scene.add_caller()
    await scene.add_factor(user.user)
    before = scene.snapshot()
    for act in (scene.services.factor_reset.reset, scene.services.factor_reset.factors_of):
        with pytest.raises(Forbidden):
            await act(user, user.user.id)
        with pytest.raises(UserNotFound):
            await act(admin, uuid4())
    scene.clock.advance(timedelta(minutes=10))
    with pytest.raises(ReauthenticationRequired):
        await scene.services.factor_reset.reset(admin, user.user.id)
    assert scene.snapshot() == before
