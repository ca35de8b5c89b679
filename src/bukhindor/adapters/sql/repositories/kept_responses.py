"""Responses for requests that are sent twice, on any SQL database."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from bukhindor.adapters.sql import tables
from bukhindor.adapters.sql.connection import Connection, UniqueViolation
from bukhindor.domain.errors import WriteConflict
from bukhindor.domain.repetition import KeptResponse, RepeatableRequest
from bukhindor.ports.secrets import Seal

_kept = tables.kept_responses
_c = _kept.c
_this_request = _c.id == sa.bindparam("which")
_this_place = _c.place == sa.bindparam("where")

_FIND = sa.select(_c.sealed_response, _c.other_bodies, _c.expires_at).where(_this_request)
_RESERVE = sa.insert(_kept)
_KEEP = sa.update(_kept).where(_this_request)
_COUNT_OTHER_BODY = sa.update(_kept).where(_this_request).values(other_bodies=_c.other_bodies + 1)
_REMOVE = sa.delete(_kept).where(_this_request)
_REMOVE_OF_USER = sa.delete(_kept).where(_c.user_id == sa.bindparam("owner"))
_REMOVE_BEYOND = sa.delete(_kept).where(
    _c.id.in_(
        sa.select(_c.id)
        .where(_this_place)
        .order_by(_c.created_at.desc(), _c.id.desc())
        .offset(sa.bindparam("newest", type_=sa.Integer()))
    )
)
_REMOVE_EXPIRED = sa.delete(_kept).where(
    _c.id.in_(
        sa.select(_c.id)
        .where(_c.expires_at <= sa.bindparam("now", type_=tables.UtcDateTime()))
        .limit(tables.REMOVED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
)


class SqlKeptResponses:
    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal

    async def of(self, request: RepeatableRequest) -> KeptResponse | None:
        found = await self._connection.fetch(_FIND, {"which": request.id})
        if not found:
            return None
        sealed, other_bodies, expires_at = found[0]
        response = None if sealed is None else self._seal.open(bytes(sealed), _context(request))
        return KeptResponse(response, sealed is not None, other_bodies, expires_at)

    async def reserve(self, request: RepeatableRequest, now: datetime, until: datetime) -> None:
        values = {
            "id": request.id,
            "place": request.place,
            "user_id": None,
            "sealed_response": None,
            "other_bodies": 0,
            "created_at": now,
            "expires_at": until,
        }
        try:
            await self._connection.change(_RESERVE, values)
        except UniqueViolation:
            raise WriteConflict from None

    async def keep(self, request: RepeatableRequest, response: bytes, user_id: UUID | None, until: datetime) -> None:
        sealed = self._seal.close(response, _context(request))
        values = {"which": request.id, "sealed_response": sealed, "user_id": user_id, "expires_at": until}
        await self._connection.change(_KEEP, values)

    async def count_other_body(self, request: RepeatableRequest) -> None:
        await self._connection.change(_COUNT_OTHER_BODY, {"which": request.id})

    async def remove(self, request: RepeatableRequest) -> None:
        await self._connection.change(_REMOVE, {"which": request.id})

    async def remove_of_user(self, user_id: UUID) -> None:
        await self._connection.change(_REMOVE_OF_USER, {"owner": user_id})

    async def remove_beyond(self, place: str, newest: int) -> None:
        await self._connection.change(_REMOVE_BEYOND, {"where": place, "newest": newest})

    async def remove_expired(self, now: datetime) -> int:
        return await self._connection.change(_REMOVE_EXPIRED, {"now": now})


def _context(request: RepeatableRequest) -> str:
    return f"response {request.id.hex()} {request.body.hex()}"
