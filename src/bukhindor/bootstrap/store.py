"""Which store an address names, and how its schema is migrated."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from bukhindor.adapters.sql import schema
from bukhindor.adapters.sql.mailbox import Scope, WritingScope
from bukhindor.adapters.sql.repositories.all import ReadingScope
from bukhindor.adapters.sql.schema import DatabaseUrl
from bukhindor.adapters.sql.sqlite.transactions import SqliteTransactions
from bukhindor.adapters.sql.sqlite.url import SqliteUrl
from bukhindor.adapters.sql.traced import SqlStore, SqlTransaction
from bukhindor.adapters.sql.unusable import DatabaseUnusable, SchemaError
from bukhindor.config import Settings
from bukhindor.domain.errors import StoreUnavailable
from bukhindor.ports.secrets import Seal
from bukhindor.ports.store.full import AllRepositories, FullStore, FullTransaction


class StoreReading(AllRepositories, Scope, Protocol):
    """Everything that is stored, the development mailbox included."""


class StoreTransaction(FullTransaction, WritingScope, SqlTransaction, Protocol):
    """The same, to be written."""


class StoreScopes(FullStore, Protocol):
    """What reads and writes need of the store."""

    def begin(self) -> AbstractAsyncContextManager[StoreTransaction]:
        """A writing transaction."""

    def scan(self) -> AbstractAsyncContextManager[StoreReading]:
        """Reads that may take long."""


class Store(SqlStore, StoreScopes, Protocol):
    def begin(self) -> AbstractAsyncContextManager[StoreTransaction]:
        """A writing transaction."""

    def read(self) -> ReadingScope:
        """Short reads."""

    def scan(self) -> ReadingScope:
        """Reads that may take long."""

    async def close(self) -> None:
        """Finish the commits under way and release the database."""

    def drop(self) -> None:
        """Release a database that was never used."""


def open_store(
    settings: Settings,
    seal: Seal,
    *,
    owner: bool,
    on_wait: Callable[[float], None] | None = None,
    on_error: Callable[[str], None] | None = None,
) -> Store:
    """`owner` is the one server of an embedded database. `on_wait` gets how long the service waits for a database
    server, in seconds, and `on_error` how it fails. Raises DatabaseInUse, DatabaseUnusable.
    """
    database = settings.store.database
    if isinstance(database, SqliteUrl):
        return SqliteTransactions(database.path, owner=owner, seal=seal)
    # Its driver takes memory that an embedded database does not need.
    from bukhindor.adapters.sql.postgres.transactions import PostgresTransactions  # noqa: PLC0415

    return PostgresTransactions(
        database, size=settings.store.database_pool_size, seal=seal, on_wait=on_wait, on_error=on_error
    )


def prepare_schema(settings: Settings) -> None:
    """Migrate the schema if MIGRATE_ON_START says so. Raises SchemaError, DatabaseUnusable.

    It happens in another process: the migration tool takes 9 MB, which this one would never release.
    """
    if settings.store.migrate_on_start and schema.status(settings.store.database).pending:
        _upgrade_aside(settings.store.database)


def _upgrade_aside(database: DatabaseUrl) -> None:
    # What starts processes takes memory that a service with a current schema has no use for.
    from bukhindor.bootstrap.migration import upgrade_aside  # noqa: PLC0415

    upgrade_aside(database)


def require_schema(settings: Settings) -> None:
    """Like `prepare_schema` within this process; without MIGRATE_ON_START another schema is refused.

    Raises SchemaError, DatabaseUnusable.
    """
    if settings.store.migrate_on_start:
        schema.upgrade(settings.store.database)
    elif problem := schema_problem(settings):
        raise SchemaError(problem)


def schema_problem(settings: Settings) -> str:
    """What the schema lacks, and what to do; "" when this program can work on it.

    Raises SchemaError for a schema that only a newer program knows, DatabaseUnusable.
    """
    database = settings.store.database
    found = schema.status(database)
    if not found.pending:
        return ""
    lacks = "has no schema yet" if found.current is None else f"lacks {', '.join(found.pending)}"
    return f"{database} {lacks}: run `bukhindor migrate up`."


def require_hope(settings: Settings, refusal: StoreUnavailable) -> None:
    """Return for a database that may be usable later, and raise DatabaseUnusable for one that never will be."""
    if settings.store.database.is_embedded:
        return
    from bukhindor.adapters.sql.postgres.hosts import UnfitEncoding  # noqa: PLC0415

    if isinstance(refusal.__cause__, UnfitEncoding):
        raise DatabaseUnusable(refusal.explanation) from refusal
