"""GET /.well-known/jwks.json"""

from typing import Annotated

import msgspec
from msgspec import Meta

from bukhindor.web.call import Call


class JsonWebKeySet(msgspec.Struct, frozen=True):
    """The public keys that verify access tokens (RFC 7517)."""

    keys: Annotated[list[dict[str, str]], Meta(description="ES256 keys, the one that signs now first")]


async def jwks(call: Call) -> JsonWebKeySet:
    """Publish the keys that verify access tokens"""
    keys = await call.services.signing_key_ring.verifying()
    return JsonWebKeySet([dict(key.public_jwk) for key in keys])
