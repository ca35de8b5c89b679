"""Whatever ends in tokens does not begin while there is no key to sign them with."""

import pytest

from bukhindor.domain.errors import StoreUnavailable
from bukhindor.domain.rate_limit import FAILED_SIGN_INS_PER_ACCOUNT
from bukhindor.domain.signing_key import KeyRing
from tests.unit.services.scene import NEW_PASSWORD, PASSWORD, Scene


def forget_keys(scene: Scene) -> None:
    """As after a start whose database was away."""
    scene.access_tokens.use(KeyRing())


async def test_no_sign_in_succeeds_without_a_key(scene: Scene) -> None:
    """What was refused does not count as an attempt either."""
    user = await scene.add_user()
    before = scene.snapshot()
    forget_keys(scene)
    for _ in range(FAILED_SIGN_INS_PER_ACCOUNT.hits):
        with pytest.raises(StoreUnavailable):
            await scene.sign_in(user)
    assert scene.snapshot() == before
    await scene.services.signing_key_ring.load()
    await scene.sign_in(user)


async def test_no_refresh_token_is_used_up_without_a_key(scene: Scene) -> None:
    tokens = await scene.sign_in(await scene.add_user())
    before = scene.snapshot()
    forget_keys(scene)
    assert await scene.refused_refresh(tokens) is StoreUnavailable
    assert scene.snapshot() == before
    await scene.services.signing_key_ring.load()
    await scene.refresh(tokens)


async def test_no_password_is_changed_without_a_key(scene: Scene) -> None:
    """The caller was admitted a moment ago; another session would end for a response that never comes."""
    caller = await scene.add_caller()
    before = scene.snapshot()
    forget_keys(scene)
    with pytest.raises(StoreUnavailable):
        await scene.services.password_change.change(caller, PASSWORD, NEW_PASSWORD)
    assert scene.snapshot() == before
