"""The PgBouncer of the tests pools by transaction: many clients share few sessions of the server."""

import asyncpg
import pytest

from tests.servers.fixtures import opened
from tests.servers.pgbouncer import PgBouncer
from tests.servers.postgres import PostgresServer


async def test_clients_share_sessions_and_the_pooler_comes_back(postgres_server: PostgresServer) -> None:
    database = await postgres_server.create_database()
    pooler = opened(lambda: PgBouncer(postgres_server, pool_size=1))
    try:
        pooler.start()
        clients = [await asyncpg.connect(pooler.url(database), statement_cache_size=0) for _ in range(3)]
        sessions = {await client.fetchval("select pg_backend_pid()") for client in clients}
        assert len(sessions) == 1
        pooler.kill()
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await clients[0].fetchval("select 1")
        for client in clients:
            client.terminate()
        pooler.start()
        client = await asyncpg.connect(pooler.url(database), statement_cache_size=0)
        assert await client.fetchval("select 1") == 1
        await client.close()
    finally:
        pooler.close()
        await postgres_server.drop_database(database)
