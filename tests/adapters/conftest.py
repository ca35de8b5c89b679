"""The stores that every contract suite runs over: the fake that services are tested with, and the real ones."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bukhindor.adapters.sql import schema
from bukhindor.adapters.sql.sqlite import SqliteTransactions
from bukhindor.ports import Transactions
from tests.fakes.seal import FakeSeal
from tests.fakes.transactions import FakeTransactions


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the newest schema and nothing in it; tests take copies."""
    path = tmp_path_factory.mktemp("migrated") / "bukhindor.db"
    schema.upgrade(f"sqlite:///{path}")
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


@pytest.fixture(params=["fake", "sqlite"])
async def transactions(request: pytest.FixtureRequest, database: Path) -> AsyncIterator[Transactions]:
    if request.param == "fake":
        yield FakeTransactions()
    else:
        store = SqliteTransactions(database, owner=True, seal=FakeSeal())
        yield store
        await store.close()
