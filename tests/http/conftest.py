"""A running service for each test, on each kind of store that the test is about."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.http.databases import Databases, PostgresDatabases, SqliteDatabases
from tests.http.patience import patient_services
from tests.http.service import People, Service, started
from tests.servers.postgres import PostgresServer
from tests.servers.redis import RedisServer

StartService = Callable[..., Awaitable[Service]]

SQLITE, POSTGRES, POSTGRES_AND_REDIS = "sqlite", "postgres", "postgres+redis"

# What these modules are about never reaches a store, or is about the embedded one.
ON_SQLITE_ONLY = {
    "test_access_matrix", "test_access_tokens", "test_browsers", "test_client_address", "test_client_headers",
    "test_cors", "test_docs", "test_hostile_input", "test_landing_pages", "test_languages", "test_methods",
    "test_metrics", "test_metrics_port", "test_openapi", "test_public_path", "test_token_cookie", "test_traces",
    "test_ways_in",
}  # fmt: skip
# Limits are on where Redis counts, and these modules stay within them or are about them.
ON_REDIS_TOO = {
    "test_flutter_client", "test_health", "test_password_reset", "test_races", "test_rate_limits", "test_sign_in",
    "test_token_refresh",
}  # fmt: skip


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test with a service runs on SQLite and on PostgreSQL, but for the modules named above."""
    if "stores" in metafunc.fixturenames:
        module = metafunc.module.__name__.rpartition(".")[2]
        stores = [SQLITE] if module in ON_SQLITE_ONLY else [SQLITE, POSTGRES]
        stores = [*stores, POSTGRES_AND_REDIS] if module in ON_REDIS_TOO else stores
        again = pytest.mark.unmeasured
        metafunc.parametrize("stores", [SQLITE, *(pytest.param(store, marks=again) for store in stores[1:])])


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> SqliteDatabases:
    return SqliteDatabases(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres_databases(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PostgresDatabases]:
    databases = PostgresDatabases(postgres_server, tmp_path_factory.mktemp("postgres"))
    yield databases
    databases.close()


@pytest.fixture
def databases(stores: str, request: pytest.FixtureRequest) -> Databases:
    found: Databases = request.getfixturevalue("sqlite_databases" if stores == SQLITE else "postgres_databases")
    return found


@pytest.fixture
def with_redis(stores: str, request: pytest.FixtureRequest) -> dict[str, Any]:
    """The settings of a service that counts in Redis, where nothing has been counted yet; none without Redis."""
    if stores != POSTGRES_AND_REDIS:
        return {}
    server: RedisServer = request.getfixturevalue("redis_server")
    server.flush()
    return {"redis_url": server.url, "rate_limits": True}


@pytest.fixture
async def start_service(
    databases: Databases, with_redis: dict[str, Any], tmp_path: Path
) -> AsyncIterator[StartService]:
    """Start a service with other settings: `await start_service(public_url="https://api.example.com")`."""
    async with AsyncExitStack() as running:
        running.enter_context(patient_services())

        async def start(**changes: Any) -> Service:
            folder = tmp_path / f"service-{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            database = databases.lend(folder)
            running.callback(databases.take_back, database)
            service = started(database, databases.people, folder, **(with_redis | changes))
            return await running.enter_async_context(service)

        yield start


@pytest.fixture
async def service(start_service: StartService) -> Service:
    return await start_service()


@pytest.fixture
def people(databases: Databases) -> People:
    return databases.people
