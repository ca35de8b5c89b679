"""How the core reads and writes one-time tokens."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from bukhindor.domain.one_time_token import OneTimeToken, Purpose


class OneTimeTokens(Protocol):
    async def by_token_hash(self, token_hash: bytes) -> OneTimeToken | None:
        """Return None when no live or expired token has the digest."""

    async def of_user(self, user_id: UUID, purpose: Purpose) -> OneTimeToken | None:
        """Return None when there was no request for one, or it was used."""

    async def put(self, token: OneTimeToken) -> None:
        """Store a new token in place of the older one of the same user and purpose."""

    async def save(self, token: OneTimeToken) -> None:
        """Store the count of failed tries."""

    async def remove_of_user(self, user_id: UUID) -> int:
        """Remove the tokens of all purposes. Returns how many there were."""

    async def remove(self, user_id: UUID, purpose: Purpose) -> bool:
        """Return False when it was gone: another request has used it."""

    async def remove_expired(self, now: datetime) -> int:
        """Remove a limited number at once. Returns how many, 0 when none is left."""


class HasOneTimeTokens(Protocol):
    @property
    def one_time_tokens(self) -> OneTimeTokens:
        """Proofs of a mailbox that have not been used yet."""
