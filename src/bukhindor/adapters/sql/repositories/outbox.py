"""Mails that wait for delivery, on any SQL database."""

from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bukhindor.adapters.sql import tables
from bukhindor.adapters.sql.connection import Connection, Row
from bukhindor.adapters.sql.repositories import mail_content
from bukhindor.domain.mail import Backlog, Mail, QueuedMail
from bukhindor.domain.origin import NO_REQUEST, Cause
from bukhindor.ports.secrets import Seal

_outbox = tables.outbox

_c = _outbox.c
OUTBOX_COLUMNS = (_c.id, _c.user_id, _c.sealed_content, _c.created_at, _c.due_at, _c.tries, _c.failed_at)


@dataclass(frozen=True, slots=True)
class _Content(Mail):
    """What is sealed. Programs that know no cause read past it."""

    cause: Cause = NO_REQUEST


_contents = mail_content.decoder(_Content)
_MAIL_FIELDS = tuple(field.name for field in fields(Mail))

_this_mail = _outbox.c.id == sa.bindparam("which")
_now = sa.bindparam("now", type_=tables.UtcDateTime())
_is_due = sa.and_(_outbox.c.failed_at.is_(None), _outbox.c.due_at <= _now)

_ADD = sa.insert(_outbox)
_FIRST_DUE = sa.select(_outbox.c.id).where(_is_due).limit(1)
# Three counts, because one partial index alone serves each.
_BACKLOG = sa.select(
    sa.select(sa.func.count()).where(_outbox.c.failed_at.is_(None)).scalar_subquery(),
    sa.select(sa.func.count()).where(_outbox.c.failed_at.is_not(None)).scalar_subquery(),
    sa.select(sa.func.min(_outbox.c.due_at)).where(_outbox.c.failed_at.is_(None)).scalar_subquery(),
)
_DUE = (
    sa.select(*OUTBOX_COLUMNS)
    .where(_is_due)
    .order_by(_outbox.c.due_at, _outbox.c.id)
    .limit(sa.bindparam("at_most", type_=sa.Integer()))
    # Rows that another replica is claiming at this moment are left to it.
    .with_for_update(skip_locked=True)
)
# Checking again whether it is due lets one of two claimers win when both could read the row.
_CLAIM = sa.update(_outbox).where(_this_mail, _is_due).values(tries=_outbox.c.tries + 1)
_that_try = _outbox.c.tries == sa.bindparam("that_try", type_=sa.Integer())
_that_lease = _outbox.c.due_at == sa.bindparam("that_lease", type_=tables.UtcDateTime())
_RENEW = sa.update(_outbox).where(_this_mail, _that_try, _that_lease, _outbox.c.failed_at.is_(None))
_SAVE = sa.update(_outbox).where(_this_mail, _that_try)
_OLDEST = (
    sa.select(*OUTBOX_COLUMNS)
    .order_by(_outbox.c.created_at, _outbox.c.id)
    .limit(sa.bindparam("at_most", type_=sa.Integer()))
)
_FIND = sa.select(*OUTBOX_COLUMNS).where(_this_mail)
_no_lease = _outbox.c.due_at > sa.bindparam("no_lease_after", type_=tables.UtcDateTime())
_RETRY = sa.update(_outbox).where(_this_mail, sa.or_(_outbox.c.failed_at.is_not(None), _no_lease))
_RETRY_FAILED = sa.update(_outbox).where(_outbox.c.failed_at.is_not(None))
_REMOVE = sa.delete(_outbox).where(_this_mail)
_REMOVE_OF_USER = sa.delete(_outbox).where(_outbox.c.user_id == sa.bindparam("owner"))
_REMOVE_FAILED = sa.delete(_outbox).where(
    _outbox.c.id.in_(
        sa.select(_outbox.c.id)
        .where(_outbox.c.failed_at < sa.bindparam("moment", type_=tables.UtcDateTime()))
        .limit(tables.REMOVED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
)


def to_queued_mail(row: Row, content: bytes | None) -> QueuedMail:
    """The mail of OUTBOX_COLUMNS with its opened content; None when it can't be opened."""
    id_, user_id, _, created_at, due_at, tries, failed_at = row
    if content is None:
        return QueuedMail(id_, user_id, None, created_at, due_at, tries, failed_at)
    opened = _contents.decode(content)
    mail = Mail(**_parts(opened))
    return QueuedMail(id_, user_id, mail, created_at, due_at, tries, failed_at, opened.cause)


def content_of(queued: QueuedMail) -> bytes:
    """The sealed part of a mail: its recipient, its text and the request that caused it."""
    return mail_content.encode(_Content(**_parts(queued.mail), cause=queued.cause))


def _parts(mail: Mail | None) -> dict[str, Any]:
    return {name: getattr(mail, name) for name in _MAIL_FIELDS}


def from_queued_mail(queued: QueuedMail, sealed_content: bytes) -> dict[str, Any]:
    return {
        "id": queued.id,
        "user_id": queued.user_id,
        "sealed_content": sealed_content,
        "created_at": queued.created_at,
        "due_at": queued.due_at,
        "tries": queued.tries,
        "failed_at": queued.failed_at,
    }


class SqlOutbox:
    """The content and the recipient of a mail are sealed: a copy of the database contains no token that still works."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal

    async def add(self, queued: QueuedMail) -> None:
        sealed = self._seal.close(content_of(queued), _context(queued.id))
        await self._connection.change(_ADD, from_queued_mail(queued, sealed))

    async def has_due(self, now: datetime) -> bool:
        return bool(await self._connection.fetch(_FIRST_DUE, {"now": now}))

    async def backlog(self, now: datetime) -> Backlog:
        waiting, failed, due = (await self._connection.fetch(_BACKLOG, {}))[0]
        return Backlog(waiting, failed, timedelta() if due is None else max(now - due, timedelta()))

    async def claim(self, now: datetime, lease_until: datetime, at_most: int) -> list[QueuedMail]:
        claimed = []
        for row in await self._connection.fetch(_DUE, {"now": now, "at_most": at_most}):
            queued_id: UUID = row[0]
            if await self._connection.change(_CLAIM, {"which": queued_id, "now": now, "due_at": lease_until}):
                queued = self._opened(row)
                claimed.append(replace(queued, tries=queued.tries + 1, due_at=lease_until))
        return claimed

    async def renew(self, queued: QueuedMail, lease_until: datetime) -> bool:
        which = {"which": queued.id, "that_try": queued.tries, "that_lease": queued.due_at}
        return bool(await self._connection.change(_RENEW, {**which, "due_at": lease_until}))

    async def save(self, queued: QueuedMail) -> None:
        values = {"due_at": queued.due_at, "failed_at": queued.failed_at}
        await self._connection.change(_SAVE, {"which": queued.id, "that_try": queued.tries, **values})

    async def oldest(self, at_most: int) -> list[QueuedMail]:
        return [self._opened(row) for row in await self._connection.fetch(_OLDEST, {"at_most": at_most})]

    async def find(self, queued_id: UUID) -> QueuedMail | None:
        rows = await self._connection.fetch(_FIND, {"which": queued_id})
        return self._opened(rows[0]) if rows else None

    async def retry(self, queued_id: UUID, now: datetime, no_lease_after: datetime) -> bool:
        which = {"which": queued_id, "no_lease_after": no_lease_after}
        return bool(await self._connection.change(_RETRY, {**which, "tries": 0, "due_at": now, "failed_at": None}))

    async def retry_failed(self, now: datetime) -> int:
        return await self._connection.change(_RETRY_FAILED, {"tries": 0, "due_at": now, "failed_at": None})

    async def remove(self, queued_id: UUID) -> None:
        await self._connection.change(_REMOVE, {"which": queued_id})

    async def remove_of_user(self, user_id: UUID) -> int:
        return await self._connection.change(_REMOVE_OF_USER, {"owner": user_id})

    async def remove_failed(self, before: datetime) -> int:
        return await self._connection.change(_REMOVE_FAILED, {"moment": before})

    def _opened(self, row: Row) -> QueuedMail:
        return to_queued_mail(row, self._seal.open(row[2], _context(row[0])))


def _context(queued_id: UUID) -> str:
    return f"mail:{queued_id}"
