"""How the core reads and writes linked identities."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.identity import Identity


class Identities(Protocol):
    async def by_subject(self, issuer: str, subject: str) -> Identity | None:
        """Return None when no account has it. In a transaction the caller holds it until the end."""

    async def of_user(self, user_id: UUID) -> list[Identity]:
        """Return all of an account, the oldest first."""

    async def add(self, identity: Identity) -> None:
        """Store a new identity. Raises IdentityTaken when any account has its issuer and subject."""

    async def save(self, identity: Identity) -> None:
        """Store its address, use and grant. Raises WriteConflict when it was removed: it stays so."""

    async def remove(self, identity_id: UUID) -> bool:
        """Return False when it was removed before."""

    async def remove_of_user(self, user_id: UUID) -> int:
        """Remove all of an account. Returns how many there were."""

    async def remember_session(self, identity_id: UUID, session_id: UUID) -> None:
        """Record that the identity started the session."""

    async def sessions_of(self, identity_id: UUID) -> list[UUID]:
        """Return the sessions that the identity started and that have not been removed."""

    async def stop_mails(self, email: EmailAddress) -> None:
        """Record that the person wants no more mails at a relay address."""

    async def resume_mails(self, email: EmailAddress) -> None:
        """Undo `stop_mails`."""

    async def mails_are_stopped(self, email: EmailAddress) -> bool:
        """Whether the person wants no mails at a relay address."""

    async def forget_stops(self) -> int:
        """Forget a limited number of stopped addresses that no account has. Returns how many, 0 when none is left."""

    async def use_up(self, token_hash: bytes, expires_at: datetime) -> None:
        """Record that an ID token was used. Raises InvalidIdToken when it was used before, also in parallel."""

    async def remove_expired_tokens(self, now: datetime) -> int:
        """Forget a limited number of used tokens that have expired. Returns how many, 0 when none is left."""


class HasIdentities(Protocol):
    @property
    def identities(self) -> Identities:
        """All linked identities, and the ID tokens that were used."""
