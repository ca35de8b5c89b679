"""Every question finds its rows by an index, so that answers take as long for a million users as for a few."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.sql.dml import UpdateBase

from bukhindor.adapters.sql.connection import Parameters, Row
from bukhindor.adapters.sql.postgres import statements
from bukhindor.adapters.sql.repositories.audit_events import SqlAuditEvents
from bukhindor.adapters.sql.repositories.familiar_networks import SqlFamiliarNetworks
from bukhindor.adapters.sql.repositories.guests import SqlGuests
from bukhindor.adapters.sql.repositories.one_time_tokens import SqlOneTimeTokens
from bukhindor.adapters.sql.repositories.outbox import SqlOutbox
from bukhindor.adapters.sql.repositories.service_keys import SqlServiceKeys
from bukhindor.adapters.sql.repositories.sessions import SqlSessions
from bukhindor.adapters.sql.repositories.user_listing import SqlUserListing
from bukhindor.adapters.sql.repositories.users import SqlUsers
from bukhindor.domain.audit import AuditQuery, AuditType
from bukhindor.domain.one_time_token import Purpose
from bukhindor.domain.session import SessionPolicy
from bukhindor.domain.user import Role
from bukhindor.domain.user_listing import Order, Position, SortBy, UserQuery
from tests.fakes.seal import FakeSeal
from tests.makers import (
    T0,
    address,
    make_audit_event,
    make_one_time_token,
    make_queued_mail,
    make_service_key,
    make_session,
    make_user,
)

ID = UUID(int=1)
USER = make_user(id=ID)


class Explainer(Protocol):
    async def explain(self, statement: sa.Select[Any] | UpdateBase, parameters: Parameters) -> tuple[str, list[str]]:
        """The statement in SQL and the lines of its plan; whatever reads a whole table begins with SCAN."""


class ExplainingConnection:
    """Asks a database how it would run each statement, and runs none. `plans` are statements and lines of plans."""

    def __init__(self, explainer: Explainer) -> None:
        self._explainer = explainer
        self.plans: list[tuple[str, str]] = []

    async def fetch(self, statement: sa.Select[Any], parameters: Parameters) -> list[Row]:
        sql = await self._explain(statement, parameters)
        return [[0]] if sql.startswith("SELECT count(") else []

    fetch_held = fetch

    async def take_turns(self, subject: int) -> None:
        """There is nothing to wait for."""

    async def change(self, statement: UpdateBase, parameters: Parameters) -> int:
        await self._explain(statement, parameters)
        return 0

    async def _explain(self, statement: sa.Select[Any] | UpdateBase, parameters: Parameters) -> str:
        sql, lines = await self._explainer.explain(statement, parameters)
        self.plans += [(sql, line) for line in lines]
        return sql


class ExplainingSqlite:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def explain(self, statement: sa.Select[Any] | UpdateBase, parameters: Parameters) -> tuple[str, list[str]]:
        compiled = statement.compile(dialect=pysqlite.dialect(paramstyle="named"), column_keys=list(parameters))
        plan = self._connection.execute(f"EXPLAIN QUERY PLAN {compiled}", dict.fromkeys(compiled.params))
        return str(compiled), [row[3] for row in plan]


class ExplainingPostgres:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def explain(self, statement: sa.Select[Any] | UpdateBase, parameters: Parameters) -> tuple[str, list[str]]:
        query = statements.compiled(statement, tuple(parameters))
        plan = await self._connection.fetch(f"EXPLAIN {query.sql}", *query.values(parameters))
        return query.sql, [line.strip("-> ").replace("Seq Scan on", "SCAN") for (line,) in plan]


@pytest.fixture
async def explaining_sqlite(database: Path) -> AsyncIterator[ExplainingConnection]:
    with closing(sqlite3.connect(database)) as connection:
        yield ExplainingConnection(ExplainingSqlite(connection))


@pytest.fixture
async def explaining_postgres(postgres_url: str) -> AsyncIterator[ExplainingConnection]:
    # Small tables are read as a whole, unless there is an index and that is made dear.
    connection = await asyncpg.connect(postgres_url, server_settings={"enable_seqscan": "off"})
    yield ExplainingConnection(ExplainingPostgres(connection))
    await connection.close()


@pytest.fixture(params=["sqlite", "postgres"])
def explaining(request: pytest.FixtureRequest) -> ExplainingConnection:
    found: ExplainingConnection = request.getfixturevalue(f"explaining_{request.param}")
    return found


Question = Callable[[SqlUsers, SqlSessions], Awaitable[object]]


@pytest.mark.parametrize(
    "ask",
    [
        lambda users, sessions: users.by_id(ID),
        lambda users, sessions: users.by_email(address("ann@example.com")),
        lambda users, sessions: users.by_email_with_network(address("ann@example.com"), "192.0.2.0/24"),
        lambda users, sessions: users.save(USER),
        lambda users, sessions: users.remove(ID),
        lambda users, sessions: users.count_active_admins(T0),
        lambda users, sessions: sessions.by_id(ID),
        lambda users, sessions: sessions.with_user(ID),
        lambda users, sessions: sessions.of_user(ID),
        lambda users, sessions: sessions.save(make_session(USER)),
        lambda users, sessions: sessions.refuse_access_tokens_of(ID),
        lambda users, sessions: sessions.remove(ID),
        lambda users, sessions: sessions.remove_of_user(ID),
        lambda users, sessions: sessions.remove_of_user(ID, keep=ID),
        lambda users, sessions: sessions.remove_over(T0, SessionPolicy()),
    ],
)
async def test_no_question_reads_a_whole_table(explaining: ExplainingConnection, ask: Question) -> None:
    await ask(SqlUsers(explaining), SqlSessions(explaining))
    assert explaining.plans != []
    allowed = "SCAN users USING INDEX ix_users_admins", "SCAN users USING COVERING INDEX ix_users_admins"
    scans = [plan for plan in explaining.plans if plan[1].startswith("SCAN") and plan[1] not in allowed]
    assert scans == []
    assert [plan for plan in explaining.plans if "TEMP B-TREE" in plan[1]] == []


async def test_the_sessions_of_one_user_are_sorted_and_no_others(explaining: ExplainingConnection) -> None:
    await SqlSessions(explaining).remove_beyond(100, make_session(ID), Role.USER, T0, SessionPolicy())
    assert explaining.plans != []
    assert [plan for _, plan in explaining.plans if plan.startswith("SCAN")] == []


@pytest.mark.parametrize(
    "ask",
    [
        lambda tokens: tokens.by_token_hash(b"x"),
        lambda tokens: tokens.of_user(ID, Purpose.VERIFY_EMAIL),
        lambda tokens: tokens.put(make_one_time_token(USER)),
        lambda tokens: tokens.save(make_one_time_token(USER)),
        lambda tokens: tokens.remove_of_user(ID),
        lambda tokens: tokens.remove_expired(T0),
    ],
)
async def test_one_time_tokens_are_found_by_an_index(
    explaining: ExplainingConnection, ask: Callable[[SqlOneTimeTokens], Awaitable[object]]
) -> None:
    await ask(SqlOneTimeTokens(explaining))
    assert_no_scan(explaining)


@pytest.mark.parametrize(
    "ask",
    [
        lambda outbox: outbox.has_due(T0),
        lambda outbox: outbox.claim(T0, T0, 10),
        lambda outbox: outbox.save(make_queued_mail()),
        lambda outbox: outbox.remove(ID),
        lambda outbox: outbox.remove_of_user(ID),
        lambda outbox: outbox.remove_failed(T0),
    ],
)
async def test_waiting_mails_are_found_by_an_index(
    explaining: ExplainingConnection, ask: Callable[[SqlOutbox], Awaitable[object]]
) -> None:
    await ask(SqlOutbox(explaining, FakeSeal()))
    assert_no_scan(explaining)


@pytest.mark.parametrize("place", [None, (T0, ID)])
@pytest.mark.parametrize(
    "parts",
    [
        {"actor_id": ID},
        {"subject_id": ID},
        {"type": AuditType.SIGNED_IN},
        {"since": T0},
        {"until": T0},
        {"subject_id": ID, "type": AuditType.SIGNED_IN, "since": T0, "until": T0},
    ],
)
async def test_events_are_read_in_the_order_of_an_index(
    explaining: ExplainingConnection, parts: dict[str, Any], place: tuple[Any, UUID] | None
) -> None:
    await SqlAuditEvents(explaining).page(AuditQuery(**parts, before=place))
    assert_no_scan(explaining)


async def test_events_are_forgotten_and_removed_by_an_index(explaining: ExplainingConnection) -> None:
    await SqlAuditEvents(explaining).count(make_audit_event())
    await SqlAuditEvents(explaining).forget(ID)
    await SqlAuditEvents(explaining).remove_before(T0)
    assert_no_scan(explaining)


@pytest.mark.parametrize(
    "ask",
    [
        lambda networks: networks.record(ID, "192.0.2.0/24", T0),
        lambda networks: networks.of_user(ID),
        lambda networks: networks.remove_before(T0),
    ],
)
async def test_familiar_networks_are_found_by_an_index(
    explaining: ExplainingConnection, ask: Callable[[SqlFamiliarNetworks], Awaitable[object]]
) -> None:
    await ask(SqlFamiliarNetworks(explaining))
    assert_no_scan(explaining)


async def test_guests_who_are_gone_are_read_from_the_end_of_an_index(explaining: ExplainingConnection) -> None:
    await SqlGuests(explaining).unseen_since(T0)
    await SqlGuests(explaining).note_seen(ID, T0)
    assert_no_scan(explaining)
    assert [plan for plan in explaining.plans if "TEMP B-TREE" in plan[1]] == []


async def test_a_service_key_is_found_by_an_index(explaining: ExplainingConnection) -> None:
    keys = SqlServiceKeys(explaining)
    await keys.by_digest(b"x")
    await keys.by_name("orders")
    await keys.save(make_service_key())
    await keys.remove(ID)
    assert_no_scan(explaining)


async def test_the_newest_events_are_read_from_the_end_of_an_index(explaining_sqlite: ExplainingConnection) -> None:
    await SqlAuditEvents(explaining_sqlite).page(AuditQuery())
    assert [plan for _, plan in explaining_sqlite.plans] == ["SCAN audit_events USING INDEX ix_audit_events_at_id"]


def assert_no_scan(explaining: ExplainingConnection) -> None:
    plans = [plan for _, plan in explaining.plans]
    assert [plan for plan in plans if plan.startswith("SCAN") or "TEMP B-TREE" in plan] == []


@pytest.mark.parametrize("order", Order)
@pytest.mark.parametrize("sort", SortBy)
async def test_a_list_is_read_in_the_order_of_an_index(
    explaining_sqlite: ExplainingConnection, sort: SortBy, order: Order
) -> None:
    value = T0 if sort in (SortBy.CREATED_AT, SortBy.UPDATED_AT) else "x"
    for after in (None, Position(value, ID)):
        await SqlUserListing(explaining_sqlite).page(UserQuery(sort=sort, order=order, after=after), T0)
    plans = [plan for sql, plan in explaining_sqlite.plans if not sql.startswith("SELECT count(")]
    assert len(plans) == 2
    assert plans[0].startswith("SCAN users USING INDEX")
    assert plans[1].startswith("SEARCH users USING INDEX")
