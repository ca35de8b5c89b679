"""GET /audit-events"""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from bukhindor.domain.audit import AuditQuery, AuditType
from bukhindor.domain.errors import FieldError, InvalidInput
from bukhindor.domain.moment import in_utc
from bukhindor.services.audit_log import AuditLog
from bukhindor.web.api.cursor import CursorField, Cursors
from bukhindor.web.api.shapes import AuditEventShape
from bukhindor.web.endpoint.call import Call

T = TypeVar("T")

_TIME = {"format": "date-time"}
FromParameter = Annotated[str, Meta(extra_json_schema=_TIME, description="At this time or later; ISO 8601 with a zone")]
ToParameter = Annotated[str, Meta(extra_json_schema=_TIME, description="Before this time; ISO 8601 with a zone")]
SinceParameter = Annotated[str, Meta(extra_json_schema=_TIME, description="The same as `from`")]
UntilParameter = Annotated[str, Meta(extra_json_schema=_TIME, description="The same as `to`")]


class EventListQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A missing parameter is unset, not None: in a query string, `null` is an ordinary word.

    `since` and `until` are earlier names of `from` and `to`.
    """

    actor_id: UUID | UnsetType = UNSET
    subject_id: UUID | UnsetType = UNSET
    type: AuditType | UnsetType = UNSET
    from_: FromParameter | UnsetType = msgspec.field(default=UNSET, name="from")
    to: ToParameter | UnsetType = UNSET
    since: SinceParameter | UnsetType = UNSET
    until: UntilParameter | UnsetType = UNSET
    limit: Annotated[int, Meta(ge=1, le=100)] = 50
    cursor: CursorField | UnsetType = UNSET

    def decoded(self, cursors: Cursors) -> AuditQuery:
        """The query in the domain's terms. Raises InvalidInput for a cursor of another query."""
        asked = AuditQuery(
            actor_id=_given(self.actor_id),
            subject_id=_given(self.subject_id),
            type=_given(self.type),
            since=_either("from", self.from_, "since", self.since),
            until=_either("to", self.to, "until", self.until),
            limit=self.limit,
        )
        if self.cursor is UNSET:
            return asked
        position = cursors.unseal(self.cursor, _filters(asked), _Cursor)
        return replace(asked, before=(position.at, position.event_id))


class AuditEventList(msgspec.Struct, frozen=True):
    """Newest first; `next_cursor` is null on the last page."""

    events: list[AuditEventShape]
    next_cursor: str | None


async def list_audit_events(call: Call, audit_log: AuditLog, cursors: Cursors, query: EventListQuery) -> AuditEventList:
    """List the events of the audit"""
    asked = query.decoded(cursors)
    # One more than requested shows whether there is another page.
    events = await audit_log.page(call.actor, replace(asked, limit=asked.limit + 1))
    page = events[: asked.limit]
    next_cursor = None
    if len(events) > asked.limit:
        next_cursor = cursors.seal(_Cursor(page[-1].at, page[-1].id), _filters(asked))
    return AuditEventList([AuditEventShape.of(event) for event in page], next_cursor)


class _Cursor(msgspec.Struct, array_like=True):
    at: datetime
    event_id: UUID


def _either(name: str, value: str | UnsetType, alias: str, same: str | UnsetType) -> datetime | None:
    """The time that is given under one of two names. Raises InvalidInput when it is given under both."""
    if value is not UNSET and same is not UNSET:
        raise InvalidInput(FieldError(alias, f"This is the same as {name}, which is given too.", "repeated"))
    return _moment(name, value) if same is UNSET else _moment(alias, same)


def _moment(name: str, value: str | UnsetType) -> datetime | None:
    """Query strings are read leniently, and numbers would pass for timestamps. Raises InvalidInput."""
    if value is UNSET:
        return None
    try:
        moment: datetime = msgspec.convert(value, Annotated[datetime, Meta(tz=True)])
    except msgspec.ValidationError as error:
        raise InvalidInput(FieldError(name, f"{error}.", "invalid_value")) from None
    return in_utc(moment)


def _given(value: T | UnsetType) -> T | None:
    return None if value is UNSET else value


def _filters(query: AuditQuery) -> list[str | UUID | datetime | None]:
    return ["events", query.actor_id, query.subject_id, query.type, query.since, query.until]
