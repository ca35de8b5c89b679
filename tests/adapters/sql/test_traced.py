"""Calls of a database as parts of traces"""

import pytest

from bukhindor.adapters.sql.postgres.transactions import PostgresTransactions
from bukhindor.adapters.sql.sqlite.transactions import SqliteTransactions
from bukhindor.adapters.sql.traced import TracedTransactions
from bukhindor.domain.errors import EmailTaken
from tests.adapters.keeping import keep
from tests.fakes.database_tracer import FakeDatabaseTracer
from tests.makers import make_session, make_user

Store = SqliteTransactions | PostgresTransactions


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    found: Store = request.getfixturevalue(request.param)
    return found


async def test_a_use_case_is_its_statements_between_begin_and_commit(store: Store) -> None:
    tracer, user = FakeDatabaseTracer(), make_user()
    traced, session = TracedTransactions(store, tracer), make_session(user)
    async with traced.begin() as tx:
        await tx.users.add(user)
        await tx.sessions.add(session)
        assert await tx.sessions.with_user(session.id) == (session, user)
        await tx.commit()
    written = ["BEGIN", "INSERT users", "INSERT user_sessions", "SELECT users user_sessions", "COMMIT"]
    assert tracer.calls == written
    async with traced.read() as stored, traced.scan() as aside:
        assert await stored.users.by_id(user.id) == await aside.users.by_id(user.id) == user
    assert await traced.has_right_schema()
    assert tracer.calls[len(written) :] == ["SELECT users"] * 2 + ["SELECT alembic_version schema_compatibility"]
    assert tracer.failed == []


async def test_a_use_case_without_a_commit_is_rolled_back(store: Store) -> None:
    tracer, user = FakeDatabaseTracer(), make_user()
    async with TracedTransactions(store, tracer).begin() as tx:
        await tx.users.add(user)
    assert tracer.calls == ["BEGIN", "INSERT users", "ROLLBACK"]
    async with store.read() as stored:
        assert await stored.users.by_id(user.id) is None


async def test_a_statement_that_the_database_refuses_has_failed(store: Store) -> None:
    tracer = FakeDatabaseTracer()
    await keep(store, make_user("ann@example.com"))
    with pytest.raises(EmailTaken):
        async with TracedTransactions(store, tracer).begin() as tx:
            await tx.users.add(make_user("ann@example.com"))
    assert tracer.failed == ["INSERT users"]
    assert tracer.calls[-1] == "ROLLBACK"


async def test_a_turn_is_a_call_where_the_database_gives_it(
    sqlite: SqliteTransactions, postgres: PostgresTransactions
) -> None:
    """A file has one writer, who waits for the turn with BEGIN."""
    for store, calls in ((sqlite, []), (postgres, ["SELECT"])):
        tracer = FakeDatabaseTracer()
        async with TracedTransactions(store, tracer).begin() as tx:
            await tx.connection.take_turns(1)
        assert tracer.calls == ["BEGIN", *calls, "ROLLBACK"]
