"""/auth/passkeys: the passkeys of the caller's account"""

from typing import Annotated

import msgspec
from msgspec import Meta

from bukhindor.domain.passkey import PasskeyName
from bukhindor.services.passkey_administration import PasskeyAdministration
from bukhindor.web.api.passkey_shapes import ChallengeId, CreatedCredentialShape, PasskeyOptions, PasskeyShape
from bukhindor.web.api.patterns import SAFE_TEXT_NOT_BLANK
from bukhindor.web.api.shapes import Message
from bukhindor.web.endpoint.call import Call

PasskeyNameField = Annotated[
    PasskeyName,
    Meta(
        extra_json_schema={"minLength": 1, "maxLength": 60, "pattern": SAFE_TEXT_NOT_BLANK}, examples=["Anna's phone"]
    ),
]


class AddPasskeyBody(msgspec.Struct, frozen=True):
    """Without a name the passkey is named after the device."""

    challenge_id: ChallengeId
    credential: CreatedCredentialShape
    name: PasskeyNameField | None = None


class RenamePasskeyBody(msgspec.Struct, frozen=True):
    name: PasskeyNameField


class PasskeyList(msgspec.Struct, frozen=True):
    passkeys: list[PasskeyShape]


async def passkey_options(call: Call, administration: PasskeyAdministration) -> PasskeyOptions:
    """Begin to add a passkey"""
    return PasskeyOptions.of(*await administration.options(call.caller))


async def add_passkey(call: Call, administration: PasskeyAdministration, body: AddPasskeyBody) -> PasskeyShape:
    """Add a passkey"""
    credential = body.credential.credential()
    return PasskeyShape.of(await administration.add(call.caller, body.challenge_id, credential, body.name))


async def list_passkeys(call: Call, administration: PasskeyAdministration) -> PasskeyList:
    """List your own passkeys"""
    return PasskeyList([PasskeyShape.of(passkey) for passkey in await administration.list(call.caller)])


async def rename_passkey(call: Call, administration: PasskeyAdministration, body: RenamePasskeyBody) -> PasskeyShape:
    """Rename one of your own passkeys"""
    return PasskeyShape.of(await administration.rename(call.caller, call.passkey_id, body.name))


async def remove_passkey(call: Call, administration: PasskeyAdministration) -> Message:
    """Remove one of your own passkeys"""
    await administration.remove(call.caller, call.passkey_id)
    return Message("The passkey has been removed.")
