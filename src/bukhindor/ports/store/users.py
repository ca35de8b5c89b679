"""How the core reads and writes users."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.user import User


class Users(Protocol):
    async def by_id(self, user_id: UUID) -> User | None:
        """Return None when the user does not exist."""

    async def by_email(self, email: EmailAddress) -> User | None:
        """Return None when no account has the address."""

    async def by_email_with_network(self, email: EmailAddress, network: str) -> tuple[User, datetime | None] | None:
        """Return a user, and when the last sign-in or reset came from `network`: None for never, or longer ago than is
        stored.

        Costs the same whether an account has the address or not.
        """

    async def add(self, user: User) -> None:
        """Raises EmailTaken when another account has the address: then the transaction can only be left."""

    async def save(self, user: User) -> None:
        """Store all of an existing user. Raises EmailTaken as `add` does."""

    async def remove(self, user_id: UUID) -> bool:
        """Remove the user and its sessions. Returns False when it did not exist."""

    async def count_active_admins(self, now: datetime) -> int:
        """Count the administrators at `now`. In a writing transaction their number does not fall until it ends."""


class HasUsers(Protocol):
    @property
    def users(self) -> Users:
        """All accounts."""
