"""Kept responses in a dictionary."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from bukhindor.domain.errors import WriteConflict
from bukhindor.domain.repetition import KeptResponse, RepeatableRequest


@dataclass(frozen=True)
class Kept:
    request: RepeatableRequest
    created_at: datetime
    expires_at: datetime
    response: bytes | None = None
    user_id: UUID | None = None
    other_bodies: int = 0


class FakeKeptResponses:
    def __init__(self, kept: dict[bytes, Kept]) -> None:
        self._kept = kept

    async def of(self, request: RepeatableRequest) -> KeptResponse | None:
        kept = self._kept.get(request.id)
        if kept is None:
            return None
        response = kept.response if kept.request.body == request.body else None
        return KeptResponse(response, kept.response is not None, kept.other_bodies, kept.expires_at)

    async def reserve(self, request: RepeatableRequest, now: datetime, until: datetime) -> None:
        if request.id in self._kept:
            raise WriteConflict
        self._kept[request.id] = Kept(request, now, until)

    async def keep(self, request: RepeatableRequest, response: bytes, user_id: UUID | None, until: datetime) -> None:
        kept = self._kept.get(request.id)
        if kept is not None:
            kept = replace(kept, request=request, response=response, user_id=user_id, expires_at=until)
            self._kept[request.id] = kept

    async def count_other_body(self, request: RepeatableRequest) -> None:
        kept = self._kept[request.id]
        self._kept[request.id] = replace(kept, other_bodies=kept.other_bodies + 1)

    async def remove(self, request: RepeatableRequest) -> None:
        self._kept.pop(request.id, None)

    async def remove_of_user(self, user_id: UUID) -> None:
        self._remove([kept for kept in self._kept.values() if kept.user_id == user_id])

    async def remove_beyond(self, place: str, newest: int) -> None:
        here = [kept for kept in self._kept.values() if kept.request.place == place]
        here.sort(key=lambda kept: (kept.created_at, kept.request.id), reverse=True)
        self._remove(here[newest:])

    async def remove_expired(self, now: datetime) -> int:
        return self._remove([kept for kept in self._kept.values() if kept.expires_at <= now])

    def _remove(self, kept: list[Kept]) -> int:
        for each in kept:
            del self._kept[each.request.id]
        return len(kept)
