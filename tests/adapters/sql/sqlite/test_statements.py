"""How statements reach SQLite, and how its failures come back."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from bukhindor.adapters.sql import tables
from bukhindor.adapters.sql.repositories.signing_keys import from_signing_key
from bukhindor.adapters.sql.repositories.users import USER_COLUMNS, from_user, to_user
from bukhindor.adapters.sql.sqlite import statements
from bukhindor.adapters.sql.sqlite.file import SqliteFile
from bukhindor.domain.errors import StoreUnavailable
from tests.makers import T0, make_signing_key, make_user

ADD_USER = sa.insert(tables.users)
ALL_USERS = sa.select(*USER_COLUMNS)
ADD_KEY = sa.insert(tables.signing_keys)


@pytest.fixture
def connection(database: Path) -> Iterator[sqlite3.Connection]:
    with closing(SqliteFile(database).connect(timeout=0, cache_kibibytes=256)) as connection:
        yield connection


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("fullfsync", 1),
        ("foreign_keys", 1),
        ("wal_autocheckpoint", 0),
        ("busy_timeout", 0),
    ],
)
def test_every_connection_is_set_up_for_safety(connection: sqlite3.Connection, setting: str, value: str | int) -> None:
    """REL-04: FULL (2) waits for the disk at every commit. REL-05: no connection checkpoints by itself."""
    assert connection.execute(f"PRAGMA {setting}").fetchone() == (value,)


@pytest.mark.parametrize(
    "moment",
    [
        T0,
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 3, 29, 3, 0, tzinfo=timezone(timedelta(hours=5, minutes=45))),
    ],
)
def test_a_moment_keeps_its_microseconds_and_becomes_utc(connection: sqlite3.Connection, moment: datetime) -> None:
    """REL-16."""
    statements.change(connection, ADD_USER, from_user(make_user(created_at=moment)))
    found = to_user(statements.fetch(connection, ALL_USERS, {})[0])
    assert found.created_at == moment
    assert found.created_at.tzinfo is UTC


def test_a_moment_without_a_zone_is_refused(connection: sqlite3.Connection) -> None:
    user = make_user(created_at=datetime(2026, 3, 1))  # noqa: DTZ001
    with pytest.raises(TypeError, match="naive"):
        statements.change(connection, ADD_USER, from_user(user))


def test_another_database_keeps_its_own_type_for_moments() -> None:
    dialect: sa.Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    moment = tables.UtcDateTime()
    assert str(moment.compile(dialect)) == "TIMESTAMP WITH TIME ZONE"
    assert moment.bind_processor(dialect) is None
    assert moment.result_processor(dialect, None) is None


@pytest.mark.parametrize(("column", "value"), [("role", "king"), ("status", "asleep")])
def test_the_database_refuses_words_that_mean_nothing(connection: sqlite3.Connection, column: str, value: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match=f"ck_users_{column}"):
        statements.change(connection, ADD_USER, {**from_user(make_user()), column: value})


def test_a_lock_is_an_outage(connection: sqlite3.Connection, database: Path) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable):
            statements.change(connection, ADD_KEY, from_signing_key(make_signing_key()))


def test_a_database_that_may_not_be_written_is_an_outage_for_writers_only(database: Path) -> None:
    """REL-07."""
    with closing(SqliteFile(database).connect(timeout=0, cache_kibibytes=256, read_only=True)) as connection:
        with pytest.raises(StoreUnavailable):
            statements.change(connection, ADD_KEY, from_signing_key(make_signing_key()))
        assert statements.fetch(connection, ALL_USERS, {}) == []


def test_a_mistake_of_the_program_stays_visible(connection: sqlite3.Connection) -> None:
    connection.execute("DROP TABLE users")
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        statements.fetch(connection, ALL_USERS, {})
