"""Sessions, on any SQL database."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from bukhindor.adapters.sql import rows, tables
from bukhindor.adapters.sql.connection import Connection
from bukhindor.domain.device import Device
from bukhindor.domain.session import Session, SessionPolicy
from bukhindor.domain.user import User

_sessions = tables.user_sessions
_users = tables.users
_SESSION_WIDTH = len(rows.SESSION_COLUMNS)

_this_session = _sessions.c.id == sa.bindparam("which")
_this_owner = _sessions.c.user_id == sa.bindparam("owner")
_newest_first = (_sessions.c.created_at.desc(), _sessions.c.id.desc())
_created_by_then = _sessions.c.created_at <= sa.bindparam("moment", type_=tables.UtcDateTime())
# The value stands in the text: a planner can't tell that a parameter fits the partial index of administrators.
_admins = sa.select(_users.c.id).where(_users.c.role == sa.literal_column("'admin'"))

_BY_ID = sa.select(*rows.SESSION_COLUMNS).where(_this_session)
_WITH_USER = (
    sa.select(*rows.SESSION_COLUMNS, *rows.USER_COLUMNS)
    .join_from(_users, _sessions, _users.c.id == _sessions.c.user_id)
    .where(_this_session)
)
_OF_USER = sa.select(*rows.SESSION_COLUMNS).where(_this_owner).order_by(*_newest_first)
_HAS_DEVICE = sa.select(_sessions.c.id).where(_this_owner, _sessions.c.device_id == sa.bindparam("device")).limit(1)
_HAS_PROGRAM = (
    sa.select(_sessions.c.id)
    .where(_this_owner, _sessions.c.device_id.is_(None), _sessions.c.user_agent == sa.bindparam("program"))
    .limit(1)
)
_COUNT = sa.select(sa.func.count()).select_from(_sessions)
_ADD = sa.insert(_sessions)
_SAVE = sa.update(_sessions).where(_this_session)
_REFUSE_ACCESS_TOKENS = (
    sa.update(_sessions).where(_this_owner).values(oldest_valid_generation=_sessions.c.generation + 1)
)
_REMOVE = sa.delete(_sessions).where(_this_session)
_REMOVE_OF_USER = sa.delete(_sessions).where(_this_owner)
_REMOVE_OTHERS = _REMOVE_OF_USER.where(_sessions.c.id != sa.bindparam("keep", type_=sa.Uuid()))
_REMOVE_BEYOND = _REMOVE_OF_USER.where(
    _sessions.c.id.in_(
        sa.select(_sessions.c.id)
        .where(_this_owner)
        .order_by(*_newest_first)
        .offset(sa.bindparam("newest", type_=sa.Integer()))
    )
)


def _some(*conditions: sa.ColumnElement[bool]) -> sa.Delete:
    found = sa.select(_sessions.c.id).where(*conditions).limit(tables.REMOVED_AT_ONCE)
    # What somebody is working on now can wait for the next purge.
    found = found.with_for_update(skip_locked=True)
    return sa.delete(_sessions).where(_sessions.c.id.in_(found))


# Three statements, because each then finds its rows by an index of its own.
_REMOVE_IDLE = _some(_sessions.c.last_seen_at <= sa.bindparam("moment", type_=tables.UtcDateTime()))
_REMOVE_OLD = _some(_created_by_then, _sessions.c.user_id.not_in(_admins))
_REMOVE_OLD_OF_ADMINS = _some(_created_by_then, _sessions.c.user_id.in_(_admins))


class SqlSessions:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def by_id(self, session_id: UUID) -> Session | None:
        found = await self._connection.fetch_held(_BY_ID, {"which": session_id})
        return rows.to_session(found[0]) if found else None

    async def with_user(self, session_id: UUID) -> tuple[Session, User] | None:
        found = await self._connection.fetch_held(_WITH_USER, {"which": session_id})
        if not found:
            return None
        row = found[0]
        return rows.to_session(row[:_SESSION_WIDTH]), rows.to_user(row[_SESSION_WIDTH:])

    async def of_user(self, user_id: UUID) -> list[Session]:
        return [rows.to_session(row) for row in await self._connection.fetch(_OF_USER, {"owner": user_id})]

    async def has_device(self, user_id: UUID, device: Device) -> bool:
        if device.device_id is not None:
            return bool(await self._connection.fetch(_HAS_DEVICE, {"owner": user_id, "device": device.device_id}))
        return bool(await self._connection.fetch(_HAS_PROGRAM, {"owner": user_id, "program": device.user_agent}))

    async def add(self, session: Session) -> None:
        await self._connection.change(_ADD, rows.from_session(session))

    async def save(self, session: Session) -> None:
        values = {
            "which": session.id,
            "seed": session.seed,
            "generation": session.generation,
            "confirmed": session.confirmed,
            "rotated_at": session.rotated_at,
            "last_seen_at": session.last_seen_at,
            "oldest_valid_generation": session.oldest_valid_generation,
            "failed_prompts": session.failed_prompts,
        }
        await self._connection.change(_SAVE, values)

    async def refuse_access_tokens_of(self, user_id: UUID) -> None:
        await self._connection.change(_REFUSE_ACCESS_TOKENS, {"owner": user_id})

    async def remove(self, session_id: UUID) -> bool:
        return await self._connection.change(_REMOVE, {"which": session_id}) > 0

    async def remove_of_user(self, user_id: UUID, keep: UUID | None = None) -> int:
        if keep is None:
            return await self._connection.change(_REMOVE_OF_USER, {"owner": user_id})
        return await self._connection.change(_REMOVE_OTHERS, {"owner": user_id, "keep": keep})

    async def remove_beyond(self, user_id: UUID, newest: int) -> int:
        return await self._connection.change(_REMOVE_BEYOND, {"owner": user_id, "newest": newest})

    async def count(self) -> int:
        count: int = (await self._connection.fetch(_COUNT, {}))[0][0]
        return count

    async def remove_over(self, now: datetime, policy: SessionPolicy) -> int:
        idle = await self._connection.change(_REMOVE_IDLE, {"moment": now - policy.idle})
        old = await self._connection.change(_REMOVE_OLD, {"moment": now - policy.absolute})
        of_admins = await self._connection.change(_REMOVE_OLD_OF_ADMINS, {"moment": now - policy.admin_absolute})
        return idle + old + of_admins
