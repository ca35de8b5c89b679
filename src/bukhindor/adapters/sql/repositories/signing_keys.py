"""Signing keys, on any SQL database."""

import sqlalchemy as sa

from bukhindor.adapters.sql import rows, tables
from bukhindor.adapters.sql.connection import Connection
from bukhindor.domain.signing_key import SigningKey

_keys = tables.signing_keys

_ALL = sa.select(*rows.SIGNING_KEY_COLUMNS).order_by(_keys.c.created_at.desc(), _keys.c.kid.desc())
_ADD = sa.insert(_keys)
_SAVE = sa.update(_keys).where(_keys.c.kid == sa.bindparam("which"))
_REMOVE = sa.delete(_keys).where(_keys.c.kid == sa.bindparam("which"))


class SqlSigningKeys:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def all(self) -> list[SigningKey]:
        return [rows.to_signing_key(row) for row in await self._connection.fetch(_ALL, {})]

    async def add(self, key: SigningKey) -> None:
        await self._connection.change(_ADD, rows.from_signing_key(key))

    async def save(self, key: SigningKey) -> None:
        await self._connection.change(_SAVE, {"which": key.kid, "retired_at": key.retired_at})

    async def remove(self, kid: str) -> None:
        await self._connection.change(_REMOVE, {"which": kid})
