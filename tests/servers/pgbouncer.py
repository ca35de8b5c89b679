"""A real PgBouncer for tests: transaction pooling in front of a PostgreSQL server of the tests."""

from pathlib import Path

from tests.servers.postgres import PASSWORD, USER, PostgresServer
from tests.servers.processes import Account, ServerProcess, free_port, listens
from tests.servers.programs import PGBOUNCER, environment, locate, within_reach

LETS_SETTINGS_PASS = {"ignore_startup_parameters": "statement_timeout,lock_timeout,idle_in_transaction_session_timeout"}
"""Settings of a pooler that refuses nothing that the service asks for."""


class PgBouncer:
    """Transaction pooling: each transaction may run on another of at most `pool_size` sessions of the server."""

    def __init__(self, server: PostgresServer, pool_size: int = 5, settings: dict[str, str] | None = None) -> None:
        program = locate(PGBOUNCER)
        self.process = ServerProcess("pgbouncer", Account.unprivileged())
        self.port = free_port()
        try:
            self._program = within_reach(PGBOUNCER, program, self.process.folder)
        except BaseException:
            self.process.close()
            raise
        self._server_port = server.port
        self._settings = {
            "listen_addr": "127.0.0.1",
            "listen_port": str(self.port),
            "unix_socket_dir": str(self.process.folder),
            "auth_type": "scram-sha-256",
            "auth_file": str(self.process.folder / "users"),
            "pool_mode": "transaction",
            "default_pool_size": str(pool_size),
            "max_client_conn": "500",
        }
        self._settings |= settings or {}

    @property
    def pid(self) -> int:
        """The process id of the pooler."""
        return self.process.pid

    def url(self, database: str) -> str:
        """The DATABASE_URL of a database of the server, by way of the pooler."""
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Starts the pooler; returns when it takes connections."""
        folder = self.process.folder
        lines = "".join(f"{name} = {value}\n" for name, value in self._settings.items())
        file = folder / "pgbouncer.ini"
        file.write_text(f"[databases]\n* = host=127.0.0.1 port={self._server_port}\n[pgbouncer]\n{lines}")
        users = folder / "users"
        users.write_text(f'"{USER}" "{PASSWORD}"\n')
        for each in (file, users):
            self.process.hand_over(each)
        command: list[str | Path] = [self._program, file]
        self.process.start(command, environment(self._program), lambda: listens(self.port))

    def stop(self) -> None:
        """Ends the pooler and every connection through it."""
        self.process.stop()

    def kill(self) -> None:
        """Ends the pooler with SIGKILL."""
        self.process.kill()

    def close(self) -> None:
        """Ends the pooler and removes its folder."""
        self.process.close()
