"""Invitations, on any SQL database."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bukhindor.adapters.sql import tables
from bukhindor.adapters.sql.connection import Connection, Row
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.invitation import Invitation
from bukhindor.domain.language import LanguageTag
from bukhindor.domain.user import Role

_invitations = tables.invitations

_c = _invitations.c
INVITATION_COLUMNS = (
    _c.id, _c.email, _c.role, _c.name, _c.language, _c.token_hash, _c.invited_by, _c.created_at, _c.expires_at,
)  # fmt: skip

_this = _c.id == sa.bindparam("which")
_now = sa.bindparam("now", type_=tables.UtcDateTime())

# How long the search takes tells at most where a digest begins, and no token can be made for a digest.
_BY_TOKEN_HASH = sa.select(*INVITATION_COLUMNS).where(_c.token_hash == sa.bindparam("digest"))
_BY_ID = sa.select(*INVITATION_COLUMNS).where(_this)
_ALL = sa.select(*INVITATION_COLUMNS).where(_c.expires_at > _now).order_by(_c.created_at.desc(), _c.id.desc())
_ADD = sa.insert(_invitations)
_REMOVE = sa.delete(_invitations).where(_this)
_REMOVE_FOR = sa.delete(_invitations).where(_c.email == sa.bindparam("address"))
_REMOVE_EXPIRED = sa.delete(_invitations).where(
    _c.id.in_(
        sa.select(_c.id).where(_c.expires_at <= _now).limit(tables.REMOVED_AT_ONCE).with_for_update(skip_locked=True)
    )
)


def to_invitation(row: Row) -> Invitation:
    """The invitation of INVITATION_COLUMNS."""
    id_, email, role, name, language, *rest = row
    return Invitation(
        id_, EmailAddress(email), Role(role), name, None if language is None else LanguageTag(language), *rest
    )


def from_invitation(invitation: Invitation) -> dict[str, Any]:
    return {
        "id": invitation.id,
        "email": invitation.email.value,
        "role": invitation.role.value,
        "name": invitation.name,
        "language": None if invitation.language is None else invitation.language.value,
        "token_hash": invitation.token_hash,
        "invited_by": invitation.invited_by,
        "created_at": invitation.created_at,
        "expires_at": invitation.expires_at,
    }


class SqlInvitations:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def by_token_hash(self, token_hash: bytes) -> Invitation | None:
        found = await self._connection.fetch_held(_BY_TOKEN_HASH, {"digest": token_hash})
        return to_invitation(found[0]) if found else None

    async def all(self, now: datetime) -> list[Invitation]:
        return [to_invitation(row) for row in await self._connection.fetch(_ALL, {"now": now})]

    async def put(self, invitation: Invitation) -> None:
        await self.remove_for(invitation.email)
        await self._connection.change(_ADD, from_invitation(invitation))

    async def remove(self, invitation_id: UUID) -> Invitation | None:
        found = await self._connection.fetch_held(_BY_ID, {"which": invitation_id})
        if not found or not await self._connection.change(_REMOVE, {"which": invitation_id}):
            return None
        return to_invitation(found[0])

    async def remove_for(self, email: EmailAddress) -> None:
        await self._connection.change(_REMOVE_FOR, {"address": email.value})

    async def remove_expired(self, now: datetime) -> int:
        return await self._connection.change(_REMOVE_EXPIRED, {"now": now})
