"""Recovery codes in a dictionary."""

from collections.abc import Sequence
from uuid import UUID


class FakeRecoveryCodes:
    def __init__(self, codes: dict[tuple[UUID, bytes], bool]) -> None:
        self._codes = codes

    async def count(self, user_id: UUID) -> int:
        return sum(owner == user_id for owner, _ in self._codes)

    async def replace(self, user_id: UUID, digests: Sequence[bytes]) -> None:
        await self.remove_of_user(user_id)
        self._codes.update({(user_id, digest): True for digest in digests})

    async def use(self, user_id: UUID, digests: Sequence[bytes]) -> bool:
        return any(self._codes.pop((user_id, digest), False) for digest in digests)

    async def remove_of_user(self, user_id: UUID) -> int:
        found = [code for code in self._codes if code[0] == user_id]
        for code in found:
            del self._codes[code]
        return len(found)
