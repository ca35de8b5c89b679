"""The table of errors: what becomes of the use case, and which connections are used no more."""

import asyncio
import ssl
from typing import Any

import asyncpg
import pytest

from bukhindor.adapters.sql.connection import UniqueViolation
from bukhindor.adapters.sql.postgres.errors import Condemned, meaning_of, refusal_for
from bukhindor.domain.errors import StoreUnavailable, WriteConflict

UNAVAILABLE, CONFLICT, UNIQUE = StoreUnavailable, WriteConflict, UniqueViolation
NONE, THIS, ALL, OLDER = Condemned


def of_the_server(code: str) -> asyncpg.PostgresError:
    return asyncpg.PostgresError.new({"S": "ERROR", "C": code, "M": "what the server says"})


@pytest.mark.parametrize(
    ("code", "kind", "refusal", "condemned", "may_repeat"),
    [
        ("08000", "connection", UNAVAILABLE, ALL, True),
        ("08006", "connection", UNAVAILABLE, ALL, True),
        ("08P01", "connection", UNAVAILABLE, ALL, True),
        ("23505", "refused", UNIQUE, NONE, False),
        ("25006", "read_only", UNAVAILABLE, OLDER, True),
        ("25P03", "connection", UNAVAILABLE, THIS, True),
        ("25P04", "connection", UNAVAILABLE, THIS, True),
        ("26000", "connection", UNAVAILABLE, THIS, True),
        ("28000", "refused", UNAVAILABLE, NONE, False),
        ("28P01", "refused", UNAVAILABLE, NONE, False),
        ("3D000", "refused", UNAVAILABLE, NONE, False),
        ("40001", "conflict", CONFLICT, NONE, False),
        ("40003", "connection", UNAVAILABLE, THIS, False),
        ("40P01", "conflict", CONFLICT, NONE, False),
        ("42501", "refused", UNAVAILABLE, NONE, False),
        ("42703", "refused", UNAVAILABLE, NONE, False),
        ("42P01", "refused", UNAVAILABLE, NONE, False),
        ("42P05", "connection", UNAVAILABLE, THIS, True),
        ("53100", "refused", UNAVAILABLE, NONE, False),
        ("53300", "refused", UNAVAILABLE, NONE, False),
        ("55000", "refused", UNAVAILABLE, NONE, False),
        ("55P03", "lock", UNAVAILABLE, NONE, False),
        ("57014", "timeout", UNAVAILABLE, NONE, False),
        ("57P01", "connection", UNAVAILABLE, ALL, True),
        ("57P02", "connection", UNAVAILABLE, ALL, True),
        ("57P03", "connection", UNAVAILABLE, ALL, True),
        ("57P04", "connection", UNAVAILABLE, ALL, True),
        ("57P05", "connection", UNAVAILABLE, THIS, True),
        ("58030", "refused", UNAVAILABLE, NONE, False),
        ("XX001", "refused", UNAVAILABLE, NONE, False),
    ],
)
def test_each_error_of_the_server_has_its_meaning(
    code: str, kind: str, refusal: type[Exception], condemned: Condemned, may_repeat: bool
) -> None:
    meaning = meaning_of(of_the_server(code))
    assert (meaning.kind, meaning.condemned, meaning.may_repeat) == (kind, condemned, may_repeat)
    assert type(refusal_for(of_the_server(code))) is refusal
    assert meaning.is_passing == (code in ("55P03", "57014"))


@pytest.mark.parametrize(
    ("error", "kind", "refusal", "condemned", "may_repeat"),
    [
        (TimeoutError(), "timeout", UNAVAILABLE, ALL, False),
        (ConnectionResetError(), "connection", UNAVAILABLE, ALL, True),
        (ssl.SSLError(), "connection", UNAVAILABLE, ALL, True),
        (asyncpg.InterfaceError("connection is closed"), "connection", UNAVAILABLE, THIS, True),
        (asyncpg.InternalClientError("out of step"), "connection", UNAVAILABLE, THIS, False),
        (asyncpg.TargetServerAttributeNotMatched("none"), "connection", UNAVAILABLE, THIS, False),
        (asyncpg.InvalidCachedStatementError("the table has changed"), "conflict", CONFLICT, NONE, False),
    ],
)
def test_each_error_of_the_driver_has_its_meaning(
    error: Exception, kind: str, refusal: type[Exception], condemned: Condemned, may_repeat: bool
) -> None:
    meaning = meaning_of(error)
    assert (meaning.kind, meaning.condemned, meaning.may_repeat) == (kind, condemned, may_repeat)
    assert type(refusal_for(error)) is refusal


@pytest.mark.parametrize(
    ("error", "condemned"),
    [
        (of_the_server("42601"), NONE),
        (asyncio.CancelledError(), THIS),
        (asyncpg.InterfaceError("a value of another type"), THIS),
        (ValueError(), THIS),
    ],
)
def test_a_mistake_of_ours_stays_what_it_is(error: Any, condemned: Condemned) -> None:
    assert refusal_for(error) is error
    assert meaning_of(error).condemned is condemned
