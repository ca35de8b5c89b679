"""What every store of withdrawals does."""

from dataclasses import replace
from datetime import timedelta

from bukhindor.ports.store.full import FullStore
from tests.adapters.keeping import keep
from tests.makers import T0, make_withdrawal

LATER = T0 + timedelta(minutes=2)


async def test_a_due_withdrawal_is_claimed_by_one_worker(transactions: FullStore) -> None:
    first, second = make_withdrawal(), make_withdrawal(due_at=T0 + timedelta(seconds=1))
    await keep(transactions, second, first, make_withdrawal(due_at=LATER))
    now = T0 + timedelta(seconds=1)
    async with transactions.begin() as tx:
        assert await tx.withdrawals.claim(now, LATER, 1) == [replace(first, due_at=LATER, tries=1)]
        assert await tx.withdrawals.claim(now, LATER, 5) == [replace(second, due_at=LATER, tries=1)]
        assert await tx.withdrawals.claim(now, LATER, 5) == []
        await tx.commit()


async def test_a_withdrawal_is_postponed_and_removed(transactions: FullStore) -> None:
    withdrawal = make_withdrawal()
    await keep(transactions, withdrawal)
    async with transactions.begin() as tx:
        await tx.withdrawals.save(replace(withdrawal, due_at=LATER))
        assert not await tx.withdrawals.has_due(T0)
        assert await tx.withdrawals.has_due(LATER)
        await tx.withdrawals.remove(withdrawal.id)
        await tx.withdrawals.save(withdrawal)
        assert not await tx.withdrawals.has_due(LATER)
        await tx.commit()
