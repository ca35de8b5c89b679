"""How the core reads and writes passkeys."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from bukhindor.domain.passkey import Passkey, PasskeyChallenge


class Passkeys(Protocol):
    async def by_credential_id(self, credential_id: bytes) -> Passkey | None:
        """Return None when no account has the credential. In a transaction the caller holds the owner first."""

    async def of_user(self, user_id: UUID) -> list[Passkey]:
        """Return all of an account, the oldest first."""

    async def add(self, passkey: Passkey) -> None:
        """Store a new passkey. Raises PasskeyNotAccepted when any account has the credential."""

    async def save(self, passkey: Passkey) -> None:
        """Store its name and what a use changes; a passkey that was removed stays so."""

    async def remove(self, passkey_id: UUID) -> bool:
        """Return False when it was removed before."""

    async def remove_of_user(self, user_id: UUID) -> int:
        """Remove all of an account. Returns how many there were."""

    async def use_up(self, challenge: PasskeyChallenge) -> None:
        """Record that the challenge was used. Raises InvalidPasskey when it was used before, also in parallel."""

    async def remove_expired_challenges(self, now: datetime) -> int:
        """Forget a limited number of used challenges that have expired. Returns how many, 0 when none is left."""


class HasPasskeys(Protocol):
    @property
    def passkeys(self) -> Passkeys:
        """All passkeys, and the challenges that were used up."""
