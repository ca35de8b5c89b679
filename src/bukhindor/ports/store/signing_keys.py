"""How the core reads and writes signing keys."""

from typing import Protocol

from bukhindor.domain.signing_key import SigningKey


class SigningKeys(Protocol):
    async def all(self) -> list[SigningKey]:
        """The newest first."""

    async def add(self, key: SigningKey) -> None:
        """Keep a new key."""

    async def save(self, key: SigningKey) -> None:
        """Write the moment of retirement."""

    async def remove(self, kid: str) -> None:
        """Forget a key; nothing happens when it is gone already."""
