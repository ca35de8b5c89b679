"""How the core reads and writes withdrawals."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from bukhindor.domain.withdrawal import Withdrawal


class Withdrawals(Protocol):
    async def add(self, withdrawal: Withdrawal) -> None:
        """Store a new withdrawal."""

    async def has_due(self, now: datetime) -> bool:
        """Whether any is due."""

    async def claim(self, now: datetime, lease_until: datetime, at_most: int) -> list[Withdrawal]:
        """Take due ones, the oldest first, with one more try; until `lease_until` no one else gets them."""

    async def save(self, withdrawal: Withdrawal) -> None:
        """Store when it is due."""

    async def remove(self, withdrawal_id: UUID) -> None:
        """Remove one that is done or given up."""


class HasWithdrawals(Protocol):
    @property
    def withdrawals(self) -> Withdrawals:
        """Access at providers that is to be withdrawn."""
