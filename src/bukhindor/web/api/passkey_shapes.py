"""The shapes of WebAuthn: what `PublicKeyCredential.toJSON()` gives, and what `parse…OptionsFromJSON()` takes."""

from typing import Annotated

import msgspec
from msgspec import Meta

from bukhindor.domain.passkey import (
    MAX_ENCODED,
    Base64Url,
    CreatedCredential,
    Passkey,
    PasskeyChallenge,
    UsedCredential,
)
from bukhindor.web.api.shapes import Time, UserId

_BASE64URL = "^(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2,3})?$"
_LONGEST_ID = 1364
"""Characters, for 1023 bytes."""

CredentialId = Annotated[
    Base64Url,
    Meta(
        extra_json_schema={"type": "string", "minLength": 1, "maxLength": _LONGEST_ID, "pattern": _BASE64URL},
        description="base64url",
        examples=["Vf5bqMZ4tYHqbGYbHJm1DA"],
    ),
]
EncodedField = Annotated[
    Base64Url,
    Meta(
        extra_json_schema={"type": "string", "maxLength": MAX_ENCODED, "pattern": _BASE64URL},
        description="base64url",
        examples=["eyJ0eXBlIjoid2ViYXV0aG4uZ2V0In0"],
    ),
]
ChallengeId = Annotated[
    str,
    Meta(extra_json_schema={"maxLength": 200}, description="From the options", examples=["bkc_AQAAAABl…"]),
]
Options = Annotated[
    msgspec.Raw,
    Meta(
        extra_json_schema={"type": "object"},
        description="Give it to the browser or the phone unchanged",
        examples=[{"challenge": "n1Jk…", "rpId": "example.com", "userVerification": "required"}],
    ),
]


class CreatedResponse(msgspec.Struct, frozen=True):
    client_data: EncodedField = msgspec.field(name="clientDataJSON")
    attestation_object: EncodedField = msgspec.field(name="attestationObject")
    transports: list[str] = []


class UsedResponse(msgspec.Struct, frozen=True):
    client_data: EncodedField = msgspec.field(name="clientDataJSON")
    authenticator_data: EncodedField = msgspec.field(name="authenticatorData")
    signature: EncodedField
    user_handle: EncodedField | None = msgspec.field(name="userHandle", default=None)


class CreatedCredentialShape(msgspec.Struct, frozen=True):
    """RegistrationResponseJSON of WebAuthn Level 3; other members are ignored."""

    id: CredentialId
    response: CreatedResponse

    def credential(self) -> CreatedCredential:
        response = self.response
        return CreatedCredential(self.id, response.client_data, response.attestation_object, tuple(response.transports))


class UsedCredentialShape(msgspec.Struct, frozen=True):
    """AuthenticationResponseJSON of WebAuthn Level 3; other members are ignored."""

    id: CredentialId
    response: UsedResponse

    def credential(self) -> UsedCredential:
        response = self.response
        return UsedCredential(
            self.id,
            response.client_data,
            response.authenticator_data,
            response.signature,
            response.user_handle or None,
        )


class PasskeyOptions(msgspec.Struct, frozen=True):
    """`challenge_id` comes back with the credential, within five minutes."""

    challenge_id: ChallengeId
    options: Options

    @classmethod
    def of(cls, challenge: PasskeyChallenge, options: str) -> "PasskeyOptions":
        return cls(challenge.id, msgspec.Raw(options.encode()))


class PasskeyShape(msgspec.Struct, frozen=True):
    """One passkey. `synced` tells that it may be on several devices, `backed_up` that a copy of it exists."""

    id: UserId
    name: Annotated[str, Meta(examples=["Anna's phone"])]
    created_at: Time
    last_used_at: Time | None
    synced: bool
    backed_up: bool
    transports: Annotated[list[str], Meta(description="How devices reach it, as the browser named them")]

    @classmethod
    def of(cls, passkey: Passkey) -> "PasskeyShape":
        return cls(
            passkey.id,
            passkey.name,
            passkey.created_at,
            passkey.last_used_at,
            passkey.is_synced,
            passkey.is_backed_up,
            list(passkey.transports),
        )
