"""A service that is stopped while it brings its schema up to date."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bukhindor.adapters.sql import schema
from bukhindor.adapters.sql.postgres import schema as postgres_schema
from bukhindor.adapters.sql.unusable import DatabaseUnusable
from bukhindor.bootstrap.store import prepare_schema
from bukhindor.config import Settings
from bukhindor.config.database_url import parse_database_url
from tests.http.worker_program import until
from tests.servers.postgres import PostgresServer
from tests.servers.processes import free_port

SECRET = "mT7vQ2xN9bK4sW6zR1pF8cH3jL5gD0yA"
_FAMILY, _MIGRATIONS = postgres_schema._LOCK_FAMILY, postgres_schema._MIGRATIONS
_WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


@asynccontextmanager
async def held_up(server: PostgresServer, name: str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """A database whose migrations wait; what is yielded returns when one does."""
    connection = await server.connect(name)
    await connection.execute(f"SELECT pg_advisory_lock({_FAMILY}, {_MIGRATIONS})")

    async def one_waits() -> None:
        for _ in range(600):
            if await connection.fetchval(_WAITING):
                return
            await asyncio.sleep(0.05)
        pytest.fail("no migration began")

    try:
        yield one_waits
    finally:
        await connection.close()


def parents() -> dict[int, int]:
    """Of every process that runs; what has ended and was not asked after is left out."""
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if entry.name.isdigit() and state != "Z":
            found[int(entry.name)] = int(parent)
    return found


def descendants(pid: int) -> set[int]:
    known, found, new = parents(), set[int](), {pid}
    while new:
        new = {child for child, parent in known.items() if parent in new}
        found |= new
    return found


@pytest.mark.unmeasured
@pytest.mark.parametrize("workers", [1, 2])
async def test_no_process_is_left_of_a_service_that_is_stopped_while_it_migrates(
    tmp_path: Path, postgres_server: PostgresServer, workers: int
) -> None:
    """REL-23: and no table."""
    name = await postgres_server.create_database()
    variables = {
        "DATABASE_URL": postgres_server.url(name),
        "MIGRATE_ON_START": "true",
        "DATA_DIR": str(tmp_path),
        "JWT_SECRET": SECRET,
        "SERVER_PORT": str(free_port()),
        "WORKERS": str(workers),
        "HASH_WORKERS": "1",
    }
    async with held_up(postgres_server, name) as one_waits:
        service = subprocess.Popen([sys.executable, "-m", "bukhindor", "serve"], env={**os.environ, **variables})
        try:
            await one_waits()
            processes = descendants(service.pid)
            assert len(processes) >= workers
            service.send_signal(signal.SIGTERM)
            await asyncio.to_thread(service.wait, 30)
            await until(lambda: processes.isdisjoint(parents()))
        finally:
            service.kill()
            service.wait()
    found = await asyncio.to_thread(schema.status, parse_database_url(postgres_server.url(name)))
    assert found.current is None


async def test_a_migration_that_is_refused_says_why_in_the_process_that_asked_for_it(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    """REL-23: here, because another program's table is in the way."""
    name = await postgres_server.create_database()
    url = postgres_server.url(name)
    connection = await postgres_server.connect(name)
    await connection.execute("CREATE TABLE users (something_else int)")
    await connection.close()
    settings = Settings.read(
        {"DATABASE_URL": url, "MIGRATE_ON_START": "true", "DATA_DIR": str(tmp_path), "JWT_SECRET": SECRET}, None
    )
    with pytest.raises(DatabaseUnusable, match=r"can't be migrated, nothing was changed: .*users.* already exists"):
        await asyncio.to_thread(prepare_schema, settings)
    assert (await asyncio.to_thread(schema.status, parse_database_url(url))).current is None
