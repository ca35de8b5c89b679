"""How the core reads and writes invitations."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.invitation import Invitation


class InvitationStore(Protocol):
    async def by_token_hash(self, token_hash: bytes) -> Invitation | None:
        """Return None when no invitation has the digest. One that has expired is returned too."""

    async def all(self, now: datetime) -> list[Invitation]:
        """Return those that have not expired at `now`, the newest first."""

    async def put(self, invitation: Invitation) -> None:
        """Store a new invitation in place of the older one for the same address."""

    async def remove(self, invitation_id: UUID) -> Invitation | None:
        """Return what was removed; None when it was gone: used, withdrawn or replaced."""

    async def remove_for(self, email: EmailAddress) -> None:
        """Remove the invitation for an address, if there is one."""

    async def remove_expired(self, now: datetime) -> int:
        """Remove a limited number at once. Returns how many, 0 when none is left."""


class HasInvitations(Protocol):
    @property
    def invitations(self) -> InvitationStore:
        """Invitations that were not used, withdrawn or replaced."""
