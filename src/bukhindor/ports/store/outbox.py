"""How the core reads and writes mails that wait for delivery."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from bukhindor.domain.mail import Backlog, QueuedMail


class Outbox(Protocol):
    async def add(self, queued: QueuedMail) -> None:
        """Keep a mail for delivery; its content is sealed in the store."""

    async def has_due(self, now: datetime) -> bool:
        """Whether a mail waits whose time has come."""

    async def backlog(self, now: datetime) -> Backlog:
        """What lies in it."""

    async def claim(self, now: datetime, lease_until: datetime, at_most: int) -> list[QueuedMail]:
        """Take the mails that are due, the oldest first: their tries count one more, and nobody else gets them
        before `lease_until`."""

    async def save(self, queued: QueuedMail) -> None:
        """Write when it is due next, or that it was given up."""

    async def remove(self, queued_id: UUID) -> None:
        """Forget a mail that was delivered."""

    async def remove_of_user(self, user_id: UUID) -> int:
        """Forget all mails of a user; how many there were."""

    async def remove_failed(self, before: datetime) -> int:
        """Forget mails that were given up before a moment, not too many at once; 0 when none is left."""
