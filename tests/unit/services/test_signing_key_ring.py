"""The keys that access tokens are signed with."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from bukhindor.domain.errors import InvalidAccessToken, StoreUnavailable
from bukhindor.domain.signing_key import KeyRing, SigningKeyPolicy
from bukhindor.domain.tokens import TokenPair
from tests.fakes.access_tokens import UNREADABLE
from tests.makers import T0, make_signing_key
from tests.unit.services.scene import Scene

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
LEAD = 20 * MINUTE
LAST_TOKEN = 16 * MINUTE
"""How long a retired key is needed: a token's life, and a minute for replicas that did not know yet."""


def key_of(tokens: TokenPair) -> str:
    return tokens.access_token.split(".")[1]


def published(scene: Scene) -> list[str]:
    return [key.kid for key in scene.services.signing_key_ring.published()]


async def stored_keys(scene: Scene) -> list[str]:
    return [key.kid for key in await scene.services.signing_key_ring.keys()]


async def test_the_first_start_makes_a_key(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    scene.store.committed.keys.clear()
    with caplog.at_level(logging.INFO):
        await scene.services.signing_key_ring.load()
    assert await stored_keys(scene) == ["key-1"]
    assert key_of(await scene.sign_in(await scene.add_user())) == "key-1"
    assert "key-1" in caplog.text
    assert "sealed" not in caplog.text


async def test_a_later_start_makes_none(scene: Scene) -> None:
    scene.access_tokens.use(KeyRing())
    await scene.services.signing_key_ring.load()
    await scene.services.signing_key_ring.load()
    assert scene.access_tokens.can_sign()
    assert (scene.key_maker.made, scene.store.commits) == ([], 0)


async def test_when_no_key_can_be_unsealed_a_new_one_signs_and_the_old_ones_verify(scene: Scene) -> None:
    """JWT-15: the server's secret was changed; who is signed in stays so."""
    tokens = await scene.sign_in(await scene.add_user())
    scene.store.committed.keys["first"] = make_signing_key("first", sealed_private_key=UNREADABLE)
    now = scene.clock.advance(SECOND)
    await scene.services.signing_key_ring.load()
    assert await stored_keys(scene) == ["key-1", "first"]
    assert scene.store.committed.keys["first"].retired_at == now
    await scene.caller_of(tokens)
    assert key_of(await scene.refresh(tokens)) == "key-1"


async def test_a_new_key_is_published_before_it_signs(scene: Scene) -> None:
    """JWT-15: other services have read it when the first token arrives, and no session ends."""
    old = await scene.sign_in(await scene.add_user())
    now = scene.clock.advance(MINUTE)
    made = await scene.services.signing_key_ring.rotate()
    assert (made.kid, made.created_at, made.retired_at) == ("key-1", now, None)
    assert published(scene) == ["key-1", "first"]
    scene.clock.advance(LEAD - SECOND)
    await scene.services.signing_key_ring.load()
    last = await scene.refresh(old)
    scene.clock.advance(SECOND)
    await scene.services.signing_key_ring.load()
    new = await scene.refresh(last)
    assert [key_of(tokens) for tokens in (old, last, new)] == ["first", "first", "key-1"]
    await scene.caller_of(new)
    scene.clock.advance(15 * MINUTE - SECOND)
    await scene.services.signing_key_ring.load()
    with pytest.raises(InvalidAccessToken):
        await scene.caller_of(last)
    await scene.caller_of(new)


async def test_in_an_emergency_the_new_key_signs_at_once(scene: Scene) -> None:
    old = await scene.sign_in(await scene.add_user())
    scene.clock.advance(MINUTE)
    await scene.services.signing_key_ring.rotate(at_once=True)
    new = await scene.refresh(old)
    assert (key_of(old), key_of(new)) == ("first", "key-1")
    await scene.caller_of(new)


async def test_an_emergency_stops_keys_that_were_to_sign_for_a_while(scene: Scene) -> None:
    await scene.services.signing_key_ring.rotate()
    now = scene.clock.advance(MINUTE)
    await scene.services.signing_key_ring.rotate(at_once=True)
    assert [key.retired_at for key in await scene.services.signing_key_ring.keys()] == [None, now, now]
    assert key_of(await scene.sign_in(await scene.add_user())) == "key-2"


async def test_rotations_in_quick_succession_keep_their_order(scene: Scene) -> None:
    """Each key is published for the whole lead before it signs."""
    await scene.services.signing_key_ring.rotate()
    scene.clock.advance(5 * MINUTE)
    await scene.services.signing_key_ring.rotate()
    signers = []
    for _ in range(3):
        signers.append(key_of(await scene.sign_in(await scene.add_user())))
        scene.clock.advance(LEAD - 5 * MINUTE if len(signers) == 1 else 5 * MINUTE)
        await scene.services.signing_key_ring.load()
    assert signers == ["first", "key-1", "key-2"]


async def test_a_retired_key_is_published_until_its_last_token_has_expired(scene: Scene) -> None:
    """JWT-15: what other services verify with."""
    await scene.services.signing_key_ring.rotate(at_once=True)
    assert published(scene) == ["key-1", "first"]
    scene.clock.advance(LAST_TOKEN)
    assert published(scene) == ["key-1", "first"]
    scene.clock.advance(SECOND)
    assert published(scene) == ["key-1"]
    assert await stored_keys(scene) == ["key-1", "first"]


async def test_the_published_keys_need_no_store(scene: Scene) -> None:
    scene.store.is_down = True
    assert published(scene) == ["first"]


async def test_before_the_first_load_nothing_is_published(scene: Scene) -> None:
    scene.access_tokens.use(KeyRing())
    with pytest.raises(StoreUnavailable):
        scene.services.signing_key_ring.published()


async def test_rotating_forgets_keys_that_are_of_no_more_use_and_keeps_when_others_retired(scene: Scene) -> None:
    await scene.services.signing_key_ring.rotate(at_once=True)
    second = scene.clock.advance(LAST_TOKEN)
    await scene.services.signing_key_ring.rotate(at_once=True)
    scene.clock.advance(SECOND)
    await scene.services.signing_key_ring.rotate(at_once=True)
    assert await stored_keys(scene) == ["key-3", "key-2", "key-1"]
    assert scene.store.committed.keys["key-1"].retired_at == second
    assert scene.store.committed.keys["key-3"].retired_at is None
    assert scene.store.commits == 3


async def test_a_key_is_replaced_when_it_has_reached_the_age(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    ring = replace(scene.services.signing_key_ring, policy=SigningKeyPolicy(15 * MINUTE, LEAD, 90 * DAY))
    scene.clock.advance(90 * DAY - SECOND)
    await ring.load()
    assert await stored_keys(scene) == ["first"]
    scene.clock.advance(SECOND)
    with caplog.at_level(logging.INFO):
        await ring.load()
    await ring.load()
    assert await stored_keys(scene) == ["key-1", "first"]
    assert "key-1" in caplog.text
    assert key_of(await scene.sign_in(await scene.add_user())) == "first"


async def test_of_many_replicas_one_replaces_the_key(scene: Scene) -> None:
    """All of them have read that the key is old; one was faster."""
    ring = replace(scene.services.signing_key_ring, policy=SigningKeyPolicy(15 * MINUTE, LEAD, 90 * DAY))
    scene.clock.advance(90 * DAY)
    await asyncio.gather(*(ring.load() for _ in range(5)))
    assert await stored_keys(scene) == ["key-1", "first"]


async def test_loading_takes_up_what_another_process_has_rotated(scene: Scene) -> None:
    """JWT-15: `keys rotate` while the service runs."""
    old = scene.store.committed.keys["first"]
    scene.store.committed.keys.update(first=old.retired(T0), second=make_signing_key("second", created_at=T0 + SECOND))
    await scene.services.signing_key_ring.load()
    assert key_of(await scene.sign_in(await scene.add_user())) == "second"
    assert scene.key_maker.made == []


async def test_a_loaded_ring_leaves_out_what_verifies_no_more(scene: Scene) -> None:
    tokens = await scene.sign_in(await scene.add_user())
    await scene.services.signing_key_ring.rotate(at_once=True)
    scene.clock.advance(LAST_TOKEN + SECOND)
    assert scene.access_tokens.knows_key_of(tokens.access_token)
    await scene.services.signing_key_ring.load()
    assert not scene.access_tokens.knows_key_of(tokens.access_token)


async def test_a_key_that_was_not_stored_never_signs(scene: Scene) -> None:
    """Other processes could not verify what it signed."""
    scene.store.fail_next_commit = True
    with pytest.raises(StoreUnavailable):
        await scene.services.signing_key_ring.rotate()
    assert await stored_keys(scene) == ["first"]
    assert scene.store.committed.keys["first"].retired_at is None
    assert key_of(await scene.sign_in(await scene.add_user())) == "first"


async def test_a_store_that_is_down_leaves_the_ring_as_it_is(scene: Scene) -> None:
    scene.store.is_down = True
    with pytest.raises(StoreUnavailable):
        await scene.services.signing_key_ring.load()
    assert scene.access_tokens.can_sign()
    assert scene.key_maker.made == []
