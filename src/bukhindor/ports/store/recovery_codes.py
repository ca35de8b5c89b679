"""How the core reads and writes recovery codes."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID


class RecoveryCodes(Protocol):
    """Only digests of codes are stored."""

    async def count(self, user_id: UUID) -> int:
        """Count the codes of an account that were not used yet."""

    async def replace(self, user_id: UUID, digests: Sequence[bytes]) -> None:
        """Store a new set of codes; the older ones are void."""

    async def use(self, user_id: UUID, digests: Sequence[bytes]) -> bool:
        """Remove the account's code with one of these digests. Returns False when there is none: it is wrong, or
        another request has used it.
        """

    async def remove_of_user(self, user_id: UUID) -> int:
        """Remove all codes of a user. Returns how many there were."""


class HasRecoveryCodes(Protocol):
    @property
    def recovery_codes(self) -> RecoveryCodes:
        """Recovery codes that were not used yet."""
