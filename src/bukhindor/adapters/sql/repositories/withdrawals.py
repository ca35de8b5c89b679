"""Withdrawals, on any SQL database."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bukhindor.adapters.sql import tables
from bukhindor.adapters.sql.connection import Connection, Row
from bukhindor.adapters.sql.repositories import provider_grant
from bukhindor.domain.withdrawal import Withdrawal
from bukhindor.ports.secrets import Seal

_withdrawals = tables.withdrawals

_c = _withdrawals.c
WITHDRAWAL_COLUMNS = (_c.id, _c.provider, _c.sealed_grant, _c.created_at, _c.due_at, _c.tries)

_this_one = _c.id == sa.bindparam("which")
_is_due = _c.due_at <= sa.bindparam("now", type_=tables.UtcDateTime())

_ADD = sa.insert(_withdrawals)
_FIRST_DUE = sa.select(_c.id).where(_is_due).limit(1)
_DUE = (
    sa.select(*WITHDRAWAL_COLUMNS)
    .where(_is_due)
    .order_by(_c.due_at, _c.id)
    .limit(sa.bindparam("at_most", type_=sa.Integer()))
    # Rows that another replica is claiming at this moment are left to it.
    .with_for_update(skip_locked=True)
)
_CLAIM = sa.update(_withdrawals).where(_this_one)
_SAVE = sa.update(_withdrawals).where(_this_one)
_REMOVE = sa.delete(_withdrawals).where(_this_one)


def from_withdrawal(withdrawal: Withdrawal, sealed_grant: bytes | None) -> dict[str, Any]:
    return {
        "id": withdrawal.id,
        "provider": withdrawal.provider,
        "sealed_grant": sealed_grant,
        "created_at": withdrawal.created_at,
        "due_at": withdrawal.due_at,
        "tries": withdrawal.tries,
    }


class SqlWithdrawals:
    """Grants are sealed, each for its own withdrawal."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal

    async def add(self, withdrawal: Withdrawal) -> None:
        # What can't be opened can't be withdrawn, so it is never stored.
        assert withdrawal.grant is not None  # noqa: S101
        sealed = self._seal.close(provider_grant.encode(withdrawal.grant), _context(withdrawal.id))
        await self._connection.change(_ADD, from_withdrawal(withdrawal, sealed))

    async def has_due(self, now: datetime) -> bool:
        return bool(await self._connection.fetch(_FIRST_DUE, {"now": now}))

    async def claim(self, now: datetime, lease_until: datetime, at_most: int) -> list[Withdrawal]:
        claimed = []
        for row in await self._connection.fetch(_DUE, {"now": now, "at_most": at_most}):
            withdrawal = replace(self._opened(row), due_at=lease_until, tries=row[5] + 1)
            taken = {"which": withdrawal.id, "due_at": lease_until, "tries": withdrawal.tries}
            await self._connection.change(_CLAIM, taken)
            claimed.append(withdrawal)
        return claimed

    async def save(self, withdrawal: Withdrawal) -> None:
        await self._connection.change(_SAVE, {"which": withdrawal.id, "due_at": withdrawal.due_at})

    async def remove(self, withdrawal_id: UUID) -> None:
        await self._connection.change(_REMOVE, {"which": withdrawal_id})

    def _opened(self, row: Row) -> Withdrawal:
        id_, provider, sealed_grant, created_at, due_at, tries = row
        content = self._seal.open(sealed_grant, _context(id_))
        grant = None if content is None else provider_grant.decode(content)
        return Withdrawal(id_, provider, grant, created_at, due_at, tries)


def _context(withdrawal_id: UUID) -> str:
    return f"withdrawal:{withdrawal_id}"
