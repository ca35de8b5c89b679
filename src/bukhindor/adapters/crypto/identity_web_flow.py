"""Sign-ins at other providers that are under way: sealed, so that they say nothing, and nothing of them is stored."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, TypeVar

import msgspec

from bukhindor.adapters.crypto.seal import SecretSeal
from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.identity_web_flow import ProvenIdentity, WebFlow

_FLOW, _IDENTITY = "identity web flow", "proven identity"
_MAX_TEXT = 8192

_Kind = TypeVar("_Kind", WebFlow, ProvenIdentity)


def _plain(value: object) -> str:
    return str(value)


def _domain_value(kind: type[Any], raw: object) -> object:
    return EmailAddress.parse(str(raw)) if kind is EmailAddress else kind(raw)


_encode = msgspec.msgpack.Encoder(enc_hook=_plain).encode
_decode_flow = msgspec.msgpack.Decoder(WebFlow, dec_hook=_domain_value).decode
_decode_identity = msgspec.msgpack.Decoder(ProvenIdentity, dec_hook=_domain_value).decode


class SealedWebFlows:
    """Base64url of what `SecretSeal` makes of the facts in MessagePack; a flow never opens as an identity."""

    def __init__(self, secret_keys: SecretKeys) -> None:
        self._seal = SecretSeal(secret_keys)

    def seal_flow(self, flow: WebFlow) -> str:
        return self._closed(_encode(flow), _FLOW)

    def open_flow(self, state: str) -> WebFlow | None:
        content = self._opened(state, _FLOW)
        try:
            return None if content is None else _decode_flow(content)
        except msgspec.DecodeError:
            # Another version of the program has made it.
            return None

    def seal_identity(self, identity: ProvenIdentity) -> str:
        return self._closed(_encode(identity), _IDENTITY)

    def open_identity(self, code: str) -> ProvenIdentity | None:
        content = self._opened(code, _IDENTITY)
        try:
            return None if content is None else _decode_identity(content)
        except msgspec.DecodeError:
            return None

    def _closed(self, content: bytes, context: str) -> str:
        return urlsafe_b64encode(self._seal.close(content, context)).decode().rstrip("=")

    def _opened(self, text: str, context: str) -> bytes | None:
        if len(text) > _MAX_TEXT or not text.isascii():
            return None
        try:
            sealed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except (binascii.Error, ValueError):
            return None
        return self._seal.open(sealed, context)
