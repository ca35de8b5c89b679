"""Guests who have not come back, on any SQL database."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from bukhindor.adapters.sql import tables
from bukhindor.adapters.sql.connection import Connection
from bukhindor.adapters.sql.repositories.users import USER_COLUMNS, to_user
from bukhindor.domain.user import User

_users = tables.users
_sessions = tables.user_sessions

# Each costs several statements when it is removed.
REMOVED_AT_ONCE = 50

_last_use = sa.select(sa.func.max(_sessions.c.last_seen_at)).where(_sessions.c.user_id == _users.c.id).scalar_subquery()
_UNSEEN = (
    sa.select(*USER_COLUMNS, sa.type_coerce(_last_use, tables.UtcDateTime()))
    .where(_users.c.guest_seen_at <= sa.bindparam("moment", type_=tables.UtcDateTime()))
    .order_by(_users.c.guest_seen_at)
    .limit(REMOVED_AT_ONCE)
    # A guest who becomes a person now can wait for the next purge.
    .with_for_update(of=_users, skip_locked=True)
)
_NOTE = sa.update(_users).where(_users.c.id == sa.bindparam("which"))


class SqlGuests:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def unseen_since(self, moment: datetime) -> list[tuple[User, datetime | None]]:
        found = await self._connection.fetch(_UNSEEN, {"moment": moment})
        return [(to_user(row[:-1]), row[-1]) for row in found]

    async def note_seen(self, user_id: UUID, seen_at: datetime | None) -> None:
        await self._connection.change(_NOTE, {"which": user_id, "guest_seen_at": seen_at})
