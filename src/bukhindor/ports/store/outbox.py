"""How the core reads and writes mails that wait for delivery."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from bukhindor.domain.mail import Backlog, QueuedMail


class Outbox(Protocol):
    async def add(self, queued: QueuedMail) -> None:
        """Queue a mail for delivery; the store seals its content."""

    async def has_due(self, now: datetime) -> bool:
        """Whether a mail is due."""

    async def backlog(self, now: datetime) -> Backlog:
        """Return what waits in the outbox."""

    async def claim(self, now: datetime, lease_until: datetime, at_most: int) -> list[QueuedMail]:
        """Take the due mails, oldest first: each counts one more try, and no other worker gets them before
        `lease_until`.
        """

    async def renew(self, queued: QueuedMail, lease_until: datetime) -> bool:
        """Make a lease last longer. False when the mail is gone, or its lease is not the one in `queued` any more."""

    async def save(self, queued: QueuedMail) -> None:
        """Store when it is due next, or that it was given up; nothing if another worker has claimed it since."""

    async def oldest(self, at_most: int) -> list[QueuedMail]:
        """Return mails that wait or were given up, the oldest first."""

    async def find(self, queued_id: UUID) -> QueuedMail | None:
        """Return one mail, or None if there is none with this id."""

    async def retry(self, queued_id: UUID, now: datetime, no_lease_after: datetime) -> bool:
        """Make a mail due, with all its tries ahead. Only if it was given up, or is due after `no_lease_after`: else a
        worker may have it, and the result is False.
        """

    async def retry_failed(self, now: datetime) -> int:
        """Make all mails due that were given up, with all their tries ahead. Returns how many there were."""

    async def remove(self, queued_id: UUID) -> None:
        """Remove a delivered mail."""

    async def remove_of_user(self, user_id: UUID) -> int:
        """Remove all mails of a user. Returns how many there were."""

    async def remove_failed(self, before: datetime) -> int:
        """Remove a limited number of mails that were given up before the given time; 0 when none is left."""


class HasOutbox(Protocol):
    @property
    def outbox(self) -> Outbox:
        """Mails that wait for delivery."""
