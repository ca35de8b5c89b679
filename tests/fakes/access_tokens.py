"""Access tokens one can read: `access.<kid>.<number>`. They are known by being remembered, not by a signature."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bukhindor.domain.signing_key import KeyRing
from bukhindor.domain.tokens import AccessClaims
from bukhindor.ports.secrets import NO_CUSTOM_CLAIMS

UNREADABLE = b"unreadable"
"""The private part of a key that can't be unsealed, as after the server's secret was changed."""


class FakeAccessTokens:
    """`issued` holds all tokens and their claims, oldest first; `custom` the custom claims of each."""

    def __init__(self) -> None:
        self.issued: dict[str, AccessClaims] = {}
        self.custom: dict[str, Mapping[str, Any]] = {}
        self.ring = KeyRing()

    def use(self, ring: KeyRing) -> None:
        self.ring = ring

    def can_sign(self) -> bool:
        return bool(self._signers())

    def issue(self, claims: AccessClaims, custom: Mapping[str, Any] = NO_CUSTOM_CLAIMS) -> str:
        token = f"access.{self._signers()[0]}.{len(self.issued) + 1}"
        self.issued[token] = claims
        self.custom[token] = custom
        return token

    def knows_key_of(self, token: str) -> bool:
        return _kid_of(token) in [key.kid for key in self.ring.verifying]

    def read(self, token: str, now: datetime) -> AccessClaims | None:
        claims = self.read_at_any_age(token)
        return None if claims is None or claims.expires_at <= now else claims

    def read_at_any_age(self, token: str) -> AccessClaims | None:
        return self.issued.get(token) if self.knows_key_of(token) else None

    def _signers(self) -> list[str]:
        return [key.kid for key in self.ring.signing if key.sealed_private_key != UNREADABLE]


def _kid_of(token: str) -> str:
    prefix, _, rest = token.partition(".")
    return rest.rpartition(".")[0] if prefix == "access" else ""
