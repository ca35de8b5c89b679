"""Service keys, on any SQL database."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bukhindor.adapters.sql import tables
from bukhindor.adapters.sql.connection import Connection, Row, UniqueViolation
from bukhindor.domain.errors import ServiceKeyNameTaken
from bukhindor.domain.service_key import Scope, ServiceKey, in_order

_keys = tables.service_keys

_c = _keys.c
SERVICE_KEY_COLUMNS = (
    _c.id, _c.name, _c.digest, _c.scopes, _c.created_at, _c.created_by, _c.expires_at, _c.last_used_at,
)  # fmt: skip

_this_key = _keys.c.id == sa.bindparam("which")

# How long the search takes tells at most where a digest begins, and no key can be made for a digest.
_BY_DIGEST = sa.select(*SERVICE_KEY_COLUMNS).where(_keys.c.digest == sa.bindparam("wanted"))
_BY_NAME = sa.select(*SERVICE_KEY_COLUMNS).where(_keys.c.name == sa.bindparam("wanted"))
_ALL = sa.select(*SERVICE_KEY_COLUMNS)
_ADD = sa.insert(_keys)
_SAVE = sa.update(_keys).where(_this_key)
_REMOVE = sa.delete(_keys).where(_this_key)


def to_service_key(row: Row) -> ServiceKey:
    """The key of SERVICE_KEY_COLUMNS. A scope that a newer program has stored is left out."""
    id_, name, digest, stored, created_at, created_by, expires_at, last_used_at = row
    words = stored.split()
    scopes = frozenset(scope for scope in Scope if scope in words)
    return ServiceKey(id_, name, digest, scopes, created_at, created_by, expires_at, last_used_at)


def from_service_key(key: ServiceKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": str(key.name),
        "digest": key.digest,
        "scopes": " ".join(in_order(key.scopes)),
        "created_at": key.created_at,
        "created_by": key.created_by,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
    }


class SqlServiceKeys:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def by_digest(self, digest: bytes) -> ServiceKey | None:
        return _first(await self._connection.fetch(_BY_DIGEST, {"wanted": digest}))

    async def by_name(self, name: str) -> ServiceKey | None:
        return _first(await self._connection.fetch_held(_BY_NAME, {"wanted": name}))

    async def all(self) -> list[ServiceKey]:
        # Databases sort by rules of their own.
        found = [to_service_key(row) for row in await self._connection.fetch(_ALL, {})]
        return sorted(found, key=lambda key: key.name)

    async def add(self, key: ServiceKey) -> None:
        try:
            await self._connection.change(_ADD, from_service_key(key))
        except UniqueViolation as violation:
            raise (ServiceKeyNameTaken() if "name" in str(violation) else violation) from violation

    async def save(self, key: ServiceKey) -> None:
        await self._connection.change(_SAVE, {"which": key.id, "last_used_at": key.last_used_at})

    async def remove(self, key_id: UUID) -> bool:
        return await self._connection.change(_REMOVE, {"which": key_id}) > 0


def _first(rows: Any) -> ServiceKey | None:
    return to_service_key(rows[0]) if rows else None
