"""Core statements on a held sqlite3 connection.

A statement is compiled once and then goes straight to the driver: executing it through an engine's connection costs
several times what SQLite itself needs, and each signed-in request reads from here.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.sql.dml import UpdateBase

from bukhindor.adapters.sql.connection import Parameters, Row, UniqueViolation
from bukhindor.domain.errors import StoreUnavailable

_DIALECT = pysqlite.dialect(paramstyle="named")
_PRIMARY_CODE = 0xFF
_UNIQUE_CODES = frozenset({sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY})

LOCKED = "another process keeps it locked"
"""Why a store does not take writes for a while."""

_DAMAGED = "its file is damaged"
# What is wrong with the file; every other error is a programming error and stays visible.
_OUTAGES = {
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_LOCKED: LOCKED,
    sqlite3.SQLITE_PROTOCOL: LOCKED,
    sqlite3.SQLITE_NOMEM: "its process is out of memory",
    sqlite3.SQLITE_READONLY: "its file or folder is read-only",
    sqlite3.SQLITE_INTERRUPT: "it was interrupted",
    sqlite3.SQLITE_IOERR: "its disk fails to read or write",
    sqlite3.SQLITE_FULL: "its disk is full",
    sqlite3.SQLITE_CANTOPEN: "its files can't be opened",
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
}

Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Compiled:
    """SQL text, its constants, and the functions that convert values to SQLite's types and back."""

    sql: str
    constants: Mapping[str, Any]
    to_sqlite: Sequence[tuple[str, Convert]]
    to_python: Sequence[tuple[int, Convert]]


def fetch(connection: sqlite3.Connection, statement: sa.Select[Any], parameters: Parameters) -> list[Row]:
    """Return all rows of a query. Raises StoreUnavailable, and sqlite3.Error for a programming error."""
    compiled = _compiled(statement, tuple(parameters))
    try:
        # Fetching all of them ends the statement, and with it SQLite's read transaction.
        found = connection.execute(compiled.sql, _bound(compiled, parameters)).fetchall()
    except sqlite3.Error as error:
        raise refusal_for(error) from error
    converters = compiled.to_python
    rows: list[Row] = []
    for values in found:
        row = list(values)
        for index, convert in converters:
            value = row[index]
            # NULL is None in every type: most of what may be NULL is, and each call costs.
            if value is not None:
                row[index] = convert(value)
        rows.append(row)
    return rows


def change(connection: sqlite3.Connection, statement: UpdateBase, parameters: Parameters) -> int:
    """Return the number of rows written. Raises UniqueViolation, StoreUnavailable, and sqlite3.Error for a programming
    error.
    """
    compiled = _compiled(statement, tuple(parameters))
    try:
        return connection.execute(compiled.sql, _bound(compiled, parameters)).rowcount
    except sqlite3.Error as error:
        raise refusal_for(error) from error


def refusal_for(error: sqlite3.Error) -> Exception:
    """StoreUnavailable for an outage, UniqueViolation for a second row with one key, otherwise the error itself."""
    if error_code(error) in _UNIQUE_CODES:
        return UniqueViolation(str(error))
    return StoreUnavailable(reason=reason_of(error)) if is_outage(error) else error


def is_outage(error: sqlite3.Error) -> bool:
    """Whether the disk, a lock or a damaged file is the cause."""
    return error_code(error) & _PRIMARY_CODE in _OUTAGES


def reason_of(error: BaseException) -> str:
    """What is wrong with the file, in words for people."""
    if isinstance(error, StoreUnavailable):
        return error.reason
    code = error_code(error) & _PRIMARY_CODE if isinstance(error, sqlite3.Error) else -1
    return _OUTAGES.get(code, "unreachable")


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another connection holds the lock."""
    return error_code(error) & _PRIMARY_CODE == sqlite3.SQLITE_BUSY


def error_code(error: sqlite3.Error) -> int:
    """SQLite's extended result code, or -1 for an error of the driver."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return -1 if code is None else code


def _bound(compiled: _Compiled, parameters: Parameters) -> dict[str, Any]:
    values = {**compiled.constants, **parameters}
    for name, convert in compiled.to_sqlite:
        values[name] = convert(values[name])
    return values


@cache
def _compiled(statement: sa.Select[Any] | UpdateBase, names: tuple[str, ...]) -> _Compiled:
    compiled = statement.compile(dialect=_DIALECT, column_keys=list(names))
    to_sqlite = []
    for name, bound in compiled.binds.items():
        convert = bound.type.dialect_impl(_DIALECT).bind_processor(_DIALECT)
        if convert is not None:
            to_sqlite.append((name, convert))
    to_python = []
    if isinstance(statement, sa.Select):
        for index, column in enumerate(statement.selected_columns):
            convert = column.type.dialect_impl(_DIALECT).result_processor(_DIALECT, None)
            if convert is not None:
                to_python.append((index, convert))
    constants = {name: value for name, value in compiled.params.items() if name not in names}
    return _Compiled(str(compiled), constants, to_sqlite, to_python)
