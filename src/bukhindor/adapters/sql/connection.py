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
    """Runs statements inside of one scope. Both methods raise StoreUnavailable when the database can't answer.

    Statements are constants that are built once, with named parameters: that lets a connection compile each of
    them a single time.
    """

    async def fetch(self, statement: sa.Select[Any], parameters: Parameters) -> Sequence[Row]:
        """All rows, in the columns' Python types."""

    async def change(self, statement: UpdateBase, parameters: Parameters) -> int:
        """How many rows were written or removed. Raises UniqueViolation."""
