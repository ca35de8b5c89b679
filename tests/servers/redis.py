"""A real Redis (or Valkey) server for tests: in memory alone, in a temporary folder, on a free port."""

import socket
from pathlib import Path

from tests.servers.processes import ServerProcess, free_port
from tests.servers.programs import REDIS, environment, locate


class RedisServer:
    """A Redis server of its own that keeps nothing on disk, so a restart is a loss of all it held.

    `maxmemory` is in bytes, 0 for no limit; past it writes are refused, unless `settings` names another policy.
    """

    def __init__(self, password: str = "", maxmemory: int = 0, settings: dict[str, str] | None = None) -> None:
        self._program = locate(REDIS)
        self.process = ServerProcess("redis")
        self.port = free_port()
        self.password = password
        self._settings = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "save": '""',
            "appendonly": "no",
            "dir": str(self.process.folder),
            "daemonize": "no",
            "maxmemory": str(maxmemory),
            "maxmemory-policy": "noeviction",
        }
        if password:
            self._settings["requirepass"] = password
        self._settings |= settings or {}

    @property
    def pid(self) -> int:
        """The process id of the server."""
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process.running

    @property
    def url(self) -> str:
        """The REDIS_URL of the server's first database."""
        credentials = f":{self.password}@" if self.password else ""
        return f"redis://{credentials}127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Starts the server, empty; returns when it answers."""
        file = self.process.folder / "redis.conf"
        file.write_text("".join(f"{name} {value}\n" for name, value in self._settings.items()))
        command: list[str | Path] = [self._program, file]
        self.process.start(command, environment(self._program), self._ready)

    def stop(self) -> None:
        """Stops the server in the ordinary way; what it held is lost."""
        self.process.stop()

    def kill(self) -> None:
        """Ends the server with SIGKILL; `start` brings it back, empty."""
        self.process.kill()

    def restart(self) -> None:
        """Stops the server and starts it on the same port, empty."""
        self.stop()
        self.start()

    def freeze(self) -> None:
        """The server stands still: the system accepts connections, nothing answers."""
        self.process.freeze()

    def thaw(self) -> None:
        """A frozen server goes on."""
        self.process.thaw()

    def flush(self) -> None:
        """Empties every database of the server."""
        self.command("FLUSHALL")

    def close(self) -> None:
        """Stops the server and removes its folder."""
        self.process.close()

    def command(self, *words: str) -> str:
        """Sends one command over a connection of its own; returns the first line of the response, such as +OK."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            answers = connection.makefile("r")
            if self.password:
                connection.sendall(_encoded("AUTH", self.password))
                answers.readline()
            connection.sendall(_encoded(*words))
            return answers.readline().strip()

    def _ready(self) -> bool:
        try:
            return self.command("PING") == "+PONG"
        except OSError:
            return False


def _encoded(*words: str) -> bytes:
    parts = [f"*{len(words)}\r\n", *(f"${len(word.encode())}\r\n{word}\r\n" for word in words)]
    return "".join(parts).encode()
