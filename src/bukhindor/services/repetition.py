"""A request that is sent twice gets the first response again."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Protocol
from uuid import UUID

from bukhindor.domain.errors import IdempotencyKeyReused, TooBusy, WriteConflict
from bukhindor.domain.origin import Origin
from bukhindor.domain.repetition import LEASE, MAX_KEPT, MAX_OTHER_BODIES, RepeatableRequest, request_id
from bukhindor.ports.store.kept_responses import HasKeptResponses
from bukhindor.ports.store.transactions import Transaction, Transactions
from bukhindor.ports.system import Clock
from bukhindor.services.steps.access_token_reading import AccessTokenReading

_PAUSE = 0.1
_PATIENCE = timedelta(seconds=10)


class _Writing(HasKeptResponses, Transaction, Protocol):
    """What keeping a response needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    transactions: Transactions[HasKeptResponses, _Writing]
    token_reading: AccessTokenReading
    clock: Clock

    async def caller_of(self, access_token: str) -> UUID | None:
        """Return the account of an access token that this server signed, even if it has expired or its session ended:
        the repetition of a deletion has no other. None for any other text.
        """
        claims = await self.token_reading.read_at_any_age(access_token, self.clock.now())
        return None if claims is None else claims.user_id

    def request(
        self, operation: str, caller: UUID | None, origin: Origin, body: bytes, key: str, *, has_key: bool
    ) -> RepeatableRequest:
        """Describe a request by its key or its one-time token."""
        place = f"network {origin.network}" if caller is None else f"user {caller}"
        id_ = request_id(operation, caller, key, has_key=has_key)
        return RepeatableRequest(id_, sha256(body).digest(), place, has_key)

    async def first_response(self, request: RepeatableRequest) -> bytes | None:
        """Return the response to the same request; None when it has not come before. Waits while it is under way.

        After five requests with another body the response is forgotten, so that a body can't be guessed.

        Raises IdempotencyKeyReused for the same key or one-time token with another body, TooBusy.
        """
        waits = int(_PATIENCE.total_seconds() / _PAUSE)
        for _ in range(waits):
            async with self.transactions.read() as stored:
                kept = await stored.kept_responses.of(request)
            if kept is None or kept.expires_at <= self.clock.now():
                return None
            if kept.is_ready and kept.response is None:
                await self._count_other_body(request, kept.other_bodies + 1)
                raise IdempotencyKeyReused
            if kept.is_ready:
                return kept.response
            await asyncio.sleep(_PAUSE)
        raise TooBusy

    async def _count_other_body(self, request: RepeatableRequest, times: int) -> None:
        async with self.transactions.begin() as tx:
            if times >= MAX_OTHER_BODIES:
                await tx.kept_responses.remove(request)
            else:
                await tx.kept_responses.count_other_body(request)
            await tx.commit()

    async def begin(self, request: RepeatableRequest, longest: timedelta) -> bytes | None:
        """Note that the request is under way, and takes no longer than `longest`. Returns the first response if the
        same request came first after all.

        Raises IdempotencyKeyReused, TooBusy.
        """
        while True:
            kept = await self.first_response(request)
            if kept is not None:
                return kept
            try:
                await self._reserve(request, longest)
            except WriteConflict:
                await asyncio.sleep(_PAUSE)
            else:
                return None

    async def _reserve(self, request: RepeatableRequest, longest: timedelta) -> None:
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            kept = await tx.kept_responses.of(request)
            if kept is not None and kept.expires_at <= now:
                await tx.kept_responses.remove(request)
            await tx.kept_responses.reserve(request, now, now + longest + LEASE)
            await tx.kept_responses.remove_beyond(request.place, MAX_KEPT)
            await tx.commit()

    async def keep(self, request: RepeatableRequest, response: bytes, user_id: UUID | None) -> None:
        """Keep the response for repetitions; it tells of the account `user_id`, if of any."""
        async with self.transactions.begin() as tx:
            await tx.kept_responses.keep(request, response, user_id, self.clock.now() + request.life)
            await tx.commit()

    async def give_up(self, request: RepeatableRequest) -> None:
        """Forget a request that was refused: it changed nothing, and may be sent again."""
        async with self.transactions.begin() as tx:
            await tx.kept_responses.remove(request)
            await tx.commit()
