"""Links that lock an account, on any SQL database."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bukhindor.adapters.sql import tables
from bukhindor.adapters.sql.connection import Connection, Row
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.one_time_token import LockdownLink

_links = tables.lockdown_links
_users = tables.users

_c = _links.c
LOCKDOWN_LINK_COLUMNS = (_c.token_hash, _c.user_id, _c.email, _c.created_at, _c.expires_at)

# Its owner is joined only to be locked first.
_BY_TOKEN_HASH = (
    sa.select(*LOCKDOWN_LINK_COLUMNS)
    .join_from(_users, _links, _users.c.id == _c.user_id)
    .where(_c.token_hash == sa.bindparam("digest"))
)
_ADD = sa.insert(_links)
_REMOVE_FOR = sa.delete(_links).where(
    _c.user_id == sa.bindparam("owner"),
    sa.or_(
        _c.email == sa.bindparam("mailbox"),
        _c.created_at >= sa.bindparam("since", type_=tables.UtcDateTime()),
    ),
)
_REMOVE_EXPIRED = sa.delete(_links).where(
    _c.token_hash.in_(
        sa.select(_c.token_hash)
        .where(_c.expires_at <= sa.bindparam("now", type_=tables.UtcDateTime()))
        .limit(tables.REMOVED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
)


def to_lockdown_link(row: Row) -> LockdownLink:
    """The link of LOCKDOWN_LINK_COLUMNS."""
    token_hash, user_id, email, created_at, expires_at = row
    return LockdownLink(token_hash, user_id, EmailAddress(email), created_at, expires_at)


def from_lockdown_link(link: LockdownLink) -> dict[str, Any]:
    return {
        "token_hash": link.token_hash,
        "user_id": link.user_id,
        "email": link.email.value,
        "created_at": link.created_at,
        "expires_at": link.expires_at,
    }


class SqlLockdownLinks:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def by_token_hash(self, token_hash: bytes) -> LockdownLink | None:
        found = await self._connection.fetch_held(_BY_TOKEN_HASH, {"digest": token_hash})
        return to_lockdown_link(found[0]) if found else None

    async def add(self, link: LockdownLink) -> None:
        await self._connection.change(_ADD, from_lockdown_link(link))

    async def remove_for(self, user_id: UUID, mailbox: EmailAddress, since: datetime) -> int:
        return await self._connection.change(_REMOVE_FOR, {"owner": user_id, "mailbox": mailbox.value, "since": since})

    async def remove_expired(self, now: datetime) -> int:
        return await self._connection.change(_REMOVE_EXPIRED, {"now": now})
