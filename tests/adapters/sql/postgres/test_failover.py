"""A server that stops taking writes, and several servers of which one takes them."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from bukhindor.adapters.sql import schema
from bukhindor.adapters.sql.postgres.hosts import Hosts
from bukhindor.adapters.sql.postgres.pool import Patience
from bukhindor.adapters.sql.postgres.transactions import PostgresTransactions
from bukhindor.config.database_url import parse_database_url, parse_postgres_url
from bukhindor.domain.errors import StoreUnavailable
from tests.adapters.conftest import PATIENT
from tests.adapters.keeping import keep
from tests.fakes.seal import FakeSeal
from tests.faults.proxy import FaultProxy
from tests.faults.waiting import until
from tests.makers import make_user
from tests.servers.fixtures import started
from tests.servers.postgres import PASSWORD, USER, PostgresServer
from tests.servers.processes import free_port

POOL = 4
FOLLOWED_WITHIN_SECONDS = 10
READ_ONLY = "ALTER SYSTEM SET default_transaction_read_only = on"
WRITABLE = "ALTER SYSTEM RESET default_transaction_read_only"


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[PostgresServer, PostgresServer]]:
    """Two servers with the same database: which of them takes writes is what a failover changes."""
    pair = started(lambda: PostgresServer(durable=False)), started(lambda: PostgresServer(durable=False))
    for server in pair:
        asyncio.run(server.execute(f"CREATE DATABASE accounts OWNER {USER} TEMPLATE template0"))
        schema.upgrade(parse_database_url(server.url("accounts")))
    yield pair
    for server in pair:
        server.close()


async def becomes(server: PostgresServer, statement: str) -> None:
    """The sessions that are open see it with their next statement."""
    await server.execute(statement)
    await server.execute("SELECT pg_reload_conf()")
    connection = await server.connect()
    try:
        wanted = "on" if statement == READ_ONLY else "off"

        async def is_seen() -> bool:
            return bool(await connection.fetchval("SHOW default_transaction_read_only") == wanted)

        assert await until(is_seen, 20)
    finally:
        await connection.close()


@pytest.fixture
async def first_writes(servers: tuple[PostgresServer, PostgresServer]) -> AsyncIterator[None]:
    await becomes(servers[0], WRITABLE)
    await becomes(servers[1], READ_ONLY)
    yield
    for server in servers:
        await becomes(server, WRITABLE)


def store_at(*ports: int, patience: Patience = PATIENT, options: str = "") -> PostgresTransactions:
    places = ",".join(f"127.0.0.1:{port}" for port in ports)
    url = parse_postgres_url(f"postgresql://{USER}:{PASSWORD}@{places}/accounts{options}")
    return PostgresTransactions(url, size=POOL, seal=FakeSeal(), patience=patience)


async def filled(store: PostgresTransactions) -> None:
    """Every connection of the pool is open."""

    async def write() -> None:
        async with store.begin() as tx:
            await tx.users.add(make_user())
            await asyncio.sleep(0.02)
            await tx.commit()

    await asyncio.gather(*(write() for _ in range(POOL)))
    assert store.pool_state.idle == POOL


async def refused_until_written(store: PostgresTransactions) -> tuple[int, float]:
    """How many writes are refused, and for how long, until one succeeds."""
    began = time.monotonic()
    refused = 0
    while True:
        try:
            await keep(store, make_user())
        except StoreUnavailable:
            refused += 1
            assert time.monotonic() < began + FOLLOWED_WITHIN_SECONDS
            await asyncio.sleep(0.05)
        else:
            return refused, time.monotonic() - began


@pytest.mark.usefixtures("first_writes")
async def test_the_one_that_takes_writes_is_followed_without_a_restart(
    servers: tuple[PostgresServer, PostgresServer], caplog: pytest.LogCaptureFixture
) -> None:
    """Every connection to the old one is given up with the first refused write."""
    first, second = servers
    store = store_at(first.port, second.port)
    await filled(store)
    await asyncio.sleep(1.1)
    await becomes(second, WRITABLE)
    await becomes(first, READ_ONLY)
    with caplog.at_level(logging.WARNING):
        refused, _ = await refused_until_written(store)
    assert refused == 1
    await filled(store)
    assert await store.has_right_schema()
    await store.close()
    assert "read-only transaction" in caplog.text
    assert "the database answers again" in caplog.text


@pytest.mark.usefixtures("first_writes")
async def test_a_server_that_falls_silent_is_left_within_ten_seconds(
    servers: tuple[PostgresServer, PostgresServer],
) -> None:
    """Its machine has lost its power: nothing answers, not even that the connection is refused."""
    first, second = servers
    async with FaultProxy(first.port) as proxy:
        store = store_at(proxy.port, second.port, patience=Patience())
        await filled(store)
        proxy.swallow()
        await becomes(second, WRITABLE)
        refused, took = await refused_until_written(store)
        assert refused <= 1
        assert took < FOLLOWED_WITHIN_SECONDS
        await filled(store)
        await store.close()


@pytest.mark.usefixtures("first_writes")
async def test_readiness_proves_that_a_write_is_possible(servers: tuple[PostgresServer, PostgresServer]) -> None:
    """A single server that only reads for now is not ready, and is again as soon as it takes writes."""
    first, _ = servers
    store = store_at(first.port)
    assert await store.has_right_schema()
    await becomes(first, READ_ONLY)
    with pytest.raises(StoreUnavailable) as refusal:
        await store.has_right_schema()
    assert refusal.value.reason == "it takes no writes"
    await becomes(first, WRITABLE)
    assert await store.has_right_schema()
    await store.close()


@pytest.mark.usefixtures("first_writes")
async def test_a_single_server_in_maintenance_is_not_connected_to_over_and_over(
    servers: tuple[PostgresServer, PostgresServer],
) -> None:
    """A new connection would be as read-only as the one before; reads go on over those that are there."""
    first, _ = servers
    store = store_at(first.port)
    await becomes(first, READ_ONLY)
    superuser = await first.connect()
    await superuser.execute("SELECT pg_stat_force_next_flush()")
    sessions = "SELECT sessions FROM pg_stat_database WHERE datname = 'accounts'"
    async with store.read() as reading:
        await reading.users.by_id(make_user().id)
    before = await superuser.fetchval(sessions)
    for _ in range(20):
        with pytest.raises(StoreUnavailable):
            await keep(store, make_user())
        async with store.read() as reading:
            await reading.users.by_id(make_user().id)
    await superuser.execute("SELECT pg_stat_clear_snapshot()")
    assert await superuser.fetchval(sessions) - before <= 3
    await superuser.close()
    await store.close()


@pytest.mark.usefixtures("first_writes")
async def test_a_host_that_is_away_keeps_no_request_waiting(servers: tuple[PostgresServer, PostgresServer]) -> None:
    first, second = servers
    await becomes(second, WRITABLE)
    async with FaultProxy(first.port) as silent:
        silent.swallow()
        for port in (silent.port, free_port()):
            store = store_at(port, second.port, patience=Patience())
            began = time.monotonic()
            await keep(store, make_user())
            assert time.monotonic() - began < 2
            await store.close()


@pytest.mark.usefixtures("first_writes")
async def test_the_error_of_a_server_comes_before_the_silence_of_another_one(
    servers: tuple[PostgresServer, PostgresServer],
) -> None:
    first, second = servers
    url = f"postgresql://{USER}:{{}}@127.0.0.1:{free_port()},127.0.0.1:{{}}/accounts"
    with pytest.raises(asyncpg.InvalidPasswordError):
        await Hosts(parse_postgres_url(url.format("wrong", first.port))).connect(timeout=20)
    with pytest.raises(asyncpg.TargetServerAttributeNotMatched):
        await Hosts(parse_postgres_url(url.format(PASSWORD, second.port))).connect(timeout=20)
    with pytest.raises(OSError, match="Connect call failed"):
        await Hosts(parse_postgres_url(url.format(PASSWORD, free_port()))).connect(timeout=20)
