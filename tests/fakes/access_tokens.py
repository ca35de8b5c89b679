"""Access tokens one can read: `access.<kid>.<number>`. They are known by being remembered, not by a signature."""

from collections.abc import Sequence
from datetime import datetime

from bukhindor.domain.signing_key import SigningKey
from bukhindor.domain.tokens import AccessClaims

UNREADABLE = b"unreadable"
"""The private part of a key that can't be unsealed, as after the server's secret was changed."""


class FakeAccessTokens:
    """`issued` holds all tokens and their claims, oldest first."""

    def __init__(self) -> None:
        self.issued: dict[str, AccessClaims] = {}
        self._ring: dict[str, SigningKey] = {}

    def use(self, keys: Sequence[SigningKey]) -> None:
        self._ring = {key.kid: key for key in keys}

    def can_sign(self) -> bool:
        return bool(self._signers())

    def issue(self, claims: AccessClaims) -> str:
        newest = max(self._signers(), key=lambda key: key.created_at)
        token = f"access.{newest.kid}.{len(self.issued) + 1}"
        self.issued[token] = claims
        return token

    def knows_key_of(self, token: str) -> bool:
        return _kid_of(token) in self._ring

    def read(self, token: str, now: datetime) -> AccessClaims | None:
        claims = self.read_at_any_age(token)
        return None if claims is None or claims.expires_at <= now else claims

    def read_at_any_age(self, token: str) -> AccessClaims | None:
        return self.issued.get(token) if self.knows_key_of(token) else None

    def _signers(self) -> list[SigningKey]:
        return [key for key in self._ring.values() if key.retired_at is None and key.sealed_private_key != UNREADABLE]


def _kid_of(token: str) -> str:
    prefix, _, rest = token.partition(".")
    return rest.rpartition(".")[0] if prefix == "access" else ""
