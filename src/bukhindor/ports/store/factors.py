"""How the core reads and writes second factors."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from bukhindor.domain.factor import Factor


class Factors(Protocol):
    async def of_user(self, user_id: UUID) -> list[Factor]:
        """Return the oldest first, pending ones too."""

    async def put(self, factor: Factor) -> None:
        """Store a new pending factor in place of the account's older pending one. The store seals its secret."""

    async def save(self, factor: Factor) -> bool:
        """Store the use of a factor, and seal its secret under the newest secret of the server.

        Returns False, and changes nothing, when the factor is gone or has accepted this step or a later one: two
        requests with one code can't both succeed.
        """

    async def remove(self, user_id: UUID, factor_id: UUID) -> bool:
        """Return False when the account has no such factor."""

    async def remove_of_user(self, user_id: UUID) -> int:
        """Remove all factors of a user. Returns how many there were."""

    async def remove_abandoned(self, before: datetime) -> int:
        """Remove a limited number of pending factors from before the given time; 0 when none is left."""

    async def count(self) -> int:
        """Count the confirmed factors of all accounts. It takes a while."""


class HasFactors(Protocol):
    @property
    def factors(self) -> Factors:
        """Second factors of all accounts."""
