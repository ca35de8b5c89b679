"""A request that is sent twice: recognised, kept, waited for and forgotten."""

import asyncio
from datetime import timedelta

import pytest

from bukhindor.domain.errors import IdempotencyKeyReused, TooBusy
from bukhindor.domain.repetition import RepeatableRequest
from bukhindor.services import repetition as module
from tests.makers import ORIGIN
from tests.unit.services.scene import Scene

LONGEST = timedelta(seconds=10)


def request(scene: Scene, body: bytes = b"{}", key: str = "key-1", *, has_key: bool = True) -> RepeatableRequest:
    return scene.services.repetition.request("POST /register", None, ORIGIN, body, key, has_key=has_key)


@pytest.mark.parametrize(("has_key", "life"), [(True, timedelta(hours=24)), (False, timedelta(minutes=10))])
async def test_a_response_is_given_again_while_it_is_kept(scene: Scene, *, has_key: bool, life: timedelta) -> None:
    repetition, first = scene.services.repetition, request(scene, has_key=has_key)
    assert await repetition.begin(first, LONGEST) is None
    await repetition.keep(first, b"created", None)
    scene.clock.advance(life - timedelta(seconds=1))
    assert await repetition.begin(request(scene, has_key=has_key), LONGEST) == b"created"
    scene.clock.advance(timedelta(seconds=1))
    assert await repetition.begin(request(scene, has_key=has_key), LONGEST) is None


async def test_a_request_that_was_refused_may_be_sent_again(scene: Scene) -> None:
    repetition = scene.services.repetition
    for _ in range(2):
        assert await repetition.begin(request(scene), LONGEST) is None
        await repetition.give_up(request(scene))


async def test_the_second_waits_for_the_first(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE", 0.001)
    repetition, same = scene.services.repetition, request(scene)
    begun = [asyncio.create_task(repetition.begin(same, LONGEST)) for _ in range(5)]
    await asyncio.sleep(0.01)
    await repetition.keep(same, b"created", None)
    assert sorted([await task or b"" for task in begun]) == [b"", *[b"created"] * 4]


async def test_an_interrupted_request_ends_after_a_minute(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE", 0.001)
    monkeypatch.setattr(module, "_PATIENCE", timedelta(seconds=0.005))
    repetition = scene.services.repetition
    assert await repetition.begin(request(scene), LONGEST) is None
    with pytest.raises(TooBusy):
        await repetition.begin(request(scene), LONGEST)
    scene.clock.advance(timedelta(minutes=1))
    assert await repetition.begin(request(scene), LONGEST) is None


async def test_another_body_is_refused_until_the_response_is_forgotten(scene: Scene) -> None:
    repetition = scene.services.repetition
    await repetition.begin(request(scene), LONGEST)
    await repetition.keep(request(scene), b"created", None)
    for _ in range(5):
        with pytest.raises(IdempotencyKeyReused):
            await repetition.first_response(request(scene, b"another"))
    assert await repetition.first_response(request(scene)) is None


async def test_the_caller_of_a_repetition_needs_no_session_any_more(scene: Scene) -> None:
    caller = await scene.add_caller()
    token = scene.access_token_of(caller.session, caller.user)
    await scene.store.sessions.remove(caller.session.id)
    scene.clock.advance(timedelta(hours=1))
    assert await scene.services.repetition.caller_of(token) == caller.user.id
    assert await scene.services.repetition.caller_of("access.unknown.1") is None
