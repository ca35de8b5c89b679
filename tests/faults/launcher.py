"""Servers that start at once: one process has loaded everything, and each server is a fork of it.

Run as a program, it reads lines of JSON: the environment of a server to be started. It responds with its process id,
and reports later how it ended. When its input ends, every server is killed.
"""

import asyncio
import json
import os
import select
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import httpx

from tests.http.service import People, Tokens, cheap_settings
from tests.servers.processes import free_port

ROOT = Path(__file__).parents[2]


class Launcher:
    """The process that has loaded everything."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.faults.launcher"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def start(self, folder: Path, database_url: str, people: People, **variables: str) -> "Server":
        """A server that is about to listen; `variables` are further settings."""
        port = int(variables.get("SERVER_PORT") or free_port())
        environment = {
            "DATA_DIR": str(folder),
            "DATABASE_URL": database_url,
            "SERVER_PORT": str(port),
            "PUBLIC_URL": "http://localhost:8080",
            "JWT_SECRET": cheap_settings(folder).accounts.jwt_secrets[0].decode(),
            "HASH_WORKERS": "1",
            "RATE_LIMITS": "off",
            "LOG": str(folder / "server.log"),
            **variables,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(environment) + "\n")
        self._process.stdin.flush()
        return Server(int(self._process.stdout.readline()), port, people, folder / "server.log")

    def close(self) -> None:
        self._process.communicate()


class Remote:
    """A service at a port of this machine, and who is in it; `address` is where requests come from."""

    def __init__(self, port: int, people: People, address: str = "127.0.0.1") -> None:
        self.port = port
        self.people = people
        transport = httpx.AsyncHTTPTransport(local_address=address)
        self._client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=12.0, transport=transport)

    async def ask(
        self, method: str, path: str, body: object = None, *, by: Tokens | str | None = None
    ) -> httpx.Response:
        token = by.access_token if isinstance(by, Tokens) else by
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        return await self._client.request(method, path, json=body, headers=headers)

    async def close(self) -> None:
        """No connection is left."""
        await self._client.aclose()


class Server(Remote):
    """`bukhindor serve` in a process of its own."""

    def __init__(self, pid: int, port: int, people: People, log: Path) -> None:
        super().__init__(port, people)
        self.pid = pid
        self._log = log
        self._was_gone = False

    async def ready(self, within: float = 30.0) -> float:
        """Seconds until it is ready."""
        began = time.monotonic()
        while time.monotonic() < began + within and not self._is_gone():
            try:
                if (await self.ask("GET", "/health/ready")).status_code == 200:
                    return time.monotonic() - began
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.01)
        last = self._log.read_text().splitlines()[-5:]
        raise TimeoutError(f"the server with process id {self.pid} did not become ready: {' | '.join(last)}")

    def send(self, number: signal.Signals) -> None:
        # Its process id may be another one's by now.
        if not self._was_gone:
            os.kill(self.pid, number)

    async def gone(self, within: float = 40.0) -> float:
        """Seconds until there is no such process any more."""
        began = time.monotonic()
        while time.monotonic() < began + within:
            if self._is_gone():
                return time.monotonic() - began
            await asyncio.sleep(0.005)
        raise TimeoutError(f"the server with process id {self.pid} did not end")

    def _is_gone(self) -> bool:
        if not self._was_gone:
            try:
                os.kill(self.pid, 0)
            except ProcessLookupError:
                self._was_gone = True
        return self._was_gone


def main() -> int:
    _load()
    children: set[int] = set()
    while True:
        readable, _, _ = select.select([sys.stdin], [], [], 0.02)
        for child in list(children):
            if os.waitpid(child, os.WNOHANG)[0]:
                children.discard(child)
        if not readable:
            continue
        line = sys.stdin.readline()
        if not line:
            break
        pid = os.fork()
        if pid == 0:
            _serve(json.loads(line))
        children.add(pid)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
    for child in children:
        os.kill(child, signal.SIGKILL)
    return 0


def _load() -> None:
    """Everything that a server needs, with either kind of store."""
    import bukhindor.adapters.redis.rate_limiter
    import bukhindor.adapters.sql.postgres.transactions
    import bukhindor.bootstrap.application
    import bukhindor.cli
    import bukhindor.cli.serve
    import bukhindor.server.graceful  # noqa: F401


def _serve(environment: dict[str, Any]) -> None:
    """Become a server; never returns."""
    code = 1
    try:
        from bukhindor.cli import main as bukhindor

        log = os.open(environment.pop("LOG"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.environ.update(environment)
        os.chdir(environment["DATA_DIR"])
        bukhindor(["serve"])
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
