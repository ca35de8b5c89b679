"""The service is killed with -9 during writes, again and again: what it acknowledged is there afterwards."""

import asyncio
import random
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from tests.faults.finding import Expectations, Finding
from tests.faults.launcher import Server
from tests.faults.postgres_stories import Story
from tests.faults.stage import Stage
from tests.faults.watch import Refresher, Writer
from tests.http.service import API, PASSWORD, Person

_ROLES = ("user", "guest")
# Who has registered has all of it: the account, the proof to be mailed, and the event.
_HALVES = """
SELECT count(*) FROM users u WHERE u.email LIKE 'new-%' AND (
  NOT EXISTS (SELECT 1 FROM audit_events e WHERE e.subject_id = u.id AND e.type = 'user.registered')
  OR NOT EXISTS (SELECT 1 FROM one_time_tokens t WHERE t.user_id = u.id))
"""
_ORPHANS = """
SELECT count(*) FROM audit_events e WHERE e.type = 'user.registered'
AND NOT EXISTS (SELECT 1 FROM users u WHERE u.id = e.subject_id)
"""


@dataclass
class _Ledger:
    """What was acknowledged, by whichever server."""

    registered: set[str] = field(default_factory=set)
    roles: list[str] = field(default_factory=list)
    acknowledged_roles: int = 0
    refreshed: int = 0

    @property
    def is_known(self) -> bool:
        return bool(self.registered and self.acknowledged_roles and self.refreshed)


@dataclass
class _Clients:
    """They register, refresh, rename and change roles until the connection breaks."""

    server: Server
    ledger: _Ledger
    writer: Writer
    refresher: Refresher
    subject: Person

    async def work(self) -> None:
        self.writer.service = self.refresher.service = self.server
        works = (self._register, self._register, self._rename, self._refresh, self._change_role)
        await asyncio.gather(*(self._until_broken(work) for work in works))

    async def _until_broken(self, work: Any) -> None:
        try:
            while True:
                await work()
        except httpx.TransportError:
            return

    async def _register(self) -> None:
        email = f"new-{uuid4().hex}@example.com"
        body = {"email": email, "password": PASSWORD, "name": "New"}
        if (await self.server.ask("POST", f"{API}/auth/register", body)).status_code == 201:
            self.ledger.registered.add(email)

    async def _rename(self) -> None:
        await self.writer.rename()

    async def _refresh(self) -> None:
        answer = await self.refresher.refresh()
        # To be refused for now, as on a machine that stands still, is not to be signed out.
        assert answer.status_code in (200, 503), answer.text
        self.ledger.refreshed += answer.status_code == 200

    async def _change_role(self) -> None:
        self.ledger.roles.append(_ROLES[len(self.ledger.roles) % 2])
        path = f"{API}/users/{self.subject.id}"
        answer = await self.server.ask("PATCH", path, {"role": self.ledger.roles[-1]}, by=self.server.people.admin)
        if answer.status_code == 200:
            self.ledger.acknowledged_roles = len(self.ledger.roles)


async def _story(stage: Stage, kind: str) -> Finding:
    expect = Expectations()
    ledger = _Ledger()
    starts: list[float] = []
    kills = stage.thoroughness.kills
    async with _database(stage, kind) as (url, people, query):
        folder = stage.folder()
        writer, refresher, clients = None, None, None
        for number in range(kills + 1):
            server = stage.launcher().start(folder, url, people)
            try:
                starts.append(await server.ready())
                writer = writer or Writer(server, people.user)
                refresher = refresher or Refresher(server, people.other.refresh_token)
                writer.service = server
                clients = _Clients(server, ledger, writer, refresher, people.guest)
                expect.none(await writer.lost())
                await _check_role(server, ledger, clients, expect)
                if number < kills:
                    await _kill_amidst(server, clients, ledger)
            finally:
                await stage.killed(server)
        kept = {email for (email,) in await query("SELECT email FROM users WHERE email LIKE 'new-%'")}
        expect.that(ledger.registered <= kept, f"{len(ledger.registered - kept)} registrations lost")
        expect.same("half registrations", await query(_HALVES), [(0,)])
        expect.same("events without an account", await query(_ORPHANS), [(0,)])
        if kind == "SQLite":
            expect.same("integrity", await query("PRAGMA integrity_check"), [("ok",)])
        expect.that(max(starts) <= stage.thoroughness.start_seconds, f"a start took {max(starts):.1f} s")
    writes = len(ledger.registered) + (writer.acknowledged if writer else 0) + ledger.refreshed
    writes += ledger.acknowledged_roles
    return Finding(
        "REL-03",
        f"service killed with -9 on {kind}, {kills} times",
        f"every acknowledged write is there, no half registration, start <= {stage.thoroughness.start_seconds:.0f} s",
        f"{writes} acknowledged writes, {len(ledger.registered)} of them registrations, "
        f"slowest start {max(starts):.2f} s",
        tuple(expect.surprises),
    )


async def _kill_amidst(server: Server, clients: _Clients, ledger: _Ledger) -> None:
    working = asyncio.create_task(clients.work())
    before = len(ledger.registered)
    async with asyncio.timeout(60):
        while len(ledger.registered) < before + 2 or not ledger.is_known:
            assert not working.done(), working.exception()
            await asyncio.sleep(0.005)
    # At any moment of what goes on.
    await asyncio.sleep(random.uniform(0, 0.05))
    server.send(signal.SIGKILL)
    await server.gone()
    await working


async def _check_role(server: Server, ledger: _Ledger, clients: _Clients, expect: Expectations) -> None:
    answer = await server.ask("GET", f"{API}/users/{clients.subject.id}", by=server.people.admin)
    possible = ledger.roles[max(0, ledger.acknowledged_roles - 1) :] or ["guest"]
    role = answer.json().get("role")
    expect.that(role in possible, f"role {role} instead of {possible}")


@asynccontextmanager
async def _database(stage: Stage, kind: str) -> AsyncIterator[Any]:
    """The address of a new one, who is in it, and a way to ask it."""
    if kind == "SQLite":
        file, people = await stage.sqlite_database()

        async def query(statement: str) -> list[Any]:
            with closing(sqlite3.connect(file)) as connection:
                return connection.execute(statement).fetchall()

        yield f"sqlite:///{file}", people, query
        return
    name, people = await stage.postgres_database()
    connection = await stage.postgres().connect(name)

    async def ask(statement: str) -> list[Any]:
        return [tuple(row) for row in await connection.fetch(statement)]

    try:
        yield stage.postgres().url(name), people, ask
    finally:
        await connection.close()


async def on_sqlite(stage: Stage) -> Finding:
    return await _story(stage, "SQLite")


async def on_postgres(stage: Stage) -> Finding:
    return await _story(stage, "PostgreSQL")


CRASHES: dict[str, Story] = {"sqlite": on_sqlite, "postgres": on_postgres}
