"""How the core reads and writes signing keys."""

from typing import Protocol

from bukhindor.domain.signing_key import SigningKey


class SigningKeys(Protocol):
    async def all(self) -> list[SigningKey]:
        """Return the newest first."""

    async def add(self, key: SigningKey) -> None:
        """Store a new key."""

    async def save(self, key: SigningKey) -> None:
        """Store the time of retirement."""

    async def remove(self, kid: str) -> None:
        """Remove a key, if it still exists."""


class HasSigningKeys(Protocol):
    @property
    def signing_keys(self) -> SigningKeys:
        """All signing keys, retired ones too."""
