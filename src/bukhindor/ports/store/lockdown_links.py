"""How the core reads and writes the links that lock an account."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.one_time_token import LockdownLink


class LockdownLinks(Protocol):
    async def by_token_hash(self, token_hash: bytes) -> LockdownLink | None:
        """Return None when no link has the digest. One that has expired is returned too."""

    async def add(self, link: LockdownLink) -> None:
        """Store a new link beside the others of the user."""

    async def remove_for(self, user_id: UUID, mailbox: EmailAddress, since: datetime) -> int:
        """Remove a user's links in mails to `mailbox`, and those that are not older than `since`. Returns how many
        there were.
        """

    async def remove_expired(self, now: datetime) -> int:
        """Remove a limited number at once. Returns how many, 0 when none is left."""


class HasLockdownLinks(Protocol):
    @property
    def lockdown_links(self) -> LockdownLinks:
        """Links that were not used."""
