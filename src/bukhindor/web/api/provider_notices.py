"""POST /auth/identities/apple/notifications"""

from typing import Annotated

import msgspec
from msgspec import Meta

from bukhindor.domain.identity import APPLE
from bukhindor.services.provider_notices import ProviderNotices
from bukhindor.web.api.shapes import Message
from bukhindor.web.endpoint.call import Call


class AppleNotification(msgspec.Struct, frozen=True):
    """What Apple sends: a token that it has signed, with one event."""

    payload: Annotated[str, Meta(min_length=1, max_length=16_384, examples=["eyJhbGciOiJSUzI1NiJ9.e30.c2ln"])]


async def receive_apple_notification(call: Call, provider_notices: ProviderNotices, body: AppleNotification) -> Message:
    """Receive what Apple reports about a person"""
    await provider_notices.receive(APPLE, body.payload, call.origin)
    return Message("Received.")
