"""Where stories of faults take place: servers of their own, which may be killed, and services on them."""

import asyncio
import contextlib
import shutil
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bukhindor.adapters.sql import schema
from bukhindor.bootstrap.application import create_application
from bukhindor.config.database_url import parse_database_url
from tests.fakes.clock import FakeClock
from tests.faults.launcher import Launcher, Server
from tests.http.databases import SqliteDatabase
from tests.http.service import People, Service, admit_everybody, cheap_settings
from tests.servers.postgres import PostgresServer
from tests.servers.redis import RedisServer

_SETTINGS = {"deadlock_timeout": "300ms", "max_connections": "100"}
POOL_SIZE = 4
# Access tokens are good for fifteen minutes, and no story takes more than four.
_PEOPLE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Thoroughness:
    """How much is tried, and how quickly it must go: little among all the other tests, much where nothing else runs.

    The system keeps what a server has written even when it is killed, so among the tests no server waits for the disk.
    """

    kills: int = 2
    fsync: bool = False
    start_seconds: float = 10.0
    lock_seconds: float = 1.0
    requests_per_second: int = 60
    least_part_of_requests: float = 0.1
    calm_seconds: float = 0.2
    clients: int = 6


class Stage:
    """Servers start at the first use. Close it at the end."""

    def __init__(self, folder: Path, thoroughness: Thoroughness) -> None:
        self.thoroughness = thoroughness
        self._folder = folder
        self._resources = ExitStack()
        self._postgres: PostgresServer | None = None
        self._launcher: Launcher | None = None
        self._people: dict[str, People] = {}
        self._filled_at: dict[str, list[float]] = {}
        self._folders = 0

    def close(self) -> None:
        self._resources.close()

    def folder(self) -> Path:
        """A new one."""
        self._folders += 1
        folder = self._folder / str(self._folders)
        folder.mkdir()
        return folder

    def postgres(self) -> PostgresServer:
        """A server that keeps what it acknowledges, also when it is killed; it runs."""
        if self._postgres is None:
            fsync = "on" if self.thoroughness.fsync else "off"
            self._postgres = PostgresServer(durable=True, settings=_SETTINGS | {"fsync": fsync})
            self._resources.callback(self._postgres.close)
        if not self._postgres.running:
            self._postgres.start()
        return self._postgres

    def launcher(self) -> Launcher:
        """What starts servers in processes of their own."""
        if self._launcher is None:
            self._launcher = Launcher()
            self._resources.callback(self._launcher.close)
        return self._launcher

    async def killed(self, server: Server) -> None:
        """Nothing is left of a server."""
        await server.close()
        with contextlib.suppress(ProcessLookupError):
            server.send(signal.SIGKILL)
        await server.gone()

    def redis(self) -> RedisServer:
        """A new server, not started."""
        server = RedisServer()
        self._resources.callback(server.close)
        # It holds nothing that an orderly end would be worth waiting for.
        self._resources.callback(server.kill)
        return server

    async def postgres_database(self) -> tuple[str, People]:
        """The name of a new database with everybody in it."""
        server = self.postgres()
        template = await server.prepare_template(f"people {self._generation('postgres')}", self._fill)
        return await server.create_database(template), self._people[server.url(template)]

    async def sqlite_database(self) -> tuple[Path, People]:
        """A new file with everybody in it."""
        template = self._folder / f"template-{self._generation('sqlite')}.db"
        url = f"sqlite:///{template}"
        if url not in self._people:
            await self._fill(url)
        file = self.folder() / "bukhindor.db"
        shutil.copy(template, file)
        return file, self._people[url]

    @asynccontextmanager
    async def on_postgres(self, *, port: int = 0, **changes: Any) -> AsyncIterator[Service]:
        """A service in this process on a database of its own, reached at `port` if a proxy is in between."""
        name, people = await self.postgres_database()
        url = self.postgres().url(name)
        if port:
            url = url.replace(f":{self.postgres().port}/", f":{port}/")
        changes = {"database_pool_size": POOL_SIZE} | changes
        async with self._service(SimpleNamespace(url=url, name=name), people, changes) as service:
            yield service

    @asynccontextmanager
    async def on_sqlite(self, **changes: Any) -> AsyncIterator[Service]:
        """A service in this process on a file of its own."""
        file, people = await self.sqlite_database()
        async with self._service(SqliteDatabase(file), people, changes) as service:
            yield service

    @asynccontextmanager
    async def starting(self, url: str, people: People, **changes: Any) -> AsyncIterator[Service]:
        """A service on a database that may be away."""
        async with self._service(SimpleNamespace(url=url), people, changes) as service:
            yield service

    @asynccontextmanager
    async def _service(self, database: Any, people: People, changes: dict[str, Any]) -> AsyncIterator[Service]:
        settings = cheap_settings(self.folder(), database.url, **changes)
        clock = FakeClock(datetime.now(UTC))
        async with AsyncExitStack() as stack:
            application = await asyncio.to_thread(create_application, settings, clock)
            await stack.enter_async_context(application.running())
            yield Service(application, settings, clock, people, database)

    def _generation(self, kind: str) -> int:
        """Another number as soon as the people of the last one may have grown too old."""
        now = time.monotonic()
        moments = self._filled_at.setdefault(kind, [now])
        if now - moments[-1] > _PEOPLE_SECONDS:
            moments.append(now)
        return len(moments)

    async def _fill(self, url: str) -> None:
        # The moment is a real one, so that servers with a real clock know the sessions, too.
        await asyncio.to_thread(schema.upgrade, parse_database_url(url))
        application = create_application(cheap_settings(self.folder(), url), FakeClock(datetime.now(UTC)))
        self._people[url] = await admit_everybody(application)


def store_of(service: Service) -> Any:
    """The store beneath a service, with what only a test asks of it."""
    return service.application.services.profile.transactions


def database_name(service: Service) -> str:
    return service.database.url.rpartition("/")[2]
