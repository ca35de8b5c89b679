"""The keys that access tokens are signed with."""

from datetime import datetime
from typing import Protocol

from bukhindor.domain.signing_key import KeyRing, SigningKey
from bukhindor.ports.secrets import AccessTokens


class KeyedAccessTokens(AccessTokens, Protocol):
    """Access tokens under a ring of keys from the caller."""

    @property
    def ring(self) -> KeyRing:
        """The keys in use; empty until `use` was called."""

    def use(self, ring: KeyRing) -> None:
        """Replace the ring: of the keys that may sign, the first that can be unsealed does."""


class SigningKeyMaker(Protocol):
    def make(self, now: datetime) -> SigningKey:
        """Make a key pair, its private part sealed under the server's first secret."""
