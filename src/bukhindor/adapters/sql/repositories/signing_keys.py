"""Signing keys, on any SQL database."""

import json
from typing import Any

import sqlalchemy as sa

from bukhindor.adapters.sql import tables
from bukhindor.adapters.sql.connection import Connection, Row
from bukhindor.domain.signing_key import SigningKey

_ALGORITHM = "ES256"

_keys = tables.signing_keys

_c = _keys.c
SIGNING_KEY_COLUMNS = (_c.kid, _c.public_jwk, _c.sealed_private_key, _c.created_at, _c.retired_at)

_ALL = sa.select(*SIGNING_KEY_COLUMNS).order_by(_keys.c.created_at.desc(), _keys.c.kid.desc())
_ADD = sa.insert(_keys)
_SAVE = sa.update(_keys).where(_keys.c.kid == sa.bindparam("which"))
_REMOVE = sa.delete(_keys).where(_keys.c.kid == sa.bindparam("which"))


def to_signing_key(row: Row) -> SigningKey:
    """The key of SIGNING_KEY_COLUMNS."""
    kid, public_jwk, sealed_private_key, created_at, retired_at = row
    return SigningKey(kid, json.loads(public_jwk), sealed_private_key, created_at, retired_at)


def from_signing_key(key: SigningKey) -> dict[str, Any]:
    return {
        "kid": key.kid,
        "algorithm": _ALGORITHM,
        "public_jwk": json.dumps(dict(key.public_jwk)),
        "sealed_private_key": key.sealed_private_key,
        "created_at": key.created_at,
        "retired_at": key.retired_at,
    }


class SqlSigningKeys:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def all(self) -> list[SigningKey]:
        return [to_signing_key(row) for row in await self._connection.fetch(_ALL, {})]

    async def add(self, key: SigningKey) -> None:
        await self._connection.change(_ADD, from_signing_key(key))

    async def save(self, key: SigningKey) -> None:
        await self._connection.change(_SAVE, {"which": key.kid, "retired_at": key.retired_at})

    async def remove(self, kid: str) -> None:
        await self._connection.change(_REMOVE, {"which": kid})
