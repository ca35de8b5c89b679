"""What all tables share: their names, and timestamps."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator, TypeEngine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class UtcDateTime(TypeDecorator[datetime]):
    """A timestamp with microseconds: TIMESTAMPTZ on PostgreSQL, elsewhere an integer of microseconds since 1970.

    SQLite has no type for time; integers compare and sort correctly and can't lose the zone. A naive datetime is
    refused with a TypeError.
    """

    impl = sa.BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(sa.TIMESTAMP(timezone=True))
        return dialect.type_descriptor(sa.BigInteger())

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[datetime | None], int | None] | None:
        return None if dialect.name == "postgresql" else _to_microseconds

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        # Every signed-in request reads seven of these: the usual way through process_result_value costs twice as much.
        # The PostgreSQL driver returns them in UTC already.
        return None if dialect.name == "postgresql" else _from_microseconds


def _to_microseconds(value: datetime | None) -> int | None:
    return None if value is None else (value - _EPOCH) // _MICROSECOND


def _from_microseconds(value: int | None) -> datetime | None:
    return None if value is None else _EPOCH + timedelta(0, 0, value)


REMOVED_AT_ONCE = 1000
"""How many rows one purge may take: writers wait some milliseconds for it, not for all expired rows."""

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)
