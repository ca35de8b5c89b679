"""What the repositories need of a database connection, so that they are written once for every database."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.sql.dml import UpdateBase

Row = Sequence[Any]
Parameters = Mapping[str, Any]


class UniqueViolation(Exception):
    """A row with this key exists already; the text names the columns or the index."""


class Connection(Protocol):
    """Runs statements inside of one scope. Every method raises StoreUnavailable when the database can't answer, and
    WriteConflict when it undid the transaction to let another one go on.

    Statements are constants that are built once, with named parameters: that lets a connection compile each of
    them a single time.
    """

    async def fetch(self, statement: sa.Select[Any], parameters: Parameters) -> Sequence[Row]:
        """All rows, in the columns' Python types."""

    async def fetch_held(self, statement: sa.Select[Any], parameters: Parameters) -> Sequence[Row]:
        """As `fetch`; in a writing transaction nobody else changes these rows until it ends.

        Users come before what belongs to them, in the text of a statement too: rows are held in that order, and two
        use cases that hold in different orders would wait for each other for ever.
        """

    async def take_turns(self, subject: int) -> None:
        """In a writing transaction wait until no other one has taken its turn at the subject and goes on."""

    async def change(self, statement: UpdateBase, parameters: Parameters) -> int:
        """How many rows were written or removed. Raises UniqueViolation."""
