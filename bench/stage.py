"""What all parts share: the cores, a temporary folder, seeded databases, the signed-in sample, the peer."""

import asyncio
import http.client
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bench import rival
from bench.accounts import PASSWORD, TEMPLATE, add_postgres_users, add_users, email_of
from bench.clients import Account, SigningIn
from bench.cores import Cores
from bench.load import drive
from bench.processes import Server, environment, free_port, serving
from tests.servers.postgres import PostgresServer

ME = "/api/v1/auth/me"

_SIGN_IN_CONNECTIONS = 4
_SIGN_IN_TIMEOUT = 60.0
_POSTGRES_READERS = 200


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured. Seconds are of one round; `sample` users are signed in for real."""

    users: int = 100_000
    few_users: int = 10_000
    many_users: int = 1_000_000
    sample: int = 1_064
    rounds: int = 3
    seconds: float = 4.0
    storm_seconds: float = 6.0


QUICK = Scale(many_users=100_000, sample=264, rounds=2, seconds=2.0, storm_seconds=3.0)


class Stage:
    def __init__(self, folder: Path, scale: Scale) -> None:
        self.folder = folder
        self.scale = scale
        self.cores = Cores()

    def close(self) -> None:
        """End what was started for more than one part."""
        if "postgres" in self.__dict__:
            self.postgres.close()

    def say(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    @cached_property
    def sample(self) -> list[Account]:
        """Users signed in through the API. Their tokens hold in every database, as all are copies of one."""
        self.say(f"  making the first {self.scale.few_users:,} users, signing {self.scale.sample:,} in")
        home = self.folder / "first"
        home.mkdir()
        with self._serve(home, self.cores.everything) as server:
            _call(server, "register", {"name": "Template", "email": TEMPLATE, "password": PASSWORD})
            _call(server, "login", {"email": TEMPLATE, "password": PASSWORD})
        add_users(database_in(home), 0, self.scale.few_users)
        with self._serve(home, self.cores.everything) as server:
            return _sign_in(server, self.scale.sample)

    @property
    def readers(self) -> list[str]:
        """Access tokens of the sample, without those whose sessions are refreshed."""
        return [account.access_token for account in self.sample[64:]]

    @property
    def refreshers(self) -> list[str]:
        return [account.refresh_token for account in self.sample[:64]]

    def home(self, users: int) -> Path:
        """A data folder with that many users, the sample among them."""
        first, home = self.folder / "first", self.folder / f"with-{users}"
        if self.sample and not home.exists():
            shutil.copytree(first, home)
            if users > self.scale.few_users:
                self.say(f"  adding users until there are {users:,}")
                add_users(database_in(home), self.scale.few_users, users)
        return home

    @contextmanager
    def serving(
        self, users: int, cores: set[int] | None = None, more: Mapping[str, str] | None = None
    ) -> Iterator[Server]:
        """The service with that many users and `more` settings, on the server's core unless others are named."""
        with self._serve(self.home(users), self.cores.server if cores is None else cores, more or {}) as server:
            yield server

    @cached_property
    def peer(self) -> rival.Rival | None:
        self.say(f"  making {self.scale.users:,} users of the peer")
        return rival.seeded(self.folder / "peer", self.scale.users, len(self.readers))

    @cached_property
    def postgres(self) -> "PostgresStage":
        """PostgreSQL on this machine with as many users; it shares the load's core and leaves the service its own."""
        self.say(f"  making {self.scale.users:,} users on PostgreSQL")
        return PostgresStage(self)

    @contextmanager
    def _serve(self, home: Path, cores: set[int], more: Mapping[str, str] | None = None) -> Iterator[Server]:
        port = free_port()
        # The command lies beside the interpreter that runs this; links are not followed, the environment is here.
        command = [
            str(Path(os.environ.get("BENCH_SERVICE") or Path(sys.executable).with_name("bukhindor")).absolute()),
            "serve",
            "--port",
            str(port),
        ]
        # Tokens name who issued them; without PUBLIC_URL it would be a port, and another one every time.
        usual = {
            "ENVIRONMENT": "development",
            "PUBLIC_URL": "http://localhost",
            "DATA_DIR": str(home / "data"),
            "LOG_FORMAT": "json",
            "RATE_LIMITS": "off",
        }
        settings = environment(**{**usual, **(more or {})})
        with serving(command, port, "/health/ready", home, settings, cores) as server:
            yield server


class PostgresStage:
    """A server of its own, durable, with the service's database and the peer's."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._home = stage.folder / "postgres"
        self._home.mkdir()
        with stage.cores.only(stage.cores.load):
            self.server = PostgresServer(settings={"shared_buffers": "256MB", "autovacuum_naptime": "1min"})
            self.server.start()
        self.url = self._create()
        with self.serving(stage.cores.everything) as server:
            _call(server, "register", {"name": "Template", "email": TEMPLATE, "password": PASSWORD})
            _call(server, "login", {"email": TEMPLATE, "password": PASSWORD})
        asyncio.run(add_postgres_users(self.url, stage.scale.users))
        with self.serving(stage.cores.everything) as server:
            self._sample = _sign_in(server, 64 + _POSTGRES_READERS)

    @property
    def readers(self) -> list[str]:
        return [account.access_token for account in self._sample[64:]]

    @property
    def refreshers(self) -> list[str]:
        return [account.refresh_token for account in self._sample[:64]]

    @contextmanager
    def serving(self, cores: set[int] | None = None, more: Mapping[str, str] | None = None) -> Iterator[Server]:
        settings = {"DATABASE_URL": self.url, "MIGRATE_ON_START": "true", **(more or {})}
        chosen = self._stage.cores.server if cores is None else cores
        with self._stage._serve(self._home, chosen, settings) as server:
            yield server

    @cached_property
    def peer(self) -> rival.Rival | None:
        stage = self._stage
        stage.say(f"  making {stage.scale.users:,} users of the peer on PostgreSQL")
        return rival.seeded(stage.folder / "postgres-peer", stage.scale.users, len(self.readers), self._create())

    def close(self) -> None:
        self.server.close()

    def _create(self) -> str:
        return self.server.url(asyncio.run(self.server.create_database()))


def database_in(home: Path) -> Path:
    return next((home / "data").rglob("*.db"))


def _call(server: Server, verb: str, body: dict[str, str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    headers = {"Content-Type": "application/json"}
    connection.request("POST", f"/api/v1/auth/{verb}", json.dumps(body), headers)
    response = connection.getresponse()
    answer = response.read()
    connection.close()
    if response.status not in (200, 201):
        raise RuntimeError(f"{verb} answered {response.status}: {answer!r}")


def _sign_in(server: Server, count: int) -> list[Account]:
    emails = iter([email_of(number) for number in range(count)])
    clients = [SigningIn(emails, PASSWORD) for _ in range(_SIGN_IN_CONNECTIONS)]
    drive(server.port, clients, _SIGN_IN_TIMEOUT).only_successes()
    return [account for client in clients for account in client.accounts]
