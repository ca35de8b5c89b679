"""Service keys in a dictionary."""

from dataclasses import replace
from uuid import UUID

from bukhindor.domain.errors import ServiceKeyNameTaken
from bukhindor.domain.service_key import ServiceKey


class FakeServiceKeys:
    def __init__(self, keys: dict[UUID, ServiceKey]) -> None:
        self._keys = keys

    async def by_digest(self, digest: bytes) -> ServiceKey | None:
        return next((key for key in self._keys.values() if key.digest == digest), None)

    async def by_name(self, name: str) -> ServiceKey | None:
        return next((key for key in self._keys.values() if key.name == name), None)

    async def all(self) -> list[ServiceKey]:
        return sorted(self._keys.values(), key=lambda key: key.name)

    async def add(self, key: ServiceKey) -> None:
        if await self.by_name(key.name) is not None:
            raise ServiceKeyNameTaken
        self._keys[key.id] = key

    async def save(self, key: ServiceKey) -> None:
        if key.id in self._keys:
            self._keys[key.id] = replace(self._keys[key.id], last_used_at=key.last_used_at)

    async def remove(self, key_id: UUID) -> bool:
        return self._keys.pop(key_id, None) is not None
