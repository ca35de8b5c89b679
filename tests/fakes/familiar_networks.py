"""Familiar networks in a dictionary."""

from datetime import datetime
from uuid import UUID


class FakeFamiliarNetworks:
    def __init__(self, networks: dict[tuple[UUID, str], datetime]) -> None:
        self._networks = networks

    async def record(self, user_id: UUID, network: str, now: datetime) -> None:
        self._networks[user_id, network] = now

    async def of_user(self, user_id: UUID) -> list[tuple[str, datetime]]:
        found = [(network, used_at) for (owner, network), used_at in self._networks.items() if owner == user_id]
        found.sort()
        return sorted(found, key=lambda each: each[1], reverse=True)

    async def remove_before(self, moment: datetime) -> int:
        old = [place for place, used_at in self._networks.items() if used_at < moment]
        for place in old:
            del self._networks[place]
        return len(old)
