"""Withdrawals: access at a provider that the service gives up, by a job that retries for a day."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from bukhindor.domain.identity import ProviderGrant

LIFE = timedelta(days=1)
"""How long the job retries."""

LEASE = timedelta(minutes=2)
"""For how long other workers leave a withdrawal to the one that has it."""

_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """`grant` is what to revoke; None when no secret of this process opens it. `tries` counts those that have begun."""

    id: UUID
    provider: str
    grant: ProviderGrant | None
    created_at: datetime
    due_at: datetime
    tries: int = 0

    def is_over_at(self, now: datetime) -> bool:
        """Whether a day of retries has passed."""
        return now - self.created_at >= LIFE

    def postponed(self, now: datetime) -> Self:
        """The withdrawal after a failure; pauses double up to an hour."""
        pause = min(_FIRST_PAUSE * 2 ** min(self.tries, 10), _LONGEST_PAUSE)
        return replace(self, due_at=now + pause)
