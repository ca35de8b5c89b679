"""Linked identities, and the ID tokens that were used, on any SQL database."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bukhindor.adapters.sql import tables
from bukhindor.adapters.sql.connection import Connection, Row, UniqueViolation
from bukhindor.adapters.sql.repositories import provider_grant
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import IdentityTaken, InvalidIdToken, WriteConflict
from bukhindor.domain.identity import Identity, ProviderGrant
from bukhindor.ports.secrets import Seal

_identities = tables.identities
_sessions = tables.identity_sessions
_used = tables.used_id_tokens
_stopped = tables.stopped_addresses

_c = _identities.c
IDENTITY_COLUMNS = (
    _c.id, _c.user_id, _c.provider, _c.issuer, _c.subject, _c.email, _c.is_email_verified, _c.is_private_email,
    _c.created_at, _c.last_used_at, _c.sealed_grant,
)  # fmt: skip

_this_identity = _c.id == sa.bindparam("which")
_this_owner = _c.user_id == sa.bindparam("owner")

_BY_SUBJECT = sa.select(*IDENTITY_COLUMNS).where(
    _c.issuer == sa.bindparam("that_issuer"), _c.subject == sa.bindparam("that_subject")
)
_OF_USER = sa.select(*IDENTITY_COLUMNS).where(_this_owner)
_ADD = sa.insert(_identities)
_SAVE = sa.update(_identities).where(_this_identity)
_REMOVE = sa.delete(_identities).where(_this_identity)
_REMOVE_OF_USER = sa.delete(_identities).where(_this_owner)
_REMEMBER_SESSION = sa.insert(_sessions)
_SESSIONS_OF = sa.select(_sessions.c.session_id).where(_sessions.c.identity_id == sa.bindparam("which"))
_STOP_MAILS = sa.insert(_stopped)
_RESUME_MAILS = sa.delete(_stopped).where(_stopped.c.email == sa.bindparam("address"))
_MAILS_ARE_STOPPED = sa.select(_stopped.c.email).where(_stopped.c.email == sa.bindparam("address"))
_FORGET_STOPS = sa.delete(_stopped).where(
    _stopped.c.email.in_(
        sa.select(_stopped.c.email)
        .where(~sa.exists(sa.select(tables.users.c.id).where(tables.users.c.email == _stopped.c.email)))
        .limit(tables.REMOVED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
)
_USE_UP = sa.insert(_used)
_REMOVE_EXPIRED = sa.delete(_used).where(
    _used.c.token_hash.in_(
        sa.select(_used.c.token_hash)
        .where(_used.c.expires_at <= sa.bindparam("now", type_=tables.UtcDateTime()))
        .limit(tables.REMOVED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
)


def to_identity(row: Row, grant: ProviderGrant | None) -> Identity:
    """The identity of IDENTITY_COLUMNS with its opened grant."""
    (id_, user_id, provider, issuer, subject, email, is_email_verified, is_private_email,
     created_at, last_used_at, _) = row  # fmt: skip
    address = None if email is None else EmailAddress(email)
    return Identity(
        id_, user_id, provider, issuer, subject, address, is_email_verified, is_private_email,
        created_at, last_used_at, grant,
    )  # fmt: skip


def from_identity(identity: Identity, sealed_grant: bytes | None) -> dict[str, Any]:
    return {
        "id": identity.id,
        "user_id": identity.user_id,
        "provider": identity.provider,
        "issuer": identity.issuer,
        "subject": identity.subject,
        "email": None if identity.email is None else identity.email.value,
        "is_email_verified": identity.is_email_verified,
        "is_private_email": identity.is_private_email,
        "created_at": identity.created_at,
        "last_used_at": identity.last_used_at,
        "sealed_grant": sealed_grant,
    }


class SqlIdentities:
    """Grants are sealed, each for its own identity: a copy of the database gives no access at a provider."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal

    async def by_subject(self, issuer: str, subject: str) -> Identity | None:
        rows = await self._connection.fetch(_BY_SUBJECT, {"that_issuer": issuer, "that_subject": subject})
        return self._opened(rows[0]) if rows else None

    async def of_user(self, user_id: UUID) -> list[Identity]:
        found = [self._opened(row) for row in await self._connection.fetch(_OF_USER, {"owner": user_id})]
        # A person has few of them: sorting here needs no index in that order.
        return sorted(found, key=lambda identity: (identity.created_at, identity.id))

    async def add(self, identity: Identity) -> None:
        try:
            await self._connection.change(_ADD, from_identity(identity, self._sealed(identity)))
        except UniqueViolation as violation:
            raise IdentityTaken from violation

    async def save(self, identity: Identity) -> None:
        values = from_identity(identity, self._sealed(identity))
        fixed = ("id", "user_id", "provider", "issuer", "subject", "created_at")
        changing = {name: value for name, value in values.items() if name not in fixed}
        if not await self._connection.change(_SAVE, {"which": identity.id, **changing}):
            # It was unlinked between the look-up and the lock of its account.
            raise WriteConflict

    async def remove(self, identity_id: UUID) -> bool:
        return await self._connection.change(_REMOVE, {"which": identity_id}) > 0

    async def remove_of_user(self, user_id: UUID) -> int:
        return await self._connection.change(_REMOVE_OF_USER, {"owner": user_id})

    async def remember_session(self, identity_id: UUID, session_id: UUID) -> None:
        await self._connection.change(_REMEMBER_SESSION, {"session_id": session_id, "identity_id": identity_id})

    async def sessions_of(self, identity_id: UUID) -> list[UUID]:
        return [row[0] for row in await self._connection.fetch(_SESSIONS_OF, {"which": identity_id})]

    async def stop_mails(self, email: EmailAddress) -> None:
        if not await self.mails_are_stopped(email):
            await self._connection.change(_STOP_MAILS, {"email": email.value})

    async def resume_mails(self, email: EmailAddress) -> None:
        await self._connection.change(_RESUME_MAILS, {"address": email.value})

    async def mails_are_stopped(self, email: EmailAddress) -> bool:
        return bool(await self._connection.fetch(_MAILS_ARE_STOPPED, {"address": email.value}))

    async def forget_stops(self) -> int:
        return await self._connection.change(_FORGET_STOPS, {})

    async def use_up(self, token_hash: bytes, expires_at: datetime) -> None:
        try:
            await self._connection.change(_USE_UP, {"token_hash": token_hash, "expires_at": expires_at})
        except UniqueViolation as violation:
            raise InvalidIdToken("it was used before") from violation

    async def remove_expired_tokens(self, now: datetime) -> int:
        return await self._connection.change(_REMOVE_EXPIRED, {"now": now})

    def _opened(self, row: Row) -> Identity:
        sealed = row[-1]
        content = None if sealed is None else self._seal.open(sealed, _context(row[0]))
        return to_identity(row, None if content is None else provider_grant.decode(content))

    def _sealed(self, identity: Identity) -> bytes | None:
        grant = identity.grant
        return None if grant is None else self._seal.close(provider_grant.encode(grant), _context(identity.id))


def _context(identity_id: UUID) -> str:
    return f"identity:{identity_id}"
