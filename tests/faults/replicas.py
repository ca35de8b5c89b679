"""Three replicas behind nginx, and clients that do a bit of everything at a steady rate."""

import asyncio
import re
import signal
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx

from tests.faults.launcher import Remote, Server
from tests.faults.stage import Stage
from tests.faults.watch import Refresher, Writer
from tests.http.service import API, PASSWORD, People, Tokens, tokens_in
from tests.servers.nginx import NginxServer

COUNT = 3
KILL = "kill"
_CONFIGURATION = Path(__file__).parents[2] / "deploy" / "nginx" / "nginx.conf"


class Replicas:
    """Three servers on one database and one Redis, and nginx in front of them as it is deployed."""

    def __init__(self, stage: Stage, url: str, people: People, redis_url: str) -> None:
        self.people = people
        self.nginx = NginxServer()
        self.servers: list[Server] = []
        self._stage = stage
        self._url = url
        self._variables = {
            "REDIS_URL": redis_url,
            "RATE_LIMITS": "on",
            "TRUSTED_PROXIES": "127.0.0.1",
            "SHUTDOWN_DELAY": "1s",
            "DATABASE_POOL_SIZE": "6",
        }

    async def start(self) -> None:
        self.servers = [self._launch() for _ in range(COUNT)]
        for server in self.servers:
            await server.ready()
        await asyncio.to_thread(self.nginx.start, self._configuration())

    async def kill(self, number: int) -> None:
        self.servers[number].send(signal.SIGKILL)
        await self.servers[number].gone()

    async def stop(self, number: int) -> float:
        """Seconds that an orderly end took."""
        self.servers[number].send(signal.SIGTERM)
        return await self.servers[number].gone()

    async def bring_back(self, number: int) -> None:
        """A new process at the port of one that has ended."""
        old = self.servers[number]
        await old.close()
        self.servers[number] = self._launch(SERVER_PORT=str(old.port))
        await self.servers[number].ready()

    async def close(self) -> None:
        await asyncio.to_thread(self.nginx.close)
        for server in self.servers:
            await self._stage.killed(server)

    def _launch(self, **variables: str) -> Server:
        folder = self._stage.folder()
        return self._stage.launcher().start(folder, self._url, self.people, **self._variables, **variables)

    def _configuration(self) -> str:
        text = _CONFIGURATION.read_text("utf-8")
        # One more replica than there is in the file, in the same manner.
        (manner, *_) = re.findall(r"server bukhindor-1:8080(.*);", text)
        servers = "".join(f"server 127.0.0.1:{server.port}{manner};\n" for server in self.servers)
        text = re.sub(r"( +server bukhindor-\d:8080.*\n)+", lambda _: servers, text)
        text = text.replace("listen 8080", f"listen 127.0.0.1:{self.nginx.port}").replace("/dev/stdout", "access.log")
        text = text.replace("/tmp/", f"{self.nginx.process.folder}/")
        return text.replace("worker_processes auto", "worker_processes 1")


@dataclass
class Client:
    """One device of an account of its own, with an address of its own."""

    remote: Remote
    tokens: Tokens
    email: str
    writer: Writer
    refresher: Refresher

    @classmethod
    async def register(cls, remote: Remote) -> Self:
        email = f"client-{uuid4().hex}@example.com"
        body = {"email": email, "password": PASSWORD, "name": "Client"}
        answer = await remote.ask("POST", f"{API}/auth/register", body)
        assert answer.status_code == 201, answer.text
        # Two sessions, since an access token ends with the generation of its refresh token.
        mine, other = [
            tokens_in(await remote.ask("POST", f"{API}/auth/login", {"email": email, "password": PASSWORD}))
            for _ in range(2)
        ]
        return cls(remote, mine, email, Writer(remote, mine), Refresher(remote, other.refresh_token))


@dataclass
class Load:
    """`failures` hold for each phase what was answered instead of success to requests that ended in it, or that were
    under way during the kill."""

    replicas: Replicas
    rate: int
    count: int
    phases: list[str] = field(default_factory=lambda: ["start"])
    failures: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    requests: int = 0
    registered: set[str] = field(default_factory=set)
    roles: list[str] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    _acknowledged_roles: int = 0
    _admin: Tokens | None = None
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _over: bool = False

    async def __aenter__(self) -> Self:
        people, port = self.replicas.people, self.replicas.nginx.port
        remotes = [Remote(port, people, f"127.0.1.{number + 1}") for number in range(self.count)]
        self.clients = [await Client.register(remote) for remote in remotes]
        self._tasks = [asyncio.create_task(self._work(client, number)) for number, client in enumerate(self.clients)]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, _: object, __: TracebackType | None) -> None:
        await self.stop()
        for client in self.clients:
            await client.remote.close()

    async def stop(self) -> None:
        self._over = True
        await asyncio.gather(*self._tasks)

    async def during(self, phase: str, work: Awaitable[object], at_least: float = 0.0) -> None:
        """Answers belong to this phase until `work` is done, and for at least so many seconds."""
        self.phases.append(phase)
        began = time.monotonic()
        await work
        await asyncio.sleep(max(0.0, began + at_least - time.monotonic()))

    async def lost(self) -> list[str]:
        """What was acknowledged and is not there."""
        lost: list[str] = []
        for client in self.clients:
            lost += await client.writer.lost()
            if (await client.refresher.refresh()).status_code != 200:
                lost.append("a session")
        answer = await self.clients[0].remote.ask(
            "GET", f"{API}/users/{self.replicas.people.guest.id}", by=self.replicas.people.admin
        )
        possible = self.roles[max(0, self._acknowledged_roles - 1) :] or ["guest"]
        if answer.json()["role"] not in possible:
            lost.append(f"role {answer.json()['role']} instead of {possible}")
        return lost

    async def _work(self, client: Client, number: int) -> None:
        me = lambda: client.remote.ask("GET", f"{API}/auth/me", by=client.tokens)  # noqa: E731
        works: list[Callable[[], Awaitable[httpx.Response]]] = [
            *([me, client.writer.rename, me, client.refresher.refresh, me] * 4),
            lambda: self._log_in(client),
            me,
            lambda: self._register(client),
        ]
        if number == 0:
            works = [self._change_role, me]
        turn = number
        interval = self.count / self.rate
        due = time.monotonic() + interval * number / self.count
        while not self._over:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due = max(due + interval, time.monotonic() - 1)
            await self._note(works[turn % len(works)])
            turn += 1

    async def _note(self, work: Callable[[], Awaitable[httpx.Response]]) -> None:
        began, first = time.monotonic(), len(self.phases) - 1
        problem = ""
        try:
            answer = await work()
            if answer.status_code not in (200, 201):
                method, path = answer.request.method, answer.request.url.path
                problem = f"{method} {path}: {answer.status_code} {answer.text[:80]}"
        except httpx.TransportError as error:
            problem = repr(error)
        self.seconds.append(time.monotonic() - began)
        self.requests += 1
        if problem:
            phases = self.phases[first:]
            self.failures[KILL if KILL in phases else phases[-1]].append(problem)

    async def _log_in(self, client: Client) -> httpx.Response:
        return await client.remote.ask("POST", f"{API}/auth/login", {"email": client.email, "password": PASSWORD})

    async def _register(self, client: Client) -> httpx.Response:
        email = f"new-{uuid4().hex}@example.com"
        body = {"email": email, "password": PASSWORD, "name": "New"}
        answer = await client.remote.ask("POST", f"{API}/auth/register", body)
        if answer.status_code == 201:
            self.registered.add(email)
        return answer

    async def _change_role(self) -> httpx.Response:
        self.roles.append(("user", "guest")[len(self.roles) % 2])
        people = self.replicas.people
        answer = await self.clients[0].remote.ask(
            "PATCH", f"{API}/users/{people.guest.id}", {"role": self.roles[-1]}, by=people.admin
        )
        if answer.status_code == 200:
            self._acknowledged_roles = len(self.roles)
        return answer


@asynccontextmanager
async def running(stage: Stage) -> AsyncIterator[tuple[Replicas, Any]]:
    """The replicas, and a connection to their database."""
    name, people = await stage.postgres_database()
    redis = stage.redis()
    await asyncio.to_thread(redis.start)
    async with AsyncExitStack() as stack:
        connection = await stage.postgres().connect(name)
        stack.push_async_callback(connection.close)
        replicas = Replicas(stage, stage.postgres().url(name), people, redis.url)
        stack.push_async_callback(replicas.close)
        await replicas.start()
        yield replicas, connection
