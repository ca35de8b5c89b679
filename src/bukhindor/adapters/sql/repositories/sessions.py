"""Sessions, on any SQL database."""

from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bukhindor.adapters.sql import tables
from bukhindor.adapters.sql.connection import Connection, Row
from bukhindor.adapters.sql.repositories.users import USER_COLUMNS, to_user
from bukhindor.domain.device import AppType, Device
from bukhindor.domain.session import Session, SessionPolicy
from bukhindor.domain.sign_in_method import Method
from bukhindor.domain.user import Role, User

_sessions = tables.user_sessions
_users = tables.users

# Calling an enumeration with a value takes several times as long as a dictionary lookup.
_APP_TYPES: dict[str | None, AppType | None] = {None: None, **{app.value: app for app in AppType}}

_METHODS = {method.value: method for method in Method}

_c = _sessions.c
SESSION_COLUMNS = (
    _c.id, _c.user_id, _c.seed, _c.generation, _c.confirmed, _c.created_at, _c.rotated_at, _c.last_seen_at,
    _c.device_id, _c.app_type, _c.app_version, _c.ip, _c.user_agent, _c.oldest_valid_generation,
    _c.failed_prompts, _c.authenticated_at, _c.methods,
)  # fmt: skip
_SESSION_WIDTH = len(SESSION_COLUMNS)

_this_session = _sessions.c.id == sa.bindparam("which")
_this_owner = _sessions.c.user_id == sa.bindparam("owner")
_newest_first = (_sessions.c.created_at.desc(), _sessions.c.id.desc())
_created_by_then = _sessions.c.created_at <= sa.bindparam("moment", type_=tables.UtcDateTime())
# The value is part of the text: a planner can't know that a parameter fits the partial index of administrators.
_admins = sa.select(_users.c.id).where(_users.c.role == sa.literal_column("'admin'"))


def _began_after(moment: str) -> sa.ColumnElement[bool]:
    return _sessions.c.created_at > sa.bindparam(moment, type_=tables.UtcDateTime())


_BY_ID = sa.select(*SESSION_COLUMNS).where(_this_session)
_WITH_USER = (
    sa.select(*SESSION_COLUMNS, *USER_COLUMNS)
    .join_from(_users, _sessions, _users.c.id == _sessions.c.user_id)
    .where(_this_session)
)
_OF_USER = sa.select(*SESSION_COLUMNS).where(_this_owner).order_by(*_newest_first)
_HAS_DEVICE = sa.select(_sessions.c.id).where(_this_owner, _sessions.c.device_id == sa.bindparam("device")).limit(1)
_HAS_PROGRAM = (
    sa.select(_sessions.c.id)
    .where(_this_owner, _sessions.c.device_id.is_(None), _sessions.c.user_agent == sa.bindparam("program"))
    .limit(1)
)
_ON_DEVICE = sa.select(_sessions.c.id).where(_this_owner, _sessions.c.device_id == sa.bindparam("device"))
_is_in_use = _sessions.c.last_seen_at > sa.bindparam("idle_since", type_=tables.UtcDateTime())
_COUNT = (
    sa.select(sa.func.count())
    .select_from(_sessions)
    .where(
        _is_in_use,
        sa.or_(
            sa.and_(_began_after("began_after"), _sessions.c.user_id.not_in(_admins)),
            sa.and_(_began_after("began_after_of_admins"), _sessions.c.user_id.in_(_admins)),
        ),
    )
)
_ADD = sa.insert(_sessions)
_SAVE = sa.update(_sessions).where(_this_session)
_REFUSE_ACCESS_TOKENS = (
    sa.update(_sessions).where(_this_owner).values(oldest_valid_generation=_sessions.c.generation + 1)
)
_REMOVE = sa.delete(_sessions).where(_this_session)
_REMOVE_OF_USER = sa.delete(_sessions).where(_this_owner)
_kept = sa.bindparam("keep", type_=sa.Uuid())
_REMOVE_OTHERS = _REMOVE_OF_USER.where(_sessions.c.id != _kept)
_REMOVE_BEYOND = _REMOVE_OTHERS.where(
    _sessions.c.id.not_in(
        sa.select(_sessions.c.id)
        .where(_this_owner, _sessions.c.id != _kept, _is_in_use, _began_after("began_after"))
        .order_by(_sessions.c.last_seen_at.desc(), *_newest_first)
        .limit(sa.bindparam("others", type_=sa.Integer()))
    ),
)


def _some(*conditions: sa.ColumnElement[bool]) -> sa.Delete:
    found = sa.select(_sessions.c.id).where(*conditions).limit(tables.REMOVED_AT_ONCE)
    # Rows that another transaction is working on can wait for the next purge.
    found = found.with_for_update(skip_locked=True)
    return sa.delete(_sessions).where(_sessions.c.id.in_(found))


# Three statements, because each then finds its rows with its own index.
_REMOVE_IDLE = _some(_sessions.c.last_seen_at <= sa.bindparam("moment", type_=tables.UtcDateTime()))
_REMOVE_OLD = _some(_created_by_then, _sessions.c.user_id.not_in(_admins))
_REMOVE_OLD_OF_ADMINS = _some(_created_by_then, _sessions.c.user_id.in_(_admins))


def to_session(row: Row) -> Session:
    """The session of SESSION_COLUMNS."""
    (id_, user_id, seed, generation, confirmed, created_at, rotated_at, last_seen_at,
     device_id, app_type, app_version, ip, user_agent, oldest_valid, failed_prompts,
     authenticated_at, methods) = row  # fmt: skip
    device = Device(device_id, _APP_TYPES[app_type], app_version, ip, user_agent)
    return Session(
        id_, user_id, seed, generation, confirmed, created_at, rotated_at, last_seen_at, device,
        authenticated_at or created_at, _methods(methods), oldest_valid, failed_prompts,
    )  # fmt: skip


def from_session(session: Session) -> dict[str, Any]:
    device = session.device
    return {
        "id": session.id,
        "user_id": session.user_id,
        "seed": session.seed,
        "generation": session.generation,
        "confirmed": session.confirmed,
        "created_at": session.created_at,
        "rotated_at": session.rotated_at,
        "last_seen_at": session.last_seen_at,
        "device_id": device.device_id,
        "app_type": None if device.app_type is None else device.app_type.value,
        "app_version": device.app_version,
        "ip": device.ip,
        "user_agent": device.user_agent,
        "oldest_valid_generation": session.oldest_valid_generation,
        "failed_prompts": session.failed_prompts,
        "authenticated_at": session.authenticated_at,
        "methods": " ".join(session.methods),
    }


@cache
def _methods(stored: str) -> tuple[Method, ...]:
    """The methods that this program knows: a later release may have stored others."""
    return tuple(_METHODS[name] for name in stored.split() if name in _METHODS)


class SqlSessions:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def by_id(self, session_id: UUID) -> Session | None:
        found = await self._connection.fetch_held(_BY_ID, {"which": session_id})
        return to_session(found[0]) if found else None

    async def with_user(self, session_id: UUID) -> tuple[Session, User] | None:
        found = await self._connection.fetch_held(_WITH_USER, {"which": session_id})
        if not found:
            return None
        row = found[0]
        return to_session(row[:_SESSION_WIDTH]), to_user(row[_SESSION_WIDTH:])

    async def of_user(self, user_id: UUID) -> list[Session]:
        return [to_session(row) for row in await self._connection.fetch(_OF_USER, {"owner": user_id})]

    async def has_device(self, user_id: UUID, device: Device) -> bool:
        if device.device_id is not None:
            return bool(await self._connection.fetch(_HAS_DEVICE, {"owner": user_id, "device": device.device_id}))
        return bool(await self._connection.fetch(_HAS_PROGRAM, {"owner": user_id, "program": device.user_agent}))

    async def on_device(self, user_id: UUID, device_id: str) -> list[UUID]:
        found = await self._connection.fetch(_ON_DEVICE, {"owner": user_id, "device": device_id})
        return [row[0] for row in found]

    async def add(self, session: Session) -> None:
        await self._connection.change(_ADD, from_session(session))

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
            "authenticated_at": session.authenticated_at,
            "methods": " ".join(session.methods),
            "app_version": session.device.app_version,
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

    async def remove_beyond(self, most: int, kept: Session, role: Role, now: datetime, policy: SessionPolicy) -> int:
        values = {
            "owner": kept.user_id,
            "keep": kept.id,
            "others": most - 1,
            "idle_since": now - policy.idle,
            "began_after": now - policy.absolute_for(role),
        }
        return await self._connection.change(_REMOVE_BEYOND, values)

    async def count(self, now: datetime, policy: SessionPolicy) -> int:
        values = {
            "idle_since": now - policy.idle,
            "began_after": now - policy.absolute,
            "began_after_of_admins": now - policy.admin_absolute,
        }
        count: int = (await self._connection.fetch(_COUNT, values))[0][0]
        return count

    async def remove_over(self, now: datetime, policy: SessionPolicy) -> int:
        idle = await self._connection.change(_REMOVE_IDLE, {"moment": now - policy.idle})
        old = await self._connection.change(_REMOVE_OLD, {"moment": now - policy.absolute})
        of_admins = await self._connection.change(_REMOVE_OLD_OF_ADMINS, {"moment": now - policy.admin_absolute})
        return idle + old + of_admins
