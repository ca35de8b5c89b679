"""Time, chance and counting."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from bukhindor.domain.rate_limit import Limit


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, in UTC."""


class Identifiers(Protocol):
    """New identifiers and random bytes, from the operating system's generator."""

    def user_id(self) -> UUID:
        """A version 7 UUID (RFC 9562): ordered by time of creation."""

    def event_id(self) -> UUID:
        """A version 7 UUID as well."""

    def session_id(self) -> UUID:
        """A version 4 UUID: it tells nothing."""

    def token_id(self) -> str:
        """At least 128 random bits as base64url."""

    def seed(self) -> bytes:
        """32 random bytes."""


class RateLimiter(Protocol):
    """Counts what happens to a key. Under concurrency no more than the limit get through."""

    async def take(self, limit: Limit, key: str) -> None:
        """Count one. Raises RateLimited when the limit is reached; such a refusal does not count."""

    async def give_back(self, limit: Limit, key: str) -> None:
        """Undo the newest `take`: it turned out not to be what is limited."""

    async def clear(self, limit: Limit, key: str) -> None:
        """Forget the key."""
