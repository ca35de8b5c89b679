"""How a request is carried out whose response is to be given again."""

from datetime import timedelta

import pytest
from starlette.responses import Response

from bukhindor.domain.errors import EmailTaken
from bukhindor.domain.repetition import RepeatableRequest
from bukhindor.services.repetition import Repetition
from bukhindor.web.edge.exchange import Exchange
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.repetition import once
from tests.makers import ORIGIN, T0
from tests.unit.services.scene import Scene

LONGEST = timedelta(seconds=10)


def call() -> Call:
    return Call(Exchange("r1", "POST", "/register", "/register", "192.0.2.1", {}), {}, T0)


def request_to(repetition: Repetition) -> RepeatableRequest:
    return repetition.request("POST /register", None, ORIGIN, b"{}", "key-1", has_key=True)


async def test_what_is_done_is_reported_even_if_the_store_fails_afterwards() -> None:
    scene = Scene()
    repetition = scene.services.repetition

    async def work() -> Response:
        scene.store.is_down = True
        return Response(b"created", 201)

    assert (await once(call(), repetition, request_to(repetition), LONGEST, work)).status_code == 201


async def test_a_refusal_is_reported_even_if_the_store_fails_afterwards() -> None:
    scene = Scene()
    repetition = scene.services.repetition

    async def work() -> Response:
        scene.store.is_down = True
        raise EmailTaken

    with pytest.raises(EmailTaken):
        await once(call(), repetition, request_to(repetition), LONGEST, work)
