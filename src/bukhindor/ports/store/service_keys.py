"""How the core reads and writes service keys."""

from typing import Protocol
from uuid import UUID

from bukhindor.domain.service_key import ServiceKey


class ServiceKeyStore(Protocol):
    async def by_digest(self, digest: bytes) -> ServiceKey | None:
        """Return None when no key has the digest. A key that has expired is returned too."""

    async def by_name(self, name: str) -> ServiceKey | None:
        """Return None when no key has the name."""

    async def all(self) -> list[ServiceKey]:
        """Return all keys by name."""

    async def add(self, key: ServiceKey) -> None:
        """Store a new key. Raises ServiceKeyNameTaken."""

    async def save(self, key: ServiceKey) -> None:
        """Store when the key was used last; a key that was revoked stays so."""

    async def remove(self, key_id: UUID) -> bool:
        """Return False when it was revoked before."""


class HasServiceKeys(Protocol):
    @property
    def service_keys(self) -> ServiceKeyStore:
        """All service keys that were not revoked, expired ones too."""
