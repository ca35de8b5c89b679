"""Passkeys and used challenges, on any SQL database."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bukhindor.adapters.sql import tables
from bukhindor.adapters.sql.connection import Connection, Row, UniqueViolation
from bukhindor.domain.errors import InvalidPasskey, PasskeyNotAccepted
from bukhindor.domain.passkey import Passkey, PasskeyChallenge

_passkeys = tables.passkeys
_challenges = tables.used_challenges

_c = _passkeys.c
PASSKEY_COLUMNS = (
    _c.id, _c.user_id, _c.credential_id, _c.public_key, _c.user_handle, _c.name, _c.sign_count, _c.transports,
    _c.is_synced, _c.is_backed_up, _c.created_at, _c.last_used_at,
)  # fmt: skip

_this_passkey = _c.id == sa.bindparam("which")
_this_owner = _c.user_id == sa.bindparam("owner")

_BY_CREDENTIAL_ID = sa.select(*PASSKEY_COLUMNS).where(_c.credential_id == sa.bindparam("wanted"))
_OF_USER = sa.select(*PASSKEY_COLUMNS).where(_this_owner)
_ADD = sa.insert(_passkeys)
_SAVE = sa.update(_passkeys).where(_this_passkey)
_REMOVE = sa.delete(_passkeys).where(_this_passkey)
_REMOVE_OF_USER = sa.delete(_passkeys).where(_this_owner)
_USE_UP = sa.insert(_challenges)
_REMOVE_EXPIRED = sa.delete(_challenges).where(
    _challenges.c.value.in_(
        sa.select(_challenges.c.value)
        .where(_challenges.c.expires_at <= sa.bindparam("now", type_=tables.UtcDateTime()))
        .limit(tables.REMOVED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
)


def to_passkey(row: Row) -> Passkey:
    """The passkey of PASSKEY_COLUMNS."""
    (id_, user_id, credential_id, public_key, user_handle, name, sign_count, transports,
     is_synced, is_backed_up, created_at, last_used_at) = row  # fmt: skip
    return Passkey(
        id_, user_id, bytes(credential_id), bytes(public_key), bytes(user_handle), name, sign_count,
        tuple(transports.split()), is_synced, is_backed_up, created_at, last_used_at,
    )  # fmt: skip


def from_passkey(passkey: Passkey) -> dict[str, Any]:
    return {
        "id": passkey.id,
        "user_id": passkey.user_id,
        "credential_id": passkey.credential_id,
        "public_key": passkey.public_key,
        "user_handle": passkey.user_handle,
        "name": str(passkey.name),
        "sign_count": passkey.sign_count,
        "transports": " ".join(passkey.transports),
        "is_synced": passkey.is_synced,
        "is_backed_up": passkey.is_backed_up,
        "created_at": passkey.created_at,
        "last_used_at": passkey.last_used_at,
    }


class SqlPasskeys:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def by_credential_id(self, credential_id: bytes) -> Passkey | None:
        found = await self._connection.fetch_held(_BY_CREDENTIAL_ID, {"wanted": credential_id})
        return to_passkey(found[0]) if found else None

    async def of_user(self, user_id: UUID) -> list[Passkey]:
        found = [to_passkey(row) for row in await self._connection.fetch(_OF_USER, {"owner": user_id})]
        # A person has few of them: sorting here needs no index in that order.
        return sorted(found, key=lambda passkey: (passkey.created_at, passkey.id))

    async def add(self, passkey: Passkey) -> None:
        try:
            await self._connection.change(_ADD, from_passkey(passkey))
        except UniqueViolation as violation:
            raise PasskeyNotAccepted from violation

    async def save(self, passkey: Passkey) -> None:
        values = {
            "which": passkey.id,
            "name": str(passkey.name),
            "sign_count": passkey.sign_count,
            "is_backed_up": passkey.is_backed_up,
            "last_used_at": passkey.last_used_at,
        }
        await self._connection.change(_SAVE, values)

    async def remove(self, passkey_id: UUID) -> bool:
        return await self._connection.change(_REMOVE, {"which": passkey_id}) > 0

    async def remove_of_user(self, user_id: UUID) -> int:
        return await self._connection.change(_REMOVE_OF_USER, {"owner": user_id})

    async def use_up(self, challenge: PasskeyChallenge) -> None:
        try:
            await self._connection.change(_USE_UP, {"value": challenge.value, "expires_at": challenge.expires_at})
        except UniqueViolation as violation:
            raise InvalidPasskey from violation

    async def remove_expired_challenges(self, now: datetime) -> int:
        return await self._connection.change(_REMOVE_EXPIRED, {"now": now})
