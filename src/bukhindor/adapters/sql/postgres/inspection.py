"""An inspection of a PostgreSQL database for `doctor`, which changes nothing."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bukhindor.adapters.sql.postgres.explanation import CONNECTION_ERRORS, unusable
from bukhindor.adapters.sql.postgres.hosts import Hosts
from bukhindor.adapters.sql.postgres.pool import Patience
from bukhindor.adapters.sql.postgres.schema import version_in
from bukhindor.adapters.sql.postgres.statements import compiled
from bukhindor.adapters.sql.postgres.url import PostgresUrl
from bukhindor.adapters.sql.repositories.signing_keys import SIGNING_KEY_COLUMNS, to_signing_key
from bukhindor.adapters.sql.repositories.users import BY_EMAIL, to_user
from bukhindor.adapters.sql.schema_version import Version
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.signing_key import SigningKey
from bukhindor.domain.user import User

_SURELY_ENCRYPTED = ("require", "verify-ca", "verify-full")

_STATE = """
SELECT current_setting('server_version') AS version,
       pg_is_in_recovery() AS is_standby,
       current_setting('transaction_read_only') = 'on' AS is_read_only,
       current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on'
           AND current_setting('synchronous_commit') <> 'off' AS is_durable,
       (SELECT CASE WHEN coalesce(to_jsonb(here) ->> 'datlocprovider', 'c') = 'c' THEN datctype ELSE '' END
           FROM pg_database here WHERE datname = current_database()) AS letters,
       EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm') AS has_trigrams,
       least(
           current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
               - coalesce(current_setting('reserved_connections', true), '0')::int,
           nullif((SELECT datconnlimit FROM pg_database WHERE datname = current_database()), -1),
           nullif((SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user), -1)
       ) AS connections,
       (SELECT count(*) FROM pg_stat_activity WHERE datid IS NOT NULL AND pid <> pg_backend_pid()) AS in_use,
       (SELECT CASE WHEN ssl THEN version ELSE '' END FROM pg_stat_ssl WHERE pid = pg_backend_pid()) AS tls
"""
_KEYS = sa.select(*SIGNING_KEY_COLUMNS)
_MAILS = "SELECT count(*), count(failed_at) FROM outbox"


@dataclass(frozen=True, slots=True)
class PostgresState:
    """What the inspection found. `tls` is its version, "" without it, None when a pooler in between hides it.

    `is_pooled`: a pooler is in between. `letters` is LC_CTYPE, "" where another library than the system's knows the
    letters. `connections` is how many this role may open in this database at most, `in_use` how many all roles have
    open now. `clock_ahead` is the server's clock minus this machine's. Keys, mails and `users` are read only when this
    program can work on the schema.
    """

    version: str
    is_pooled: bool
    tls: str | None
    is_standby: bool
    is_read_only: bool
    is_durable: bool
    letters: str
    has_trigrams: bool
    connections: int
    in_use: int
    clock_ahead: timedelta
    schema: Version | None
    signing_keys: tuple[SigningKey, ...] = ()
    waiting_mails: int = 0
    failed_mails: int = 0
    users: tuple[User, ...] = ()


def inspect(
    address: PostgresUrl, patience: float, now: Callable[[], datetime], emails: Iterable[EmailAddress] = ()
) -> PostgresState:
    """The state of the database, over a separate connection, with a limit of `patience` seconds for each response.

    `emails` are the addresses whose users it reads.

    Raises DatabaseUnusable.
    """
    try:
        return asyncio.run(_inspect(address, patience, now, emails))
    except CONNECTION_ERRORS as error:
        raise unusable(address, error) from error


async def _inspect(
    address: PostgresUrl, patience: float, now: Callable[[], datetime], emails: Iterable[EmailAddress]
) -> PostgresState:
    hosts = Hosts(address)
    connection: Any = await hosts.connect(
        timeout=address.connecting_within(patience),
        command_timeout=patience,
        statement_cache_size=0,
        # As the service does.
        server_settings=Patience().settings,
    )
    try:
        async with connection.transaction():
            found = await connection.fetchrow(_STATE)
            clock_ahead = await _clock_ahead(connection, now)
            schema = await version_in(connection)
            keys: tuple[SigningKey, ...] = ()
            users: list[User] = []
            mails = failed = 0
            if schema is not None and schema.serves_us:
                query = compiled(_KEYS, ())
                keys = tuple(map(to_signing_key, query.rows(await connection.fetch(query.sql))))
                mails, failed = await connection.fetchrow(_MAILS)
                by_email = compiled(BY_EMAIL, ("address",))
                for email in emails:
                    found_users = await connection.fetch(by_email.sql, *by_email.values({"address": email.value}))
                    users += map(to_user, by_email.rows(found_users))
    finally:
        await connection.close(timeout=patience)
    return PostgresState(
        version=found["version"].partition(" ")[0],
        is_pooled=hosts.is_pooled,
        tls=_tls(address, found["tls"], is_pooled=hosts.is_pooled),
        is_standby=found["is_standby"],
        is_read_only=found["is_read_only"],
        is_durable=found["is_durable"],
        letters=found["letters"],
        has_trigrams=found["has_trigrams"],
        connections=found["connections"],
        in_use=found["in_use"],
        clock_ahead=clock_ahead,
        schema=schema,
        signing_keys=keys,
        waiting_mails=mails - failed,
        failed_mails=failed,
        users=tuple(users),
    )


async def _clock_ahead(connection: Any, now: Callable[[], datetime]) -> timedelta:
    before = now()
    there: datetime = await connection.fetchval("SELECT clock_timestamp()")
    return there - (before + (now() - before) / 2)


def _tls(address: PostgresUrl, of_server: str | None, *, is_pooled: bool) -> str | None:
    if not is_pooled:
        return of_server or ""
    # The server reports how the pooler reaches it.
    if address.tls in _SURELY_ENCRYPTED:
        return "TLS"
    return "" if address.tls == "disable" else None
