"""GET /.well-known/jwks.json"""

from typing import Annotated

import msgspec
from msgspec import Meta

from bukhindor.services.signing_key_ring import SigningKeyRing
from bukhindor.web.endpoint.call import Call


class JsonWebKeySet(msgspec.Struct, frozen=True):
    """The public keys that verify access tokens (RFC 7517)."""

    keys: Annotated[list[dict[str, str]], Meta(description="ES256 keys, newest first; the newest may not sign yet")]


async def jwks(call: Call, signing_key_ring: SigningKeyRing) -> JsonWebKeySet:
    """Return the public keys that verify access tokens

    A new key is in the set before the first token is signed with it, so a client may keep the set as long as
    `Cache-Control` says.
    """
    keys = signing_key_ring.published()
    return JsonWebKeySet([dict(key.public_jwk) for key in keys])
