"""The mails of a development installation, on any SQL database."""

from datetime import datetime

import msgspec
import sqlalchemy as sa

from bukhindor.adapters.sql import tables
from bukhindor.adapters.sql.connection import Connection, Row
from bukhindor.adapters.sql.repositories import mail_content
from bukhindor.domain.mail import Mail, ReceivedMail
from bukhindor.ports.secrets import Seal

# The subject of `take_turns`: mails get their numbers one after the other.
_NUMBERS = 2

_mails = tables.received_mails
_c = _mails.c
_COLUMNS = (_c.number, _c.sealed_content, _c.received_at)

_NEXT_NUMBER = sa.select(sa.func.coalesce(sa.func.max(_c.number), 0) + 1)
_ADD = sa.insert(_mails)
_ALL = sa.select(*_COLUMNS).order_by(_c.number.desc())
_ONE = sa.select(*_COLUMNS).where(_c.number == sa.bindparam("which", type_=sa.BigInteger()))
_sized = sa.select(
    _c.number,
    sa.func.row_number().over(order_by=_c.number.desc()).label("place"),
    sa.func.sum(sa.func.length(_c.sealed_content)).over(order_by=_c.number.desc()).label("size"),
).subquery()
_REMOVE_BEYOND = sa.delete(_mails).where(
    _c.number.in_(
        sa.select(_sized.c.number).where(
            _sized.c.place > 1,
            sa.or_(
                _sized.c.place > sa.bindparam("most", type_=sa.BigInteger()),
                _sized.c.size > sa.bindparam("most_bytes", type_=sa.BigInteger()),
            ),
        )
    )
)
_REMOVE_BEFORE = sa.delete(_mails).where(_c.received_at < sa.bindparam("moment", type_=tables.UtcDateTime()))


class _Content(msgspec.Struct, frozen=True):
    """What is sealed."""

    mail: Mail
    source: str


_contents = mail_content.decoder(_Content)


class SqlReceivedMails:
    """The content is sealed: a copy of the database holds no token that still works."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal

    async def add(self, mail: Mail, source: str, received_at: datetime) -> None:
        """Add a mail under the next number."""
        await self._connection.take_turns(_NUMBERS)
        number: int = (await self._connection.fetch(_NEXT_NUMBER, {}))[0][0]
        sealed = self._seal.close(mail_content.encode(_Content(mail, source)), _context(number))
        await self._connection.change(_ADD, {"number": number, "sealed_content": sealed, "received_at": received_at})

    async def all(self) -> list[ReceivedMail]:
        """Return the mails, the newest first, without those that no secret of this process opens."""
        opened = map(self._open, await self._connection.fetch(_ALL, {}))
        return [received for received in opened if received is not None]

    async def find(self, number: int) -> ReceivedMail | None:
        rows = await self._connection.fetch(_ONE, {"which": number})
        return self._open(rows[0]) if rows else None

    async def remove_beyond(self, most: int, most_bytes: int) -> None:
        """Remove the oldest mails until `most` are left, in no more than `most_bytes`. The newest mail stays."""
        await self._connection.change(_REMOVE_BEYOND, {"most": most, "most_bytes": most_bytes})

    async def remove_before(self, moment: datetime) -> int:
        """Remove mails that were received before a moment. Return how many there were."""
        return await self._connection.change(_REMOVE_BEFORE, {"moment": moment})

    def _open(self, row: Row) -> ReceivedMail | None:
        number, sealed, received_at = row
        opened = self._seal.open(sealed, _context(number))
        if opened is None:
            return None
        content = _contents.decode(opened)
        return ReceivedMail(number, content.mail, content.source, received_at)


def _context(number: int) -> str:
    return f"received mail:{number}"
