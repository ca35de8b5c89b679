"""Withdrawing the service's access at providers, in the background."""

import logging
from dataclasses import dataclass
from typing import Protocol

from bukhindor.domain.errors import ProviderUnavailable
from bukhindor.domain.withdrawal import LEASE, Withdrawal
from bukhindor.ports.identity_provider import IdentityProviders
from bukhindor.ports.store.transactions import Transaction, Transactions
from bukhindor.ports.store.withdrawals import HasWithdrawals
from bukhindor.ports.system import Clock

_log = logging.getLogger(__name__)

_AT_ONCE = 10


class _Writing(HasWithdrawals, Transaction, Protocol):
    """What a withdrawal needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderWithdrawals:
    transactions: Transactions[HasWithdrawals, _Writing]
    providers: IdentityProviders
    clock: Clock

    async def withdraw_due(self) -> int:
        """Try every withdrawal that is due. Returns how many were tried.

        The job retries a provider that is away, with growing pauses, for a day. Then the withdrawal is given up: the
        person can still remove the app in the settings of the provider.
        """
        async with self.transactions.read() as stored:
            if not await stored.withdrawals.has_due(self.clock.now()):
                return 0
        async with self.transactions.begin() as tx:
            now = self.clock.now()
            claimed = await tx.withdrawals.claim(now, now + LEASE, _AT_ONCE)
            await tx.commit()
        for withdrawal in claimed:
            await self._end(withdrawal, is_done=await self._try(withdrawal))
        return len(claimed)

    async def _try(self, withdrawal: Withdrawal) -> bool:
        provider = self.providers.get(withdrawal.provider)
        if provider is None or withdrawal.grant is None:
            # The operator may bring the provider or the secret back while it is retried.
            return False
        try:
            await provider.revoke(withdrawal.grant)
        except ProviderUnavailable as unavailable:
            _log.warning(
                "access at %s not withdrawn, try %d: %s", withdrawal.provider, withdrawal.tries, unavailable.reason
            )
            return False
        return True

    async def _end(self, withdrawal: Withdrawal, *, is_done: bool) -> None:
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            if is_done:
                await tx.withdrawals.remove(withdrawal.id)
            elif withdrawal.is_over_at(now):
                _log.error("access at %s given up after %d tries", withdrawal.provider, withdrawal.tries)
                await tx.withdrawals.remove(withdrawal.id)
            else:
                await tx.withdrawals.save(withdrawal.postponed(now))
            await tx.commit()
