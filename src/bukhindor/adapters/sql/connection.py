"""What the repositories need from a database connection, so that they are written once for every database."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.sql.dml import UpdateBase

Row = Sequence[Any]
Parameters = Mapping[str, Any]


class UniqueViolation(Exception):
    """A row with this key already exists; the text names the columns or the index."""


class Connection(Protocol):
    """Runs statements inside one scope. Every method raises StoreUnavailable when the database can't respond, and
    WriteConflict when it undid the transaction in favour of another one.

    Statements are constants that are built once, with named parameters, so a connection compiles each of them a single
    time.
    """

    async def fetch(self, statement: sa.Select[Any], parameters: Parameters) -> Sequence[Row]:
        """All rows, in the columns' Python types."""

    async def fetch_held(self, statement: sa.Select[Any], parameters: Parameters) -> Sequence[Row]:
        """As `fetch`; in a writing transaction no other transaction changes these rows until it ends.

        Users come before what belongs to them, in the text of a statement too: rows are locked in that order, and two
        use cases that lock in different orders would wait for each other without end.
        """

    async def take_turns(self, subject: int) -> None:
        """In a writing transaction wait until no other one has taken its turn at the subject and still runs."""

    async def change(self, statement: UpdateBase, parameters: Parameters) -> int:
        """Return how many rows were written or removed. Raises UniqueViolation."""
