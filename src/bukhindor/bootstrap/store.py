"""Which store an address names, and how its schema is migrated."""

import os
import threading
from collections.abc import Callable
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from typing import Protocol

from bukhindor.adapters.sql import schema
from bukhindor.adapters.sql.schema import DatabaseUrl
from bukhindor.adapters.sql.sqlite.transactions import SqliteTransactions
from bukhindor.adapters.sql.sqlite.url import SqliteUrl
from bukhindor.adapters.sql.unusable import DatabaseUnusable, SchemaError
from bukhindor.config import Settings
from bukhindor.ports import Seal, Transactions


class Store(Transactions, Protocol):
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
    """If this process ends, the other ends too, undoing the migration. Raises SchemaError, DatabaseUnusable."""
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_upgrade_and_report, args=(database, theirs), daemon=True)
    with ours:
        with theirs:
            process.start()
        try:
            outcome = ours.recv()
        except EOFError:
            outcome = "it ended without a word"
        except BaseException:
            process.terminate()
            raise
        process.join()
    if isinstance(outcome, DatabaseUnusable):
        raise outcome
    if outcome is not None:
        raise RuntimeError(f"The migration failed: {outcome}")


def _upgrade_and_report(database: DatabaseUrl, outcome: Connection) -> None:
    """Sends None when it is done, otherwise the obstacle: DatabaseUnusable or a text."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        schema.upgrade(database)
    except DatabaseUnusable as refusal:
        outcome.send(refusal)
    except Exception as error:
        outcome.send(f"{error} ({type(error).__name__})")
    else:
        outcome.send(None)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        # The main thread may be waiting for a lock of the database, and no process for the outcome.
        os._exit(1)


def require_schema(settings: Settings) -> None:
    """Like `prepare_schema` within this process; without MIGRATE_ON_START another schema is refused.

    Raises SchemaError, DatabaseUnusable.
    """
    if settings.store.migrate_on_start:
        schema.upgrade(settings.store.database)
    elif pending := schema.status(settings.store.database).pending:
        message = f"The database lacks {', '.join(pending)}: run `bukhindor migrate up` first."
        raise SchemaError(message)
