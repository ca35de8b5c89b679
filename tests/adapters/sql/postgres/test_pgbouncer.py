"""Behind a pooler: in transaction mode no statement may count on the connection of the one before it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator

import pytest

from bukhindor.adapters.sql import schema
from bukhindor.adapters.sql.postgres.transactions import PostgresTransactions
from bukhindor.adapters.sql.schema_version import revisions
from bukhindor.config.database_url import parse_database_url, parse_postgres_url
from bukhindor.domain.errors import EmailTaken, StoreUnavailable
from tests.adapters.conftest import PATIENT
from tests.adapters.keeping import keep
from tests.fakes.seal import FakeSeal
from tests.makers import T0, make_queued_mail, make_session, make_user
from tests.servers.fixtures import opened
from tests.servers.pgbouncer import LETS_SETTINGS_PASS, PgBouncer
from tests.servers.postgres import PostgresServer


@pytest.fixture(scope="module")
def pgbouncer(postgres_server: PostgresServer) -> Iterator[PgBouncer]:
    pooler = opened(lambda: PgBouncer(postgres_server))
    pooler.start()
    yield pooler
    pooler.close()


@pytest.fixture
def pooled_url(pgbouncer: PgBouncer, postgres_url: str) -> str:
    return f"{pgbouncer.url(postgres_url.rpartition('/')[2])}?pgbouncer=true"


@pytest.fixture
async def pooled(pooled_url: str) -> AsyncIterator[PostgresTransactions]:
    store = PostgresTransactions(parse_postgres_url(pooled_url), size=20, seal=FakeSeal(), patience=PATIENT)
    yield store
    await store.close()


async def test_a_hundred_use_cases_at_once_are_all_kept(pooled: PostgresTransactions) -> None:
    users = [make_user() for _ in range(100)]
    await asyncio.gather(*(keep(pooled, user, make_session(user), make_queued_mail()) for user in users))

    async def is_kept(number: int) -> bool:
        async with pooled.read() as stored:
            return await stored.users.by_id(users[number].id) == users[number]

    assert await asyncio.gather(*(is_kept(number) for number in range(100))) == [True] * 100
    assert await pooled.has_right_schema()


async def test_what_was_read_is_held(pooled: PostgresTransactions) -> None:
    """RT-04"""
    owner = make_user()
    session = make_session(owner, generation=1)
    await keep(pooled, owner, session)

    async def advance() -> None:
        async with pooled.begin() as tx:
            found = await tx.sessions.with_user(session.id)
            assert found is not None
            await tx.sessions.save(found[0].next_generation(T0))
            await tx.commit()

    await asyncio.gather(*(advance() for _ in range(50)))
    async with pooled.read() as stored:
        found = await stored.sessions.by_id(session.id)
    assert found is not None
    assert found.generation == 51


async def test_a_refusal_leaves_the_connection_usable_for_others(pooled: PostgresTransactions) -> None:
    await keep(pooled, make_user("ann@example.com"))
    users = [make_user("ann@example.com") for _ in range(30)]
    answers = await asyncio.gather(*(keep(pooled, user) for user in users), return_exceptions=True)
    assert [type(answer) for answer in answers] == [EmailTaken] * 30
    await keep(pooled, make_user("bob@example.com"))


async def test_the_schema_comes_up_through_the_pooler_too(pooled_url: str) -> None:
    await asyncio.to_thread(schema.downgrade, parse_database_url(pooled_url), 99)
    assert await asyncio.to_thread(schema.upgrade, parse_database_url(pooled_url)) == list(revisions())


@pytest.mark.parametrize("mode", ["session", "transaction"])
@pytest.mark.parametrize("option", ["", "?pgbouncer=true"])
async def test_a_pooler_is_noticed_in_either_mode(
    postgres_server: PostgresServer, postgres_url: str, mode: str, option: str
) -> None:
    """It refuses the time limits of a session, and so the program goes on without a session."""
    pooler = opened(lambda: PgBouncer(postgres_server, settings={"pool_mode": mode}))
    try:
        pooler.start()
        url = pooler.url(postgres_url.rpartition("/")[2]) + option
        store = PostgresTransactions(parse_postgres_url(url), size=4, seal=FakeSeal(), patience=PATIENT)
        users = [make_user() for _ in range(20)]
        await asyncio.gather(*(keep(store, user) for user in users))
        async with store.read() as stored:
            assert [await stored.users.by_id(user.id) for user in users] == users
        assert await store.has_right_schema()
        await store.close()
        assert await asyncio.to_thread(schema.upgrade, parse_database_url(url)) == []
    finally:
        pooler.close()


@pytest.fixture(scope="module")
def silent_pgbouncer(postgres_server: PostgresServer) -> Iterator[PgBouncer]:
    """One in transaction mode that lets the settings of a session pass, and so refuses nothing."""
    pooler = opened(lambda: PgBouncer(postgres_server, settings=LETS_SETTINGS_PASS))
    pooler.start()
    yield pooler
    pooler.close()


async def test_a_pooler_that_refuses_nothing_is_noticed_before_its_clients_meet_each_others_statements(
    silent_pgbouncer: PgBouncer, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The session that answers is another one than the session that the pooler has named."""
    url = silent_pgbouncer.url(postgres_url.rpartition("/")[2])
    store = PostgresTransactions(parse_postgres_url(url), size=8, seal=FakeSeal(), patience=PATIENT)
    users = [make_user() for _ in range(40)]
    await asyncio.gather(*(keep(store, user) for user in users))

    async def is_kept(number: int) -> bool:
        async with store.read() as stored:
            return await stored.users.by_id(users[number].id) == users[number]

    assert await asyncio.gather(*(is_kept(number) for number in range(40))) == [True] * 40
    await store.close()
    (line,) = caplog.records
    assert line.levelno == logging.WARNING
    assert "a pooler may share its connections between clients" in line.getMessage()
    assert "add pgbouncer=true to DATABASE_URL" in line.getMessage()


async def test_what_fails_behind_a_pooler_that_is_denied_names_the_setting_once_a_minute(
    silent_pgbouncer: PgBouncer, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"{silent_pgbouncer.url(postgres_url.rpartition('/')[2])}?pgbouncer=false"
    store = PostgresTransactions(parse_postgres_url(url), size=8, seal=FakeSeal(), patience=PATIENT)
    answers = await asyncio.gather(*(keep(store, make_user()) for _ in range(100)), return_exceptions=True)
    await store.close()
    refusals = [answer for answer in answers if isinstance(answer, StoreUnavailable)]
    assert len(refusals) > 1
    assert {refusal.reason for refusal in refusals} == {"a pooler shares its connections between clients"}
    (line,) = caplog.records
    assert "a pooler shares its connections between clients: prepared statement " in line.getMessage()
    assert line.getMessage().endswith("Add pgbouncer=true to DATABASE_URL, in the place of pgbouncer=false.")


async def test_a_pooler_that_keeps_a_session_for_each_client_is_taken_for_the_server_itself(
    postgres_server: PostgresServer, postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    pooler = opened(lambda: PgBouncer(postgres_server, settings=LETS_SETTINGS_PASS | {"pool_mode": "session"}))
    try:
        pooler.start()
        url = f"{pooler.url(postgres_url.rpartition('/')[2])}?pgbouncer=false"
        store = PostgresTransactions(parse_postgres_url(url), size=4, seal=FakeSeal(), patience=PATIENT)
        await asyncio.gather(*(keep(store, make_user()) for _ in range(20)))
        await store.close()
    finally:
        pooler.close()
    assert caplog.records == []
