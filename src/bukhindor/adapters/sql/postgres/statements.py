"""Core statements in the form that the PostgreSQL driver takes: SQL with $1, $2 …, and the values in that order.

A statement is compiled once and then goes straight to the driver, as on SQLite: see `sqlite.statements`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.sql.dml import UpdateBase

from bukhindor.adapters.sql.connection import Parameters, Row

_DIALECT = asyncpg.dialect()  # type: ignore[no-untyped-call]

Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Compiled:
    """SQL text; for each of its places the parameter's name, or None and the constant; and the functions that convert
    values to the driver's types and back.
    """

    sql: str
    places: Sequence[tuple[str | None, Any]]
    to_driver: Sequence[tuple[int, Convert]]
    to_python: Sequence[tuple[int, Convert]]

    def values(self, parameters: Parameters) -> list[Any]:
        values = [constant if name is None else parameters[name] for name, constant in self.places]
        for index, convert in self.to_driver:
            values[index] = convert(values[index])
        return values

    def rows(self, found: Sequence[Row]) -> Sequence[Row]:
        """The rows from the driver, in the columns' Python types."""
        if not self.to_python:
            return [tuple(record) for record in found]
        rows = [list(record) for record in found]
        for row in rows:
            for index, convert in self.to_python:
                row[index] = convert(row[index])
        return rows


@cache
def compiled(statement: sa.Select[Any] | UpdateBase, names: tuple[str, ...], *, held: bool = False) -> Compiled:
    """`held` locks the rows of a query until the transaction ends, those of the first table first."""
    if held and isinstance(statement, sa.Select):
        statement = statement.with_for_update()
    text = statement.compile(dialect=_DIALECT, column_keys=list(names))
    order = text.positiontup or ()
    places = [(name, None) if name in names else (None, text.params[name]) for name in order]
    to_driver: list[tuple[int, Convert]] = []
    for index, name in enumerate(order):
        convert = text.binds[name].type.dialect_impl(_DIALECT).bind_processor(_DIALECT)
        if convert is not None:
            to_driver.append((index, convert))
    to_python: list[tuple[int, Convert]] = []
    if isinstance(statement, sa.Select):
        for index, column in enumerate(statement.selected_columns):
            convert = column.type.dialect_impl(_DIALECT).result_processor(_DIALECT, None)
            if convert is not None:
                to_python.append((index, convert))
    return Compiled(str(text), places, to_driver, to_python)
