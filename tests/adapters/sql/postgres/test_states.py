"""What PostgreSQL refuses because of the state it is in, and what becomes of the use case then."""

import asyncio
import logging
from dataclasses import replace

import pytest

from bukhindor.adapters.sql.postgres.transactions import PostgresTransactions
from bukhindor.config.database_url import parse_postgres_url
from bukhindor.domain.errors import StoreUnavailable, WriteConflict
from tests.adapters.conftest import PATIENT
from tests.adapters.keeping import keep
from tests.fakes.seal import FakeSeal
from tests.makers import T0, make_session, make_user
from tests.servers.postgres import PostgresServer

OUTAGE = "does not answer as it should"


class Administration:
    """What a superuser does to the database of a test."""

    def __init__(self, server: PostgresServer, url: str) -> None:
        self._server = server
        self.name = url.rpartition("/")[2]

    async def does(self, statement: str) -> None:
        await self._server.execute(statement, self.name)

    async def allows(self, connections: int) -> None:
        await self._server.execute(f'ALTER DATABASE "{self.name}" CONNECTION LIMIT {connections}')


@pytest.fixture
def superuser(postgres_server: PostgresServer, postgres_url: str) -> Administration:
    return Administration(postgres_server, postgres_url)


async def test_while_the_server_takes_no_more_connections_those_that_are_there_go_round(
    postgres_url: str, superuser: Administration, caplog: pytest.LogCaptureFixture
) -> None:
    """REL-10: no request is refused, and no outage is reported."""
    await superuser.allows(3)
    store = PostgresTransactions(parse_postgres_url(postgres_url), size=10, seal=FakeSeal(), patience=PATIENT)
    most = 0

    async def change() -> None:
        nonlocal most
        async with store.begin() as tx:
            await tx.users.add(make_user())
            most = max(most, store.pool_state.in_use)
            await asyncio.sleep(0.005)
            await tx.commit()

    # The first one shows that there is a connection to wait for.
    await change()
    await asyncio.gather(*(change() for _ in range(40)))
    await store.close()
    assert most <= 3
    assert OUTAGE not in caplog.text


async def test_a_server_that_takes_no_connection_at_all_is_away(
    postgres_url: str, superuser: Administration, caplog: pytest.LogCaptureFixture
) -> None:
    await superuser.allows(0)
    store = PostgresTransactions(parse_postgres_url(postgres_url), size=10, seal=FakeSeal(), patience=PATIENT)
    with pytest.raises(StoreUnavailable):
        await store.has_right_schema()
    await superuser.allows(-1)
    assert await store.has_right_schema()
    await store.close()
    assert caplog.text.count(OUTAGE) == 1


async def test_a_right_that_was_not_granted_is_the_server_s_state_and_no_mistake_of_ours(
    postgres: PostgresTransactions, superuser: Administration, caplog: pytest.LogCaptureFixture
) -> None:
    await superuser.does("REVOKE ALL ON schema_compatibility FROM bukhindor")
    with pytest.raises(StoreUnavailable):
        await postgres.has_right_schema()
    assert "permission denied for table schema_compatibility" in caplog.text
    await superuser.does("GRANT ALL ON schema_compatibility TO bukhindor")
    assert await postgres.has_right_schema()


async def test_a_use_case_that_meets_a_changed_table_can_be_retried_at_once(
    postgres: PostgresTransactions, superuser: Administration
) -> None:
    """REL-23: a migration under traffic widens a column whose statements were prepared."""
    user = make_user()
    await keep(postgres, user)

    async def sign_in() -> None:
        async with postgres.begin() as tx:
            found = await tx.users.by_id(user.id)
            assert found is not None
            await tx.users.save(found.signed_in(T0))
            await tx.commit()

    await sign_in()
    await superuser.does("ALTER TABLE users ALTER COLUMN name TYPE varchar(200)")
    with pytest.raises(WriteConflict):
        await sign_in()
    await sign_in()
    async with postgres.read() as stored:
        assert await stored.users.by_id(user.id) == user.signed_in(T0)


async def test_one_locked_account_is_no_outage(
    postgres_url: str, superuser: Administration, postgres_server: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Its request is refused; the log does not tell of a database that comes and goes."""
    store = PostgresTransactions(
        parse_postgres_url(postgres_url), size=2, seal=FakeSeal(), patience=replace(PATIENT, lock=0.1)
    )
    locked, other = make_user(), make_user()
    await keep(store, locked, other, session := make_session(locked))
    outsider = await postgres_server.connect(superuser.name)
    async with outsider.transaction():
        await outsider.execute("SELECT 1 FROM users WHERE id = $1 FOR UPDATE", locked.id)
        with caplog.at_level(logging.WARNING), pytest.raises(StoreUnavailable):
            async with store.begin() as tx:
                await tx.sessions.with_user(session.id)
        async with store.begin() as tx:
            assert await tx.users.by_id(other.id) == other
    await outsider.close()
    await store.close()
    assert caplog.text == ""
