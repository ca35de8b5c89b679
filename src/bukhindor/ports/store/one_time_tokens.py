"""How the core reads and writes one-time tokens."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from bukhindor.domain.one_time_token import OneTimeToken, Purpose


class OneTimeTokens(Protocol):
    async def by_token_hash(self, token_hash: bytes) -> OneTimeToken | None:
        """None when no live or expired token has the digest."""

    async def of_user(self, user_id: UUID, purpose: Purpose) -> OneTimeToken | None:
        """None when nothing was asked for, or it was used."""

    async def put(self, token: OneTimeToken) -> None:
        """Keep a new token; the older one of the same user and purpose is gone."""

    async def save(self, token: OneTimeToken) -> None:
        """Write the count of failed tries."""

    async def remove_of_user(self, user_id: UUID) -> int:
        """Remove the tokens of all purposes; how many there were."""

    async def remove(self, user_id: UUID, purpose: Purpose) -> bool:
        """False when it was gone: another request has used it."""

    async def remove_expired(self, now: datetime) -> int:
        """Not too many at once; how many, 0 when none is left."""
