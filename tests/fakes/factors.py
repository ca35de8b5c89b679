"""Second factors in a dictionary."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from bukhindor.domain.factor import Factor


class FakeFactors:
    def __init__(self, factors: dict[UUID, Factor]) -> None:
        self._factors = factors

    async def of_user(self, user_id: UUID) -> list[Factor]:
        found = [factor for factor in self._factors.values() if factor.user_id == user_id]
        return sorted(found, key=lambda factor: (factor.created_at, factor.id))

    async def put(self, factor: Factor) -> None:
        self._remove([each for each in await self.of_user(factor.user_id) if not each.is_confirmed])
        self._factors[factor.id] = factor

    async def save(self, factor: Factor) -> bool:
        stored = self._factors.get(factor.id)
        if stored is None or stored.last_step >= factor.last_step:
            return False
        self._factors[factor.id] = replace(
            stored,
            confirmed_at=factor.confirmed_at,
            last_used_at=factor.last_used_at,
            last_step=factor.last_step,
        )
        return True

    async def remove(self, user_id: UUID, factor_id: UUID) -> bool:
        return self._remove([each for each in await self.of_user(user_id) if each.id == factor_id]) > 0

    async def remove_of_user(self, user_id: UUID) -> int:
        return self._remove(await self.of_user(user_id))

    async def remove_abandoned(self, before: datetime) -> int:
        found = [each for each in self._factors.values() if not each.is_confirmed and each.created_at < before]
        return self._remove(found)

    async def count(self) -> int:
        return sum(factor.is_confirmed for factor in self._factors.values())

    def _remove(self, found: list[Factor]) -> int:
        for factor in found:
            del self._factors[factor.id]
        return len(found)
