"""The real service in several processes on a real database."""

import asyncio
import os
import signal
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from bukhindor.adapters.sql import schema
from bukhindor.config.database_url import parse_database_url
from tests.http.service import API, PASSWORD
from tests.http.worker_program import PATIENCE_SECONDS, Service, ended, until
from tests.servers.postgres import PostgresServer
from tests.servers.processes import free_port

SECRET = "mT7vQ2xN9bK4sW6zR1pF8cH3jL5gD0yA"
COMMAND = (sys.executable, "-m", "bukhindor", "serve", "--workers", "2")


def environment(folder: Path, database_url: str) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "MIGRATE_ON_START": "true",
        "DATA_DIR": str(folder),
        "JWT_SECRET": SECRET,
        "SERVER_PORT": str(free_port()),
        "HASH_WORKERS": "1",
        "RATE_LIMITS": "off",
        "PUBLIC_URL": "http://localhost:8080",
    }


@dataclass
class Writer:
    """A client that renames its account again and again, and knows which names were acknowledged."""

    client: httpx.AsyncClient
    headers: dict[str, str]
    acknowledged: int = 0
    sent: int = 0
    lost: int = 0
    refused: int = 0

    async def rename(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self.sent += 1
            try:
                answer = await self.client.patch(
                    f"{API}/auth/me", json={"name": f"Name {self.sent}"}, headers=self.headers
                )
            except httpx.TransportError:
                self.lost += 1
                continue
            if answer.status_code == 200:
                self.acknowledged = self.sent
            else:
                self.refused += 1

    async def stored(self) -> int:
        """The number in the name that the service tells now."""
        answer = await self.client.get(f"{API}/auth/me", headers=self.headers)
        return int(answer.json()["name"].removeprefix("Name "))


async def signed_in(client: httpx.AsyncClient, number: int) -> Writer:
    email = f"ann{number}@example.com"
    account = {"email": email, "password": PASSWORD, "name": "Name 0"}
    assert (await client.post(f"{API}/auth/register", json=account)).status_code in (200, 201)
    answer = await client.post(f"{API}/auth/login", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return Writer(client, {"Authorization": f"Bearer {answer.json()['user']['access_token']}"})


async def statuses_of_both(service: Service, address: str, headers: dict[str, str]) -> set[int]:
    """What the session gets until both processes have been asked, which only the system decides."""
    statuses: set[int] = set()
    start = len(service.log)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not {"worker=1", "worker=2"} <= set(service.log[start:].split()):
            async with httpx.AsyncClient(base_url=address, timeout=20) as client:
                answers = await asyncio.gather(*(client.get(f"{API}/auth/me", headers=headers) for _ in range(16)))
            statuses.update(answer.status_code for answer in answers)
    return statuses


@pytest.fixture
async def database_url(postgres_server: PostgresServer) -> str:
    return postgres_server.url(await postgres_server.create_database())


async def test_a_worker_dies_and_no_acknowledged_write_with_it(tmp_path: Path, database_url: str) -> None:
    """REL-20, REL-03: on an empty database, which the first worker alone migrates."""
    with ended(Service(tmp_path, *COMMAND, environment=environment(tmp_path, database_url))) as service:
        async with AsyncExitStack() as clients:
            address = f"http://127.0.0.1:{service.port}"
            own = [await clients.enter_async_context(httpx.AsyncClient(base_url=address, timeout=20)) for _ in range(8)]
            writers = await asyncio.gather(*(signed_in(client, number) for number, client in enumerate(own)))
            stop = asyncio.Event()
            writing = [asyncio.create_task(writer.rename(stop)) for writer in writers]
            await until(lambda: all(writer.acknowledged >= 5 for writer in writers))
            victim = service.living()[0]
            os.kill(victim, signal.SIGKILL)
            await until(lambda: len(service.workers()) == 3)
            before = [writer.acknowledged for writer in writers]
            await until(lambda: all(writer.acknowledged > old for writer, old in zip(writers, before, strict=True)))
            stop.set()
            await asyncio.gather(*writing)

            for writer in writers:
                assert writer.acknowledged <= await writer.stored() <= writer.sent
                assert writer.lost <= 1
                assert writer.refused == 0
            assert await statuses_of_both(service, address, writers[0].headers) == {200}
        service.send(signal.SIGTERM)
        assert await service.end() == 0

    assert len(service.workers()) == 3
    assert service.log.count(" listens on ") == 1
    assert f"pid {victim}, ended unasked: SIGKILL" in service.log


async def test_no_worker_is_replaced_by_one_that_lacks_its_schema(tmp_path: Path, database_url: str) -> None:
    """REL-20: as when a newer program is there already and its migration is not. A restart starts all the same."""
    variables = environment(tmp_path, database_url)
    with ended(Service(tmp_path, *COMMAND, environment=variables)) as service:
        old = service.living()
        await asyncio.to_thread(schema.downgrade, parse_database_url(database_url))
        service.send(signal.SIGHUP)
        await until(lambda: "could not be replaced" in service.log)
        assert service.living() == old
        assert service.log.count("The database has another schema than this program needs") == 1
        os.kill(old[0], signal.SIGKILL)
        await until(lambda: len(service.workers()) == 4 and len(service.living()) == 2)
        await asyncio.to_thread(schema.upgrade, parse_database_url(database_url))
        service.send(signal.SIGHUP)
        await until(lambda: len(service.workers()) == 6 and len(service.living()) == 2)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{service.port}", timeout=30) as client:
            assert (await client.get("/health/ready")).status_code == 200
        service.send(signal.SIGTERM)
        assert await service.end() == 0


async def test_workers_are_replaced_while_the_database_is_away(tmp_path: Path) -> None:
    """For another setting, say; whether they have the right schema is seen when it is back."""
    variables = environment(tmp_path, "postgresql://u@127.0.0.1:9/x?sslmode=disable") | {"MIGRATE_ON_START": "false"}
    with ended(Service(tmp_path, *COMMAND, environment=variables)) as service:
        old = service.living()
        service.send(signal.SIGHUP)
        await until(lambda: len(service.workers()) == 4 and len(service.living()) == 2)
        assert {*service.living()}.isdisjoint(old)
        service.send(signal.SIGTERM)
        assert await service.end() == 0


async def test_each_worker_shows_the_mails_of_all(tmp_path: Path, database_url: str) -> None:
    """The first worker to find a mail delivers it; a developer reads it at whichever answers."""
    with ended(Service(tmp_path, *COMMAND, environment=environment(tmp_path, database_url))) as service:
        address = f"http://127.0.0.1:{service.port}"
        async with httpx.AsyncClient(base_url=address, timeout=20) as client:
            await signed_in(client, 1)

        async def recipients() -> list[str]:
            async with httpx.AsyncClient(base_url=address, timeout=20) as client:
                return [mail["to"] for mail in (await client.get("/dev/mailbox.json")).json()["messages"]]

        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await recipients():
                pass
            start = len(service.log)
            while not {"worker=1", "worker=2"} <= set(service.log[start:].split()):
                answers = await asyncio.gather(*(recipients() for _ in range(16)))
                assert answers == [["ann1@example.com"]] * 16
        assert f"mails at {environment(tmp_path, database_url)['PUBLIC_URL']}/dev/mailbox" in service.log
