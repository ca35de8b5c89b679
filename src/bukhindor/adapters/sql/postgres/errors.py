"""The errors of PostgreSQL and its driver, and what each of them means: one table."""

import asyncio
from dataclasses import dataclass, replace
from enum import Enum, auto

import asyncpg

from bukhindor.adapters.sql.connection import UniqueViolation
from bukhindor.adapters.sql.postgres.hosts import UnfitEncoding
from bukhindor.domain.errors import StoreUnavailable, WriteConflict


class Condemned(Enum):
    """Which connections may not be used again after an error.

    NONE: the server has responded, and the connection is in the expected state. THIS: its own state is unknown, or it
    is gone. ALL: what has happened to it has happened to the server, and so to every connection that is open now.
    OLDER: all of them except those opened just now, because another new one would lead to the same server in the same
    state.
    """

    NONE = auto()
    THIS = auto()
    ALL = auto()
    OLDER = auto()


@dataclass(frozen=True, slots=True)
class Meaning:
    """`kind` counts the error. `refusal` is what the use case gets; None is the error itself, a mistake of ours.

    `reason` says what is wrong with a database that can't be used. `may_repeat`: the server has not carried out the
    statement, and a new connection may do so at once. `is_passing`: this one statement was refused, which says nothing
    about the server. `is_lasting`: until an administrator changes a setting, this comes and goes with each request.
    """

    kind: str
    refusal: type[Exception] | None = StoreUnavailable
    condemned: Condemned = Condemned.NONE
    may_repeat: bool = False
    is_passing: bool = False
    is_lasting: bool = False
    reason: str = "unreachable"


_REFUSED = Meaning("refused", reason="it refuses what this program asks for")
_MISTAKE = Meaning("refused", None)
_CONFLICT = Meaning("conflict", WriteConflict)
_BROKEN = Meaning("connection", condemned=Condemned.ALL, may_repeat=True)
_BROKEN_ALONE = replace(_BROKEN, condemned=Condemned.THIS)
_SHARED = replace(_BROKEN_ALONE, is_lasting=True, reason="a pooler shares its connections between clients")

# Codes and classes of PostgreSQL's Appendix A; the code of an error comes before its class.
_BY_CODE: dict[str, Meaning] = {
    # PostgreSQL has undone this transaction in favour of another one: serialization failure and deadlock.
    "40001": _CONFLICT,
    "40P01": _CONFLICT,
    # A commit whose outcome the server doesn't know.
    "40003": Meaning("connection", condemned=Condemned.THIS),
    "23505": Meaning("refused", UniqueViolation),
    # A lock that was not obtained, and a statement that took too long; the next one may succeed.
    "55P03": Meaning("lock", is_passing=True),
    "57014": Meaning("timeout", is_passing=True),
    # The server has become a standby, or only reads for now; with several hosts another one may take writes.
    "25006": Meaning("read_only", condemned=Condemned.OLDER, may_repeat=True, reason="it takes no writes"),
    # The server has ended a transaction that was idle or took too long, or a session that was idle.
    "25P03": _BROKEN_ALONE,
    "25P04": _BROKEN_ALONE,
    "57P05": _BROKEN_ALONE,
    # An administrator ended the session or stopped the server; it crashed; it is starting; the database was dropped.
    "57P01": _BROKEN,
    "57P02": _BROKEN,
    "57P03": _BROKEN,
    "57P04": _BROKEN,
    # A pooler has led the connection to another session, which does not have our prepared statements, or other ones.
    "26000": _SHARED,
    "42P05": _SHARED,
    # A right that was not granted, tables of another version of this program, and a server that is not in the state
    # for this statement.
    "42501": _REFUSED,
    "42P01": _REFUSED,
    "42703": _REFUSED,
    "55000": _REFUSED,
}
_BY_CLASS: dict[str, Meaning] = {
    "08": _BROKEN,
    # Authorization, unknown database, insufficient resources, operator intervention, system error, internal error.
    "28": replace(_REFUSED, reason="it refuses the login"),
    "3D": replace(_REFUSED, reason="it does not exist"),
    "53": replace(_REFUSED, reason="its server is out of room, memory or connections"),
    "57": _REFUSED,
    "58": _REFUSED,
    "XX": _REFUSED,
}
_OF_THE_DRIVER: tuple[tuple[type[BaseException], Meaning], ...] = (
    # A migration has changed a table since the statement was prepared. Nothing of the transaction happened.
    (asyncpg.InvalidCachedStatementError, _CONFLICT),
    (UnfitEncoding, replace(_REFUSED, reason="its encoding is not UTF8")),
    # The server ends a statement sooner than we do: one that is silent until then can't be heard, by no connection.
    (asyncio.TimeoutError, Meaning("timeout", condemned=Condemned.ALL)),
    (OSError, _BROKEN),
    (
        asyncpg.TargetServerAttributeNotMatched,
        Meaning("connection", condemned=Condemned.THIS, reason="no server takes writes"),
    ),
    (asyncpg.InternalClientError, Meaning("connection", condemned=Condemned.THIS)),
)
_CLOSED = ("closed", "closing", "released back to the pool")
_TOO_MANY_CONNECTIONS = "53300"


def meaning_of(error: BaseException) -> Meaning:
    """The error's place in the table. One that has none is a mistake of ours, and leaves an unknown state."""
    for kind, meaning in _OF_THE_DRIVER:
        if isinstance(error, kind):
            return meaning
    if isinstance(error, asyncpg.PostgresError):
        code = error.sqlstate or ""
        return _BY_CODE.get(code) or _BY_CLASS.get(code[:2]) or _MISTAKE
    # The driver has no class of its own for the use of a recently closed connection; its pool takes such a connection
    # back itself.
    if isinstance(error, asyncpg.InterfaceError) and any(word in str(error) for word in _CLOSED):
        return _BROKEN_ALONE
    return Meaning("connection", None, Condemned.THIS)


def refusal_for(error: BaseException) -> BaseException:
    """WriteConflict, UniqueViolation or StoreUnavailable; otherwise the error itself, a programming error."""
    meaning = meaning_of(error)
    refusal = meaning.refusal
    if refusal is None:
        return error
    if refusal is StoreUnavailable:
        return StoreUnavailable(reason=meaning.reason)
    if refusal is UniqueViolation:
        return UniqueViolation(getattr(error, "constraint_name", None) or "")
    return refusal()


def is_full(error: BaseException | None) -> bool:
    """Whether the server, the database or the role accepts no more connections now."""
    return isinstance(error, asyncpg.PostgresError) and error.sqlstate == _TOO_MANY_CONNECTIONS
