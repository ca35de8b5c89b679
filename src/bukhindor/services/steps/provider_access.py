"""Giving up the access that the service has at providers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bukhindor.domain.identity import Identity
from bukhindor.domain.withdrawal import Withdrawal
from bukhindor.ports.store.withdrawals import HasWithdrawals
from bukhindor.ports.system import Identifiers


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderAccess:
    """Shared by unlinking and by the deletion of accounts, which Apple demands it for (App Review 5.1.1 v)."""

    identifiers: Identifiers

    async def withdraw(self, tx: HasWithdrawals, identities: Iterable[Identity], now: datetime) -> None:
        """Queue a withdrawal for each identity that has a grant; the job never delays the change itself."""
        for identity in identities:
            if identity.grant is not None:
                event_id = self.identifiers.event_id()
                await tx.withdrawals.add(Withdrawal(event_id, identity.provider, identity.grant, now, now))
