"""The PostgreSQL server of the tests: databases are cloned quickly, power cuts are survived, nothing is left behind."""

from collections.abc import Iterator

import asyncpg
import pytest

from tests.servers import guard
from tests.servers.fixtures import started
from tests.servers.postgres import PostgresServer


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    server = started(PostgresServer)
    yield server
    server.close()


async def test_a_database_is_cloned_from_a_prepared_one(postgres_server: PostgresServer) -> None:
    prepared: list[str] = []

    async def prepare(url: str) -> None:
        prepared.append(url)
        connection = await asyncpg.connect(url)
        await connection.execute("create table note (text text); insert into note values ('kept')")
        await connection.close()

    for _ in range(2):
        template = await postgres_server.prepare_template("notes", prepare)
        database = await postgres_server.create_database(template)
        connection = await asyncpg.connect(postgres_server.url(database))
        assert await connection.fetchval("select text from note") == "kept"
        await connection.execute("delete from note")
        await postgres_server.drop_database(database)
        assert connection.is_closed() or await _is_refused(connection)
    assert len(prepared) == 1


async def test_a_wrong_password_is_refused(postgres_server: PostgresServer) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(postgres_server.url("postgres", password="another"))


async def test_what_was_committed_survives_a_power_cut(server: PostgresServer) -> None:
    database = await server.create_database()
    await server.execute("create table note (text text); insert into note values ('kept')", database)
    server.kill()
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncpg.connect(server.url(database))
    server.start()
    connection = await server.connect(database)
    assert await connection.fetchval("select text from note") == "kept"
    await connection.close()


async def test_a_frozen_server_takes_connections_and_does_not_answer(server: PostgresServer) -> None:
    connection = await server.connect()
    server.freeze()
    with pytest.raises(TimeoutError):
        await asyncpg.connect(server.url("postgres"), timeout=0.2)
    server.thaw()
    assert await connection.fetchval("select 1") == 1
    await connection.close()


async def test_a_restart_keeps_port_and_data_and_ends_sessions(server: PostgresServer) -> None:
    database = await server.create_database()
    connection = await server.connect(database)
    server.stop("immediate")
    assert not server.running
    server.start()
    assert await _is_refused(connection)
    await server.execute("select 1", database)


def test_nothing_is_left_after_the_close() -> None:
    server = started(lambda: PostgresServer(durable=False))
    members = guard.tree(server.pid)
    assert len(members) > 1
    server.close()
    assert not set(members) & guard.process_table().keys()
    assert not server.process.folder.exists()


async def _is_refused(connection: asyncpg.Connection) -> bool:
    try:
        await connection.fetchval("select 1")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        return True
    return False
