"""The stores that every contract suite runs over: the fake that services are tested with, and the real ones."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest

from bukhindor.adapters.sql import schema
from bukhindor.adapters.sql.postgres.pool import Patience
from bukhindor.adapters.sql.postgres.transactions import PostgresTransactions
from bukhindor.adapters.sql.sqlite.transactions import SqliteTransactions
from bukhindor.adapters.sql.traced import TracedTransactions
from bukhindor.config.database_url import parse_database_url, parse_postgres_url
from bukhindor.ports.store.full import FullStore
from tests.fakes.database_tracer import FakeDatabaseTracer
from tests.fakes.seal import FakeSeal
from tests.fakes.transactions import FakeTransactions
from tests.servers.postgres import PostgresServer

PATIENT = Patience(obtain=60, answer=60, statement=60, lock=60, idle=60)
"""Where the time is not what is tested: hundreds of use cases that take turns may keep a busy machine for a while."""


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the newest schema and nothing in it; tests take copies."""
    path = tmp_path_factory.mktemp("migrated") / "bukhindor.db"
    schema.upgrade(parse_database_url(f"sqlite:///{path}"))
    return path


@pytest.fixture
def database(migrated_database: Path, tmp_path: Path) -> Path:
    """A database file of the test's own."""
    path = tmp_path / "bukhindor.db"
    shutil.copy(migrated_database, path)
    return path


@pytest.fixture
async def sqlite(database: Path) -> AsyncIterator[SqliteTransactions]:
    """The store that a server has."""
    store = SqliteTransactions(database, owner=True, seal=FakeSeal())
    yield store
    await store.close()


async def _migrate(url: str) -> None:
    await asyncio.to_thread(schema.upgrade, parse_database_url(url))


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """A PostgreSQL database of the test's own, with the newest schema and nothing in it."""

    async def create() -> str:
        template = await postgres_server.prepare_template("migrated", _migrate)
        return postgres_server.url(await postgres_server.create_database(template))

    return asyncio.run(create())


@pytest.fixture
async def postgres(postgres_url: str) -> AsyncIterator[PostgresTransactions]:
    store = PostgresTransactions(parse_postgres_url(postgres_url), size=10, seal=FakeSeal(), patience=PATIENT)
    yield store
    await store.close()


class TracedSqlite(TracedTransactions):
    """A store on SQLite whose calls are parts of traces."""

    def __init__(self, store: SqliteTransactions) -> None:
        super().__init__(store, FakeDatabaseTracer())
        self.close = store.close


OpenStore = Callable[[], FakeTransactions | SqliteTransactions | PostgresTransactions | TracedSqlite]


@pytest.fixture(params=["fake", "sqlite", "postgres"])
def open_store(request: pytest.FixtureRequest) -> OpenStore:
    """How a store with a database of the test's own is opened."""
    match request.param:
        case "sqlite":
            path: Path = request.getfixturevalue("database")
            return partial(SqliteTransactions, path, owner=True, seal=FakeSeal())
        case "postgres":
            url: str = request.getfixturevalue("postgres_url")
            return partial(PostgresTransactions, parse_postgres_url(url), size=10, seal=FakeSeal(), patience=PATIENT)
        case "traced":
            traced: Path = request.getfixturevalue("database")
            return lambda: TracedSqlite(SqliteTransactions(traced, owner=True, seal=FakeSeal()))
        case _:
            return FakeTransactions


@pytest.fixture
async def transactions(open_store: OpenStore) -> AsyncIterator[FullStore]:
    store = open_store()
    yield store
    if not isinstance(store, FakeTransactions):
        await store.close()
