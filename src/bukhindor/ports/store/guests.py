"""How the core finds guests who have not come back."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from bukhindor.domain.user import User


class Guests(Protocol):
    async def unseen_since(self, moment: datetime) -> list[tuple[User, datetime | None]]:
        """Return a limited number of accounts that were guests' and of which no use since `moment` is noted, the
        longest unseen first. With each comes the last use of any of its sessions, None without one.
        """

    async def note_seen(self, user_id: UUID, seen_at: datetime | None) -> None:
        """Note when a guest was last there; None for an account that is a guest's no longer."""


class HasGuests(Protocol):
    @property
    def guests(self) -> Guests:
        """All guests."""
