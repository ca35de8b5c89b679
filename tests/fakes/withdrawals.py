"""Withdrawals in a dictionary."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from bukhindor.domain.withdrawal import Withdrawal


class FakeWithdrawals:
    def __init__(self, withdrawals: dict[UUID, Withdrawal]) -> None:
        self._withdrawals = withdrawals

    async def add(self, withdrawal: Withdrawal) -> None:
        self._withdrawals[withdrawal.id] = withdrawal

    async def has_due(self, now: datetime) -> bool:
        return any(withdrawal.due_at <= now for withdrawal in self._withdrawals.values())

    async def claim(self, now: datetime, lease_until: datetime, at_most: int) -> list[Withdrawal]:
        due = [withdrawal for withdrawal in self._withdrawals.values() if withdrawal.due_at <= now]
        claimed = [
            replace(withdrawal, due_at=lease_until, tries=withdrawal.tries + 1)
            for withdrawal in sorted(due, key=lambda each: (each.due_at, each.id))[:at_most]
        ]
        self._withdrawals.update({withdrawal.id: withdrawal for withdrawal in claimed})
        return claimed

    async def save(self, withdrawal: Withdrawal) -> None:
        if withdrawal.id in self._withdrawals:
            self._withdrawals[withdrawal.id] = withdrawal

    async def remove(self, withdrawal_id: UUID) -> None:
        self._withdrawals.pop(withdrawal_id, None)
