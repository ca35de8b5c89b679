"""Networks from which people signed in, on any SQL database."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from bukhindor.adapters.sql import tables
from bukhindor.adapters.sql.connection import Connection

_networks = tables.familiar_networks
_this_owner = _networks.c.user_id == sa.bindparam("owner")
_this_network = _networks.c.network == sa.bindparam("place")

_USE = sa.update(_networks).where(_this_owner, _this_network)
_ADD = sa.insert(_networks)
_OF_USER = sa.select(_networks.c.network, _networks.c.last_used_at).where(_this_owner)
_some_old = (
    sa.select(_networks.c.user_id, _networks.c.network)
    .where(_networks.c.last_used_at < sa.bindparam("moment", type_=tables.UtcDateTime()))
    .limit(tables.REMOVED_AT_ONCE)
    .with_for_update(skip_locked=True)
)
_REMOVE_BEFORE = sa.delete(_networks).where(sa.tuple_(_networks.c.user_id, _networks.c.network).in_(_some_old))


class SqlFamiliarNetworks:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def record(self, user_id: UUID, network: str, now: datetime) -> None:
        which = {"owner": user_id, "place": network}
        if not await self._connection.change(_USE, {**which, "last_used_at": now}):
            await self._connection.change(_ADD, {"user_id": user_id, "network": network, "last_used_at": now})

    async def of_user(self, user_id: UUID) -> list[tuple[str, datetime]]:
        found = await self._connection.fetch(_OF_USER, {"owner": user_id})
        # A person has few of them: sorting here needs no index in that order.
        networks = sorted((network, last_used_at) for network, last_used_at in found)
        return sorted(networks, key=lambda each: each[1], reverse=True)

    async def remove_before(self, moment: datetime) -> int:
        return await self._connection.change(_REMOVE_BEFORE, {"moment": moment})
