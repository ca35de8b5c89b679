"""A real PostgreSQL server for tests: made in a temporary folder, reached over TCP with a password."""

import secrets
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Literal

import asyncpg

from tests.servers.processes import Account, ServerProcess, free_port
from tests.servers.programs import POSTGRES, environment, locate, within_reach

USER = "bukhindor"
PASSWORD = "tests-only"

# Small on memory, loud on nothing, and quick: what is durable stays so unless `durable` is off.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "max_wal_size": "512MB",
    "min_wal_size": "80MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum_naptime": "1h",
    "log_min_messages": "warning",
    "lc_messages": "C",
    "timezone": "UTC",
}

_STOP_SIGNALS = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}


class PostgresServer:
    """A PostgreSQL server of its own; it runs as another user when the tests run as root, which it refuses.

    `durable` off (fsync and the like) is for tests that never cut the power. `settings` are further server settings.
    """

    def __init__(self, durable: bool = True, settings: dict[str, str] | None = None) -> None:
        program = locate(POSTGRES)
        self.process = ServerProcess("postgres", Account.unprivileged(), clean_end=signal.SIGINT)
        self.port = free_port()
        self.durable = durable
        self._settings = _SETTINGS | (settings or {})
        if not durable:
            self._settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        self._data = self.process.folder / "data"
        self._template_names: dict[str, str] = {}
        try:
            if self.process.account:
                program = within_reach(POSTGRES, program, self.process.folder)
            self._program = program
            self._environment = environment(program) | {"HOME": str(self.process.folder)}
            self._initialize()
        except BaseException:
            self.process.close()
            raise

    @property
    def pid(self) -> int:
        """The process id of the postmaster."""
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process.running

    def url(self, database: str, user: str = USER, password: str = PASSWORD) -> str:
        """The DATABASE_URL of a database, over TCP."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Starts the server, recovering what a kill left; returns when it takes connections."""
        self._state.unlink(missing_ok=True)
        command: list[str | Path] = [self._program, "-D", self._data]
        self.process.start(command, self._environment, self._ready)

    def stop(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """Stops the server: "fast" ends the sessions and writes all out, "immediate" leaves it to a recovery."""
        self.process.stop(_STOP_SIGNALS[mode])

    def kill(self) -> None:
        """SIGKILL to every process of the server, as a power cut would do; `start` brings it back."""
        self.process.kill()

    def restart(self) -> None:
        """Stops the server at once and starts it on the same port with the same data."""
        self.stop("fast")
        self.start()

    def freeze(self) -> None:
        """Every process of the server stands still: connections are accepted by the system, nothing answers."""
        self.process.freeze()

    def thaw(self) -> None:
        """A frozen server goes on."""
        self.process.thaw()

    def close(self) -> None:
        """Stops the server without writing anything out and removes its folder."""
        if self.running:
            self.stop("immediate")
        self.process.close()

    async def connect(self, database: str = "postgres") -> Any:
        """A new superuser connection of asyncpg, over the Unix socket; the caller closes it."""
        return await asyncpg.connect(
            host=str(self.process.folder), port=self.port, user="postgres", database=database, ssl=False
        )

    async def execute(self, statement: str, database: str = "postgres") -> None:
        """Runs one statement, or several without parameters, as superuser."""
        connection = await self.connect(database)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def create_database(self, template: str = "template0") -> str:
        """Create a database as a copy of `template`, which must have no connections; returns its name."""
        name = f"test_{secrets.token_hex(6)}"
        await self.execute(f'create database "{name}" owner {USER} template "{template}"')
        return name

    async def prepare_template(self, name: str, prepare: Callable[[str], Awaitable[None]]) -> str:
        """A database that `prepare` (given its URL) has filled, made once for each `name`; to be cloned, not used."""
        if name not in self._template_names:
            database = await self.create_database()
            await prepare(self.url(database))
            self._template_names[name] = database
        return self._template_names[name]

    async def drop_database(self, name: str) -> None:
        """Removes a database and ends the sessions on it; nothing happens when there is none."""
        await self.execute(f'drop database if exists "{name}" with (force)')

    @property
    def _state(self) -> Path:
        return self._data / "postmaster.pid"

    def _ready(self) -> bool:
        # The last line of this file is how PostgreSQL's own tools learn that the server takes connections.
        lines = self._state.read_text().splitlines() if self._state.exists() else []
        return len(lines) >= 8 and lines[0] == str(self.pid) and lines[7].strip() == "ready"

    def _initialize(self) -> None:
        secret = self.process.folder / "password"
        secret.write_text(PASSWORD)
        self.process.hand_over(secret)
        setup: list[str | Path] = [self._program.with_name("initdb"), "-D", self._data, "-U", "postgres"]
        setup += ["--no-sync", "--no-locale", "--encoding=UTF8", "--auth-local=trust", "--auth-host=scram-sha-256"]
        self.process.run([*setup, f"--pwfile={secret}"], self._environment)
        secret.unlink()
        settings = self._settings | {"port": str(self.port), "unix_socket_directories": str(self.process.folder)}
        text = "".join(f"{name} = '{value}'\n" for name, value in settings.items())
        with (self._data / "postgresql.conf").open("a") as file:
            file.write(text)
        # Without a server, so that no test has to wait for the role.
        statement = f"create role {USER} login password '{PASSWORD}';\n"
        self.process.run([self._program, "--single", "-D", self._data, "postgres"], self._environment, statement)
