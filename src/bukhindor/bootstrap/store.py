"""Which store there is, by its address, and how its schema is brought up to date."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Protocol

from bukhindor.adapters.sql import schema
from bukhindor.adapters.sql.sqlite import SqliteTransactions
from bukhindor.adapters.sql.unusable import SchemaError
from bukhindor.config import Settings
from bukhindor.ports import Seal, Transactions


class Store(Transactions, Protocol):
    async def close(self) -> None:
        """Finish what is being committed and let go of the database."""


def open_store(
    settings: Settings,
    seal: Seal,
    *,
    owner: bool,
    on_wait: Callable[[float], None] | None = None,
    on_error: Callable[[str], None] | None = None,
) -> Store:
    """`owner` is the one server of an embedded database. `on_wait` and `on_error` are told what a database server
    makes the service wait for, in seconds, and how it fails. Raises DatabaseInUse, DatabaseUnusable."""
    if settings.is_embedded:
        return SqliteTransactions(settings.database_file, owner=owner, seal=seal)
    # Its driver takes memory that an embedded database has no use for.
    from bukhindor.adapters.sql.postgres import PostgresTransactions  # noqa: PLC0415

    return PostgresTransactions(
        settings.database_url, size=settings.database_pool_size, seal=seal, on_wait=on_wait, on_error=on_error
    )


def prepare_schema(settings: Settings) -> None:
    """Bring the schema up to date where MIGRATE_ON_START says so. Raises SchemaError, DatabaseUnusable.

    It happens in another process: the migration tool takes 9 MB, which this one would keep for nothing.
    """
    if settings.migrate_on_start and schema.status(settings.database_url).pending:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as aside:
            aside.submit(schema.upgrade, settings.database_url).result()


def require_schema(settings: Settings) -> None:
    """Like `prepare_schema` within this process; without MIGRATE_ON_START another schema is refused.

    Raises SchemaError, DatabaseUnusable.
    """
    if settings.migrate_on_start:
        schema.upgrade(settings.database_url)
    elif pending := schema.status(settings.database_url).pending:
        message = f"The database lacks {', '.join(pending)}: run `bukhindor migrate up` first."
        raise SchemaError(message)
