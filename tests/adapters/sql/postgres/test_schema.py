"""Migrations on a real PostgreSQL server."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from bukhindor.adapters.sql import schema, tables
from bukhindor.adapters.sql.postgres.transactions import PostgresTransactions
from bukhindor.adapters.sql.schema_version import head, revisions
from bukhindor.adapters.sql.unusable import DatabaseUnusable, SchemaError
from bukhindor.config.database_url import parse_database_url, parse_postgres_url
from tests.fakes.seal import FakeSeal
from tests.servers.postgres import PostgresServer

NEWER = ("UPDATE alembic_version SET version_num = '9999'",)
TABLES = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"


class Database:
    """An empty database, and what its superuser sees in it."""

    def __init__(self, server: PostgresServer, name: str) -> None:
        self.server = server
        self.name = name
        self.url = server.url(name)

    def ask(self, *statements: str) -> Any:
        """What the last one answers."""

        async def run() -> Any:
            connection = await self.server.connect(self.name)
            try:
                for statement in statements[:-1]:
                    await connection.execute(statement)
                return await connection.fetchval(statements[-1])
            finally:
                await connection.close()

        return asyncio.run(run())


@pytest.fixture
def empty(postgres_server: PostgresServer) -> Iterator[Database]:
    name = asyncio.run(postgres_server.create_database())
    yield Database(postgres_server, name)
    asyncio.run(postgres_server.drop_database(name))


def test_an_empty_database_comes_up_and_goes_down_again(empty: Database) -> None:
    """REL-23: and a second time changes nothing."""
    assert schema.status(parse_database_url(empty.url)) == schema.SchemaStatus(None, head(), revisions())
    assert schema.upgrade(parse_database_url(empty.url)) == list(revisions())
    assert schema.upgrade(parse_database_url(empty.url)) == []
    assert schema.status(parse_database_url(empty.url)) == schema.SchemaStatus(head(), head(), ())
    assert empty.ask(TABLES) == len(tables.metadata.tables) + 1
    assert schema.downgrade(parse_database_url(empty.url), steps=99) == list(revisions())[::-1]
    assert empty.ask(TABLES) == 1
    assert schema.upgrade(parse_database_url(empty.url)) == list(revisions())


def test_every_index_of_the_tables_is_there(empty: Database) -> None:
    schema.upgrade(parse_database_url(empty.url))
    wanted = {index.name for table in tables.metadata.tables.values() for index in table.indexes}
    found = empty.ask("SELECT array_agg(indexname::text) FROM pg_indexes WHERE schemaname = 'public'")
    assert wanted <= set(found)


def test_replicas_that_start_together_migrate_once(empty: Database) -> None:
    """REL-24: one migrates, the others wait and find nothing to do."""
    program = (
        "from bukhindor.adapters.sql import schema; from bukhindor.config.database_url import parse_database_url;"
        f"print(schema.upgrade(parse_database_url({empty.url!r})))"
    )
    starters = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    answers = sorted(starter.communicate()[0].strip() for starter in starters)
    assert [starter.returncode for starter in starters] == [0, 0, 0]
    assert answers == [str(list(revisions())), "[]", "[]"]


def test_a_migration_that_fails_leaves_nothing_behind(empty: Database) -> None:
    """REL-24: all of it is one transaction."""
    empty.ask("CREATE TABLE signing_keys (something_else int)", "GRANT ALL ON signing_keys TO PUBLIC", "SELECT 1")
    with pytest.raises(DatabaseUnusable, match=r"can't be migrated, nothing was changed.*already exists"):
        schema.upgrade(parse_database_url(empty.url))
    assert empty.ask(TABLES) == 1


def test_a_schema_from_the_future_is_refused(empty: Database) -> None:
    """REL-25"""
    schema.upgrade(parse_database_url(empty.url))
    empty.ask(*NEWER, "UPDATE schema_compatibility SET serves_since = '9999'", "SELECT 1")
    for act in (schema.status, schema.upgrade, schema.downgrade):
        with pytest.raises(SchemaError, match=r"has schema 9999.*newer version"):
            act(parse_database_url(empty.url))


def test_a_newer_schema_that_still_serves_this_program_needs_nothing(empty: Database) -> None:
    """REL-25: while one version replaces another; only the newer one can undo what it did."""
    schema.upgrade(parse_database_url(empty.url))
    empty.ask(*NEWER, "SELECT 1")
    assert schema.status(parse_database_url(empty.url)) == schema.SchemaStatus("9999", head(), ())
    assert schema.upgrade(parse_database_url(empty.url)) == []
    with pytest.raises(SchemaError, match=r"has schema 9999.*newer version"):
        schema.downgrade(parse_database_url(empty.url))


def test_a_table_in_use_stops_a_migration_and_not_everybody_behind_it(empty: Database) -> None:
    """REL-23: it waits two seconds for the table, and gives up as a whole."""
    schema.upgrade(parse_database_url(empty.url))

    async def migrate_beside_a_long_transaction() -> None:
        reader = await empty.server.connect(empty.name)
        try:
            await reader.execute("BEGIN; SELECT count(*) FROM outbox")
            with pytest.raises(DatabaseUnusable, match="lock timeout"):
                await asyncio.to_thread(schema.downgrade, parse_database_url(empty.url), len(revisions()) - 1)
        finally:
            await reader.close()

    asyncio.run(migrate_beside_a_long_transaction())
    assert schema.status(parse_database_url(empty.url)).current == head()


def test_a_server_that_is_away_is_reported_in_a_sentence_without_the_password() -> None:
    with pytest.raises(DatabaseUnusable, match=r"postgresql://127\.0\.0\.1:1/app can't be read") as refused:
        schema.status(parse_database_url("postgresql://ann:hunter22@127.0.0.1:1/app"))
    assert "hunter22" not in str(refused.value)


@pytest.mark.parametrize("version", ["0001", None])
async def test_a_service_over_another_schema_says_so(postgres_url: str, version: str | None) -> None:
    """REL-25, REL-30"""
    store = PostgresTransactions(parse_postgres_url(postgres_url), size=2, seal=FakeSeal())
    assert await store.has_right_schema()
    await asyncio.to_thread(schema.downgrade, parse_database_url(postgres_url), 1 if version else 99)
    assert not await store.has_right_schema()
    await asyncio.to_thread(schema.upgrade, parse_database_url(postgres_url))
    assert await store.has_right_schema()
    await store.close()


@pytest.mark.parametrize(("serves_since", "is_right"), [(head(), True), ("9999", False)])
async def test_a_newer_schema_serves_this_program_unless_it_took_something_away(
    postgres_server: PostgresServer, postgres_url: str, serves_since: str, is_right: bool
) -> None:
    """REL-23: old and new programs run together while one replaces the other."""
    connection = await postgres_server.connect(postgres_url.rpartition("/")[2])
    await connection.execute("UPDATE alembic_version SET version_num = '9999'")
    await connection.execute("UPDATE schema_compatibility SET serves_since = $1", serves_since)
    await connection.close()
    store = PostgresTransactions(parse_postgres_url(postgres_url), size=2, seal=FakeSeal())
    assert await store.has_right_schema() == is_right
    await store.close()
