"""How the core stores the networks that users sign in from."""

from datetime import datetime
from typing import Protocol
from uuid import UUID


class FamiliarNetworks(Protocol):
    async def record(self, user_id: UUID, network: str, now: datetime) -> None:
        """Record that a user signed in or was reset from a network, for as long as it stays familiar.

        The caller holds the user, so that two transactions can't record the same network at once.
        """

    async def of_user(self, user_id: UUID) -> list[tuple[str, datetime]]:
        """Return each network and when it was used last, newest first."""

    async def remove_before(self, moment: datetime) -> int:
        """Remove a limited number at once. Returns how many, 0 when none is left."""


class HasFamiliarNetworks(Protocol):
    @property
    def familiar_networks(self) -> FamiliarNetworks:
        """Networks from which people recently signed in or were reset."""
