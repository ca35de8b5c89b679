"""The real servers that tests ask for: each is started by the first test that needs it and ended with the run."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from tests.servers.postgres import PostgresServer
from tests.servers.programs import ProgramMissing
from tests.servers.redis import RedisServer

Opened = TypeVar("Opened")
Startable = TypeVar("Startable", PostgresServer, RedisServer)


def opened(make: Callable[[], Opened]) -> Opened:
    """What `make` makes; the test fails with one line when a program of a server is missing."""
    try:
        return make()
    except ProgramMissing as missing:
        reason = str(missing)
    # Outside the except block, for otherwise the report would show this twice.
    pytest.fail(reason, pytrace=False)


def started(make: Callable[[], Startable]) -> Startable:
    """The same, running."""
    server = opened(make)
    server.start()
    return server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One PostgreSQL server for all tests of this worker, quick and not durable; each test takes its own database."""
    server = started(lambda: PostgresServer(durable=False))
    yield server
    server.close()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """One Redis server for all tests of this worker."""
    server = started(RedisServer)
    yield server
    server.close()
