"""How the core keeps responses for requests that are sent twice."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from bukhindor.domain.repetition import KeptResponse, RepeatableRequest


class KeptResponses(Protocol):
    """Responses are encrypted, and open for a request with the same body only."""

    async def of(self, request: RepeatableRequest) -> KeptResponse | None:
        """Return None when no such request has come yet."""

    async def reserve(self, request: RepeatableRequest, now: datetime, until: datetime) -> None:
        """Note that the request is under way. Raises WriteConflict when it has come before."""

    async def keep(self, request: RepeatableRequest, response: bytes, user_id: UUID | None, until: datetime) -> None:
        """Store the response to a reserved request; `user_id` is the account that it is about."""

    async def count_other_body(self, request: RepeatableRequest) -> None:
        """Count a request of the same id with another body."""

    async def remove(self, request: RepeatableRequest) -> None:
        """Forget the request."""

    async def remove_of_user(self, user_id: UUID) -> None:
        """Forget every response about the account."""

    async def remove_beyond(self, place: str, newest: int) -> None:
        """Forget all except the `newest` requests of a place."""

    async def remove_expired(self, now: datetime) -> int:
        """Forget a limited number of requests whose time is over; 0 when none is left."""


class HasKeptResponses(Protocol):
    @property
    def kept_responses(self) -> KeptResponses:
        """Responses that are given again when a request is repeated."""
