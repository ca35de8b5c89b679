"""A migration in a process of its own, so that the migration tool leaves nothing in the memory of the service."""

import os
import threading
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection

from bukhindor.adapters.sql import schema
from bukhindor.adapters.sql.schema import DatabaseUrl
from bukhindor.adapters.sql.unusable import DatabaseUnusable


def upgrade_aside(database: DatabaseUrl) -> None:
    """Whatever ends this process ends the other one, and undoes the migration. Raises SchemaError, DatabaseUnusable."""
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
    """Sends None when it is done, else what keeps it from that: DatabaseUnusable or a text."""
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
        # The main thread may wait for a lock of the database, and no process for the outcome.
        os._exit(1)
