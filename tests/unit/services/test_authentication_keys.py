"""A token under a key that this process has not seen: another process has made it, or it is forged."""

import asyncio
from datetime import timedelta

import pytest

from bukhindor.domain.errors import InvalidAccessToken, StoreUnavailable
from bukhindor.domain.signing_key import SigningKey
from tests.fakes.access_tokens import FakeAccessTokens
from tests.makers import ORIGIN, T0, make_key_ring, make_signing_key
from tests.unit.services.scene import Scene

MILLISECOND = timedelta(milliseconds=1)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
GARBAGE = "access.unknown.1"


async def is_accepted(scene: Scene, token: str) -> bool:
    try:
        await scene.services.authentication.authenticate(token, ORIGIN)
    except InvalidAccessToken:
        return False
    return True


async def foreign_token(scene: Scene, key: SigningKey) -> str:
    """A token signed by another process, which has `key` in use."""
    caller = await scene.add_caller()
    elsewhere = FakeAccessTokens()
    elsewhere.use(make_key_ring(key))
    token = elsewhere.issue(scene.access_tokens.issued[scene.access_token_of(caller.session, caller.user)])
    scene.access_tokens.issued[token] = elsewhere.issued[token]
    return token


async def test_a_key_of_another_process_is_learnt_by_its_first_token(scene: Scene) -> None:
    """JWT-15: a rotation in another process ends no session, and the old key goes on."""
    caller = await scene.add_caller()
    old = scene.access_token_of(caller.session, caller.user)
    second = make_signing_key("second", created_at=T0 + SECOND)
    await scene.store.signing_keys.add(second)
    assert await is_accepted(scene, await foreign_token(scene, second))
    assert await is_accepted(scene, old)


async def test_keys_are_read_again_at_most_once_a_second(scene: Scene) -> None:
    """Any client can send an unknown key id."""
    assert not await is_accepted(scene, GARBAGE)
    second = make_signing_key("second")
    await scene.store.signing_keys.add(second)
    token = await foreign_token(scene, second)
    assert not await is_accepted(scene, token)
    scene.clock.advance(SECOND - MILLISECOND)
    assert not await is_accepted(scene, token)
    scene.clock.advance(MILLISECOND)
    assert await is_accepted(scene, token)


async def test_a_clock_that_steps_back_does_not_stop_the_reading_of_keys(scene: Scene) -> None:
    """REL-16."""
    assert not await is_accepted(scene, GARBAGE)
    scene.clock.advance(-MINUTE)
    second = make_signing_key("second")
    await scene.store.signing_keys.add(second)
    assert await is_accepted(scene, await foreign_token(scene, second))


async def test_two_tokens_under_a_new_key_are_both_good_at_once(scene: Scene) -> None:
    """The second comes while the keys are on their way to the first."""
    second = make_signing_key("second")
    await scene.store.signing_keys.add(second)
    tokens = [await foreign_token(scene, second) for _ in range(2)]
    assert await asyncio.gather(*(is_accepted(scene, token) for token in tokens)) == [True, True]


async def test_a_store_that_fails_to_read_keys_is_not_taken_for_a_bad_token(scene: Scene) -> None:
    """A client that gets "invalid token" discards it; and once the store is back, no request waits a second."""
    second = make_signing_key("second")
    await scene.store.signing_keys.add(second)
    token = await foreign_token(scene, second)
    scene.store.is_down = True
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            await scene.services.authentication.authenticate(token, ORIGIN)
    scene.store.is_down = False
    assert await is_accepted(scene, token)


async def test_a_token_under_a_known_key_never_makes_the_keys_be_read(scene: Scene) -> None:
    caller = await scene.add_caller()
    token = scene.access_token_of(caller.session, caller.user)
    scene.clock.advance(15 * MINUTE)
    scene.store.is_down = True
    assert not await is_accepted(scene, token)


async def test_a_key_whose_last_token_has_expired_is_not_taken_up_again(scene: Scene) -> None:
    """JWT-15."""
    retired = make_signing_key("retired", retired_at=T0 - 20 * MINUTE)
    await scene.store.signing_keys.add(retired)
    token = await foreign_token(scene, make_signing_key("retired"))
    assert not await is_accepted(scene, token)
    assert not scene.access_tokens.knows_key_of(token)


async def test_looking_for_keys_writes_nothing(scene: Scene) -> None:
    for _ in range(3):
        assert not await is_accepted(scene, GARBAGE)
        scene.clock.advance(SECOND)
    assert scene.store.commits == 0
