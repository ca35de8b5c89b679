"""Filling the service's database with accounts, by cloning one that the service made itself.

Every clone has an id, an email address and one session of its own and shares everything else, the password hash too.
Nothing here knows the schema beyond the names of two tables and of their keys.
"""

import os
import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg

PASSWORD = "seven green lanterns over the harbour"
TEMPLATE = "template@example.com"

_YEAR_MS = 365 * 24 * 3600 * 1000

Row = dict[str, object]


def email_of(number: int) -> str:
    return f"user{number}@example.com"


def password_hash(database: Path) -> str:
    with closing(sqlite3.connect(database)) as connection:
        return str(connection.execute("SELECT password_hash FROM users LIMIT 1").fetchone()[0])


def add_users(database: Path, first: int, end: int) -> None:
    """Add the users `first` to `end` - 1 with a session each, then wait until the disk has it all."""
    with closing(sqlite3.connect(database)) as connection:
        # Nothing is lost if this database breaks, so it is written the fastest way.
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -200000")
        user = _template(connection, "SELECT * FROM users WHERE email = ?", TEMPLATE)
        session = _template(connection, "SELECT * FROM user_sessions WHERE user_id = ?", user["id"])
        ids = sorted(_spread_id() for _ in range(first, end))
        # Addresses and ids are in different orders, as they are in life.
        numbers = random.sample(range(first, end), end - first)
        with connection:
            _insert(connection, "users", user, _users(user, ids, numbers))
            _insert(connection, "user_sessions", session, _sessions(session, ids))
        connection.execute("PRAGMA journal_mode = WAL")
    with database.open("rb") as written:
        os.fsync(written.fileno())


def _template(connection: sqlite3.Connection, query: str, value: object) -> Row:
    cursor = connection.execute(query, (value,))
    return dict(zip((column[0] for column in cursor.description), cursor.fetchone(), strict=True))


def _users(template: Row, ids: list[UUID], numbers: list[int]) -> Iterator[Row]:
    addressed = {name: value for name, value in template.items() if isinstance(value, str) and TEMPLATE in value}
    for user_id, number in zip(ids, numbers, strict=True):
        own = {name: value.replace(TEMPLATE, email_of(number)) for name, value in addressed.items()}
        yield {**template, "id": _like(template["id"], user_id), **own}


def _sessions(template: Row, user_ids: list[UUID]) -> Iterator[Row]:
    session_ids = sorted(uuid4() for _ in user_ids)
    owners = random.sample(user_ids, len(user_ids))
    for session_id, owner in zip(session_ids, owners, strict=True):
        yield {**template, "id": _like(template["id"], session_id), "user_id": _like(template["user_id"], owner)}


def _insert(connection: sqlite3.Connection, table: str, template: Row, rows: Iterator[Row]) -> None:
    columns = ", ".join(f'"{name}"' for name in template)
    places = ", ".join("?" for _ in template)
    statement = f'INSERT INTO "{table}" ({columns}) VALUES ({places})'
    connection.executemany(statement, (tuple(row.values()) for row in rows))


def _spread_id() -> UUID:
    """A version 7 UUID of a moment in the last year."""
    moment = int(time.time() * 1000) - random.randrange(_YEAR_MS)
    return UUID(int=moment << 80 | 0x7 << 76 | random.getrandbits(12) << 64 | 0x2 << 62 | random.getrandbits(62))


def _like(stored: object, identifier: UUID) -> bytes | str:
    """An identifier in the form in which the database keeps its own."""
    if isinstance(stored, bytes):
        return identifier.bytes
    return str(identifier) if len(str(stored)) == 36 else identifier.hex


async def add_postgres_users(url: str, count: int) -> None:
    """The same on PostgreSQL, where the server itself makes the clones."""
    connection = await asyncpg.connect(url)
    try:
        user = await _columns(connection, "users")
        session = await _columns(connection, "user_sessions")
        made = ", ".join(_USER_VALUES.get(name, f'u."{name}"') for name in user)
        await connection.execute(
            f"INSERT INTO users ({_quoted(user)}) "
            f"SELECT {made} FROM users u, generate_series(0, {count - 1}) n WHERE u.email = '{TEMPLATE}'"
        )
        own = {"id": "gen_random_uuid()", "user_id": "u.id"}
        made = ", ".join(own.get(name, f's."{name}"') for name in session)
        await connection.execute(
            f"INSERT INTO user_sessions ({_quoted(session)}) "
            f"SELECT {made} FROM (SELECT * FROM user_sessions LIMIT 1) s, users u WHERE u.email <> '{TEMPLATE}'"
        )
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


_OWN_ADDRESS = "'user' || n || '@example.com'"
_USER_VALUES = {
    "id": "gen_random_uuid()",
    "email": _OWN_ADDRESS,
    "search_text": f"replace(u.search_text, '{TEMPLATE}', {_OWN_ADDRESS})",
}


async def _columns(connection: Any, table: str) -> list[str]:
    query = "SELECT column_name FROM information_schema.columns WHERE table_name = $1 ORDER BY ordinal_position"
    return [row[0] for row in await connection.fetch(query, table)]


def _quoted(columns: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)
