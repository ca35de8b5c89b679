"""Recovery codes, on any SQL database."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from bukhindor.adapters.sql import tables
from bukhindor.adapters.sql.connection import Connection

_codes = tables.recovery_codes

_of_owner = _codes.c.user_id == sa.bindparam("owner")

_COUNT = sa.select(sa.func.count()).where(_of_owner)
_ADD = sa.insert(_codes)
_USE = sa.delete(_codes).where(_of_owner, _codes.c.digest == sa.bindparam("wanted"))
_REMOVE_OF_USER = sa.delete(_codes).where(_of_owner)


class SqlRecoveryCodes:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def count(self, user_id: UUID) -> int:
        found: int = (await self._connection.fetch(_COUNT, {"owner": user_id}))[0][0]
        return found

    async def replace(self, user_id: UUID, digests: Sequence[bytes]) -> None:
        await self.remove_of_user(user_id)
        for digest in digests:
            await self._connection.change(_ADD, {"user_id": user_id, "digest": digest})

    async def use(self, user_id: UUID, digests: Sequence[bytes]) -> bool:
        for digest in digests:
            if await self._connection.change(_USE, {"owner": user_id, "wanted": digest}):
                return True
        return False

    async def remove_of_user(self, user_id: UUID) -> int:
        return await self._connection.change(_REMOVE_OF_USER, {"owner": user_id})
