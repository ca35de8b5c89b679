"""The audit, on any SQL database."""

import json
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import SyntaxExtension

from bukhindor.adapters.sql import tables
from bukhindor.adapters.sql.connection import Connection, Row
from bukhindor.domain.audit import AuditEvent, AuditQuery, AuditType
from bukhindor.domain.origin import Origin

_events = tables.audit_events
_erasures = tables.erasures

_c = _events.c
AUDIT_EVENT_COLUMNS = (
    _c.id, _c.at, _c.type, _c.actor_id, _c.subject_id, _c.session_id, _c.ip, _c.user_agent, _c.device_id,
    _c.request_id, _c.details, _c.attempts,
)  # fmt: skip

_person = sa.bindparam("person", type_=sa.Uuid())
_concerned = _events.c.subject_id == _person
_was_there = sa.or_(_events.c.actor_id == _person, sa.and_(_concerned, _events.c.actor_id.is_(None)))
_tells_where = sa.or_(_events.c.ip != "", _events.c.user_agent != "", _events.c.device_id.is_not(None))

# How many events of one person a transaction frees of personal data; it takes some tenths of a second.
FORGOTTEN_AT_ONCE = 20_000


class _CountingAgain(SyntaxExtension, sa.ClauseElement):
    """What SQLite and PostgreSQL write alike; SQLAlchemy's own clause would load the dialect of PostgreSQL for both."""

    _traverse_internals = list[Any]()  # noqa: RUF012 - SQLAlchemy declares it so.

    def apply_to_insert(self, insert_stmt: sa.Insert) -> None:
        insert_stmt.apply_syntax_extension_point(lambda _: (self,), "post_values")


@compiles(_CountingAgain)
def _counting_again(*_: Any, **__: Any) -> str:
    return "ON CONFLICT (id) DO UPDATE SET attempts = audit_events.attempts + 1"


_ADD = sa.insert(_events)
_COUNT = sa.insert(_events).ext(_CountingAgain())
_FORGET = (
    sa.update(_events)
    .where(
        _events.c.id.in_(
            sa.select(_events.c.id)
            # The first condition follows from the second one; the indexes serve it.
            .where(
                sa.or_(_events.c.actor_id == _person, _concerned),
                sa.or_(sa.and_(_was_there, _tells_where), sa.and_(_concerned, _events.c.details != "{}")),
            )
            .limit(sa.bindparam("at_most", type_=sa.Integer()))
            .with_for_update()
        )
    )
    .values(
        ip=sa.case((_was_there, ""), else_=_events.c.ip),
        user_agent=sa.case((_was_there, ""), else_=_events.c.user_agent),
        device_id=sa.case((_was_there, None), else_=_events.c.device_id),
        details=sa.case((_concerned, "{}"), else_=_events.c.details),
    )
)
_REMEMBER = sa.insert(_erasures)
_SOMEBODY = sa.select(_erasures.c.user_id).limit(1).with_for_update(skip_locked=True)
_DONE = sa.delete(_erasures).where(_erasures.c.user_id == _person)
_REMOVE_BEFORE = sa.delete(_events).where(
    _events.c.id.in_(
        sa.select(_events.c.id)
        .where(_events.c.at < sa.bindparam("moment", type_=tables.UtcDateTime()))
        .limit(tables.REMOVED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
)


def to_audit_event(row: Row) -> AuditEvent:
    """The event of AUDIT_EVENT_COLUMNS. The language of its request is not stored."""
    id_, at, type_, actor_id, subject_id, session_id, ip, user_agent, device_id, request_id, details, attempts = row
    origin = Origin(ip, user_agent, device_id, request_id)
    return AuditEvent(
        id_, at, AuditType(type_), actor_id, subject_id, session_id, origin, json.loads(details), attempts
    )


def from_audit_event(event: AuditEvent) -> dict[str, Any]:
    return {
        "id": event.id,
        "at": event.at,
        "type": event.type.value,
        "actor_id": event.actor_id,
        "subject_id": event.subject_id,
        "session_id": event.session_id,
        "ip": event.origin.ip,
        "user_agent": event.origin.user_agent,
        "device_id": event.origin.device_id,
        "request_id": event.origin.request_id,
        "details": json.dumps(dict(event.details), ensure_ascii=False),
        "attempts": event.attempts,
    }


class SqlAuditEvents:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, event: AuditEvent) -> None:
        await self._connection.change(_ADD, from_audit_event(event))

    async def count(self, event: AuditEvent) -> None:
        await self._connection.change(_COUNT, from_audit_event(event))

    async def page(self, query: AuditQuery) -> list[AuditEvent]:
        values = dict(_values_of(query))
        statement = _page_statement(tuple(values))
        found = await self._connection.fetch(statement, {**values, "at_most": query.limit})
        return [to_audit_event(row) for row in found]

    async def forget(self, user_id: UUID) -> None:
        """As the port says. Where another person acted on the user, that person's address and device stay, and so do
        the details of what the user did to others.
        """
        if await self._forget_some(user_id) == FORGOTTEN_AT_ONCE:
            await self._connection.change(_DONE, {"person": user_id})
            await self._connection.change(_REMEMBER, {"user_id": user_id})

    async def forget_more(self) -> int:
        found = await self._connection.fetch(_SOMEBODY, {})
        if not found:
            return 0
        user_id: UUID = found[0][0]
        forgotten = await self._forget_some(user_id)
        if forgotten == FORGOTTEN_AT_ONCE:
            return forgotten
        return forgotten + await self._connection.change(_DONE, {"person": user_id})

    async def _forget_some(self, user_id: UUID) -> int:
        return await self._connection.change(_FORGET, {"person": user_id, "at_most": FORGOTTEN_AT_ONCE})

    async def remove_before(self, moment: datetime) -> int:
        return await self._connection.change(_REMOVE_BEFORE, {"moment": moment})


def _values_of(query: AuditQuery) -> Iterator[tuple[str, Any]]:
    if query.actor_id is not None:
        yield "wanted_actor", query.actor_id
    if query.subject_id is not None:
        yield "wanted_subject", query.subject_id
    if query.type is not None:
        yield "wanted_type", query.type.value
    if query.since is not None:
        yield "since", query.since
    if query.until is not None:
        yield "until", query.until
    if query.before is not None:
        yield "before_at", query.before[0]
        yield "before_id", query.before[1]


_FILTERS: dict[str, sa.ColumnElement[bool]] = {
    "wanted_actor": _events.c.actor_id == sa.bindparam("wanted_actor"),
    "wanted_subject": _events.c.subject_id == sa.bindparam("wanted_subject"),
    "wanted_type": _events.c.type == sa.bindparam("wanted_type"),
    "since": _events.c.at >= sa.bindparam("since", type_=tables.UtcDateTime()),
    "until": _events.c.at < sa.bindparam("until", type_=tables.UtcDateTime()),
    "before_at": sa.tuple_(_events.c.at, _events.c.id)
    < sa.tuple_(sa.bindparam("before_at", type_=tables.UtcDateTime()), sa.bindparam("before_id", type_=sa.Uuid())),
}


# A list has few shapes, and each is built once like every other statement.
@cache
def _page_statement(names: tuple[str, ...]) -> sa.Select[Any]:
    conditions = (_FILTERS[name] for name in names if name in _FILTERS)
    statement = sa.select(*AUDIT_EVENT_COLUMNS).where(*conditions)
    statement = statement.order_by(_events.c.at.desc(), _events.c.id.desc())
    return statement.limit(sa.bindparam("at_most", type_=sa.Integer()))
