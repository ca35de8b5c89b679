"""Second factors, on any SQL database."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bukhindor.adapters.sql import tables
from bukhindor.adapters.sql.connection import Connection, Row
from bukhindor.domain.factor import Factor, FactorName, FactorType
from bukhindor.ports.secrets import Seal

_factors = tables.factors

_c = _factors.c
FACTOR_COLUMNS = (
    _c.id, _c.user_id, _c.name, _c.sealed_secret, _c.created_at, _c.confirmed_at, _c.last_used_at, _c.last_step,
)  # fmt: skip

_this_factor = _factors.c.id == sa.bindparam("which")
_of_owner = _factors.c.user_id == sa.bindparam("owner")
_is_pending = _factors.c.confirmed_at.is_(None)

_OF_USER = sa.select(*FACTOR_COLUMNS).where(_of_owner).order_by(_factors.c.created_at, _factors.c.id)
_ADD = sa.insert(_factors)
_REMOVE_PENDING = sa.delete(_factors).where(_of_owner, _is_pending)
_SAVE = sa.update(_factors).where(_this_factor, _factors.c.last_step < sa.bindparam("newest", type_=sa.BigInteger()))
_REMOVE = sa.delete(_factors).where(_this_factor, _of_owner)
_REMOVE_OF_USER = sa.delete(_factors).where(_of_owner)
_REMOVE_ABANDONED = sa.delete(_factors).where(
    _factors.c.id.in_(
        sa.select(_factors.c.id)
        .where(_is_pending, _factors.c.created_at < sa.bindparam("moment", type_=tables.UtcDateTime()))
        .limit(tables.REMOVED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
)
_COUNT = sa.select(sa.func.count()).where(_factors.c.confirmed_at.is_not(None))


def to_factor(row: Row, secret: bytes | None) -> Factor:
    """The factor of FACTOR_COLUMNS with its opened secret."""
    id_, user_id, name, _, created_at, confirmed_at, last_used_at, last_step = row
    name = None if name is None else FactorName(name)
    return Factor(id_, user_id, name, secret, created_at, confirmed_at, last_used_at, last_step)


def from_factor(factor: Factor, sealed_secret: bytes | None) -> dict[str, Any]:
    return {
        "id": factor.id,
        "user_id": factor.user_id,
        "type": FactorType.TOTP.value,
        "name": factor.name,
        "sealed_secret": sealed_secret,
        "created_at": factor.created_at,
        "confirmed_at": factor.confirmed_at,
        "last_used_at": factor.last_used_at,
        "last_step": factor.last_step,
    }


class SqlFactors:
    """Secrets are sealed, each for its own factor: a copy of the database makes no codes."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal

    async def of_user(self, user_id: UUID) -> list[Factor]:
        rows = await self._connection.fetch(_OF_USER, {"owner": user_id})
        return [to_factor(row, self._seal.open(row[3], _context(row[0]))) for row in rows]

    async def put(self, factor: Factor) -> None:
        await self._connection.change(_REMOVE_PENDING, {"owner": factor.user_id})
        await self._connection.change(_ADD, from_factor(factor, self._sealed(factor)))

    async def save(self, factor: Factor) -> bool:
        values = {
            "confirmed_at": factor.confirmed_at,
            "last_used_at": factor.last_used_at,
            "last_step": factor.last_step,
            "sealed_secret": self._sealed(factor),
        }
        return await self._connection.change(_SAVE, {"which": factor.id, "newest": factor.last_step, **values}) > 0

    async def remove(self, user_id: UUID, factor_id: UUID) -> bool:
        return await self._connection.change(_REMOVE, {"which": factor_id, "owner": user_id}) > 0

    async def remove_of_user(self, user_id: UUID) -> int:
        return await self._connection.change(_REMOVE_OF_USER, {"owner": user_id})

    async def remove_abandoned(self, before: datetime) -> int:
        return await self._connection.change(_REMOVE_ABANDONED, {"moment": before})

    async def count(self) -> int:
        found: int = (await self._connection.fetch(_COUNT, {}))[0][0]
        return found

    def _sealed(self, factor: Factor) -> bytes:
        # A factor whose secret does not open has no right code, so it is never stored.
        assert factor.secret is not None  # noqa: S101
        return self._seal.close(factor.secret, _context(factor.id))


def _context(factor_id: UUID) -> str:
    return f"factor:{factor_id}"
