"""The tokens of half-signed-in clients: sealed, so that they say nothing, and nothing of them is stored."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec

from bukhindor.adapters.crypto.seal import SecretSeal
from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.domain.sign_in import AwaitedFactor

_CONTEXT = "mfa token"
_MAX_TOKEN = 2048

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(AwaitedFactor).decode


class SealedMfaTokens:
    """Base64url of what `SecretSeal` makes of the facts in MessagePack."""

    def __init__(self, secret_keys: SecretKeys) -> None:
        self._seal = SecretSeal(secret_keys)

    def issue(self, awaited: AwaitedFactor) -> str:
        return urlsafe_b64encode(self._seal.close(_encode(awaited), _CONTEXT)).decode().rstrip("=")

    def read(self, token: str) -> AwaitedFactor | None:
        if len(token) > _MAX_TOKEN or not token.isascii():
            return None
        try:
            sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (binascii.Error, ValueError):
            return None
        content = self._seal.open(sealed, _CONTEXT)
        try:
            return None if content is None else _decode(content)
        except msgspec.DecodeError:
            # Another version of the program has made it.
            return None
