"""The errors of the PostgreSQL driver, and what they mean to a use case."""

import asyncio
import ssl

import asyncpg

from bukhindor.adapters.sql.connection import UniqueViolation
from bukhindor.domain.errors import StoreUnavailable, WriteConflict

_UNIQUE_VIOLATION = "23505"
# Serialization failure and deadlock: PostgreSQL has undone this transaction in favour of another one.
_CONFLICTS = frozenset({"40001", "40P01"})

# Classes and codes of PostgreSQL's Appendix A that concern the server's state, not a mistake of ours: connection
# exceptions, authorization, unknown database, insufficient resources, operator intervention, system errors ...
_OUTAGE_CLASSES = frozenset({"08", "28", "3D", "53", "57", "58", "XX"})
# ... a lock not obtained, a standby that can't write, a transaction that was idle too long or is in an unknown state,
# a right that was not granted, and the tables of another version of this program.
_OUTAGES = frozenset({"55P03", "55000", "25006", "25P03", "40003", "42501", "42P01", "42703"})
# One statement took too long, or waited too long for another transaction's lock; the next one may succeed.
_PASSING = frozenset({"55P03", "57014"})
_TOO_MANY_CONNECTIONS = "53300"

# The connection is gone or unusable; the server has not carried out the statement, or undoes it.
_LOST = frozenset({"57P01", "57P02", "57P03", "57P05", "25P03"})


def refusal_for(error: BaseException) -> BaseException:
    """WriteConflict, UniqueViolation or StoreUnavailable; otherwise the error itself, a programming error."""
    if isinstance(error, asyncpg.InvalidCachedStatementError):
        # A migration has changed a table since the statement was prepared. Nothing of the transaction happened.
        return WriteConflict()
    if isinstance(error, asyncpg.PostgresError):
        code = error.sqlstate or ""
        if code == _UNIQUE_VIOLATION:
            return UniqueViolation(error.constraint_name or "")
        if code in _CONFLICTS:
            return WriteConflict()
        return StoreUnavailable() if code in _OUTAGES or code[:2] in _OUTAGE_CLASSES else error
    is_outage = isinstance(error, OSError | asyncio.TimeoutError | ssl.SSLError | asyncpg.InternalClientError)
    return StoreUnavailable() if is_outage or _is_closed(error) else error


def is_lost(error: BaseException) -> bool:
    """Whether the connection broke before any response; another one may succeed at once."""
    if isinstance(error, asyncio.TimeoutError):
        return False
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "") in _LOST or (error.sqlstate or "")[:2] == "08"
    return isinstance(error, OSError) or _is_closed(error)


def is_passing(error: BaseException) -> bool:
    """Whether this one statement was refused, which says nothing about the server."""
    return isinstance(error, asyncpg.PostgresError) and (error.sqlstate or "") in _PASSING


def is_full(error: BaseException | None) -> bool:
    """Whether the server, the database or the role accepts no more connections now."""
    return isinstance(error, asyncpg.PostgresError) and error.sqlstate == _TOO_MANY_CONNECTIONS


def leaves_connection_sound(error: BaseException) -> bool:
    """Whether the server has responded, so that the connection is in the expected state."""
    return isinstance(error, asyncpg.PostgresError) and not is_lost(error)


def kind_of(error: BaseException) -> str:
    """A name from a small set, for counting."""
    if isinstance(error, asyncio.TimeoutError):
        return "timeout"
    if isinstance(error, asyncpg.PostgresError):
        code = error.sqlstate or ""
        if code in _CONFLICTS:
            return "conflict"
        if code == "57014":
            return "timeout"
        return "lock" if code == "55P03" else "connection" if is_lost(error) else "refused"
    return "connection"


def _is_closed(error: BaseException) -> bool:
    # The driver has no class of its own for the use of a recently closed connection; its pool takes such a connection
    # back itself.
    words = ("closed", "closing", "released back to the pool")
    return isinstance(error, asyncpg.InterfaceError) and any(word in str(error) for word in words)
