"""A small application to talk to, and a server around it in a thread or a process.

Run as a program, it serves the application until a signal: `python probe_server.py KEY=SECONDS …`.
"""

import asyncio
import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bukhindor.domain.session import SessionPolicy
from bukhindor.server.graceful import GracefulServer
from bukhindor.server.head import ConnectionLimits
from bukhindor.server.listener import CannotListen
from bukhindor.server.refusal import Refuse
from bukhindor.web.app import ServerRefusals
from bukhindor.web.edge.cors import CorsPolicy
from bukhindor.web.edge.settings import WebSettings
from tests.http.raw_client import PATIENCE_SECONDS, eventually

ROOT = Path(__file__).parents[2]

ORIGIN = "https://app.example.com"
# The server refuses as the whole service does.
PROBLEMS: Refuse = ServerRefusals(
    WebSettings("https://api.example.com", CorsPolicy(frozenset({ORIGIN})), SessionPolicy(), b"key", b"form key")
)
# Times that no test reaches unless it is about them, however slow the machine is.
PATIENT = ConnectionLimits(
    head_seconds=60.0,
    body_seconds=60.0,
    idle_seconds=60.0,
    write_seconds=60.0,
    linger_seconds=60.0,
    pipelined_requests=5,
)


def say(line: str) -> None:
    """Tells the parent process."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@dataclass
class ProbeApp:
    """Answers by path and remembers what it saw.

    `/slow/SECONDS` answers late, `/large` sends 16 MB, `/stream` sends without end, `/early` answers without reading,
    `/unread` does so late, `/eager` begins to answer before reading, `/crash` raises, `/half` raises in mid-answer,
    `/split` puts a line end into a header, anything else echoes method, path and body.
    """

    fail_startup: Exception | None = None
    fail_shutdown: Exception | None = None
    stuck: bool = False
    seen: list[str] = field(default_factory=list)
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    disconnected: int = 0
    ready: bool = True
    closed: bool = False

    def forget(self) -> None:
        """Nothing was seen yet."""
        self.seen.clear()
        self.headers.clear()
        self.disconnected = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.seen.append(f"{scope['method']} {scope['path']}")
        self.headers = list(scope["headers"])
        await self.answer(scope, receive, send)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        if self.fail_startup is not None:
            raise self.fail_startup
        if self.stuck:
            say("opening:0")
            await asyncio.Event().wait()
        yield
        if self.fail_shutdown is not None:
            raise self.fail_shutdown
        self.closed = True
        say("closed")

    async def answer(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"]
        if path == "/crash":
            raise RuntimeError("secret of the application")
        if path == "/silent":
            return
        body = b""
        if path not in ("/early", "/eager", "/unread"):
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    self.disconnected += 1
                    return
                body += message["body"]
                more = message["more_body"]
        if path.startswith("/slow/"):
            await asyncio.sleep(float(path.removeprefix("/slow/")))
        if path == "/wait-for-disconnect":
            await receive()
            self.disconnected += 1
            return
        if path == "/unread":
            await asyncio.sleep(0.8)
        status = 200 if self.ready or path != "/ready" else 503
        headers = [(b"content-type", b"text/plain")]
        if path == "/split":
            headers.append((b"x-reflected", b"a\r\nSet-Cookie: evil=1"))
        if path == "/early":
            status = 413
            headers += [(b"connection", b"close"), (b"content-length", b"5")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        if path == "/eager":
            while (await receive())["type"] != "http.disconnect":
                pass
            self.disconnected += 1
            return
        if path == "/half":
            await send({"type": "http.response.body", "body": b"half", "more_body": True})
            raise RuntimeError("secret of the application")
        if path == "/large":
            await send({"type": "http.response.body", "body": b"x" * 16_000_000})
            return
        if path == "/stream":
            gone = asyncio.create_task(receive())
            while not gone.done():
                await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})
                await asyncio.sleep(0.001)
            return
        echo = b"early" if path == "/early" else f"{scope['method']} {path} ".encode() + body
        await send({"type": "http.response.body", "body": echo})


@dataclass
class RunningServer:
    """A server in a thread."""

    app: ProbeApp
    server: GracefulServer
    port: int
    thread: threading.Thread
    drained: list[bool]

    def call(self, function: Callable[[], None]) -> None:
        """Runs `function` in the event loop of the server and waits for it."""
        done = threading.Event()

        def run() -> None:
            try:
                function()
            finally:
                done.set()

        self.server.servers[0].get_loop().call_soon_threadsafe(run)
        assert done.wait(PATIENCE_SECONDS)

    def stop(self) -> int:
        """Asks it to stop, waits, and returns its exit code."""
        self.server.should_exit = True
        self.thread.join(PATIENCE_SECONDS)
        assert not self.thread.is_alive()
        return self.server.exit_code


@contextlib.contextmanager
def running(
    app: ProbeApp,
    *,
    host: str = "127.0.0.1",
    limits: ConnectionLimits = PATIENT,
    on_address: Callable[[str], None] = lambda address: None,
    resources: Callable[[], AbstractAsyncContextManager[None]] | None = None,
    **options: Any,
) -> Iterator[RunningServer]:
    """Serves `app` in a thread on a free port."""
    ready: queue.Queue[str | BaseException] = queue.Queue()
    drained: list[bool] = []
    options = {
        "refuse": PROBLEMS,
        "shutdown_timeout": 20.0,
        "drain_delay": 0.0,
        "on_drain": lambda: drained.append(True),
        "resources": resources or app.running,
        **options,
    }
    server = GracefulServer(app, host.split(","), 0, on_ready=ready.put, limits=limits, **options)

    def serve() -> None:
        try:
            server.run_until_stopped()
        except BaseException as error:
            ready.put(error)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    address = ready.get(timeout=PATIENCE_SECONDS)
    if isinstance(address, BaseException):
        thread.join(PATIENCE_SECONDS)
        raise address
    on_address(address)
    handle = RunningServer(app, server, int(address.partition(",")[0].rpartition(":")[2]), thread, drained)
    try:
        yield handle
    finally:
        if thread.is_alive():
            server.should_exit = server.force_exit = True
            thread.join(PATIENCE_SECONDS)


class ServerProcess:
    """The server as a child process, and the lines that it has said since it told its address."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.http.probe_server", *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().rpartition(":")[2] or 0)
        self._said: list[str] = []
        self._listening = threading.Thread(target=self._listen, args=(self.process.stdout,))
        self._listening.start()

    def _listen(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._said.append(line)

    def signal(self, number: int = signal.SIGTERM) -> float:
        self.process.send_signal(number)
        return time.monotonic()

    async def says(self, line: str) -> None:
        """Returns when it has."""
        await eventually(lambda: f"{line}\n" in self._said)

    async def end(self) -> tuple[int, str, str]:
        """Exit code, the rest of stdout, stderr."""
        code = await asyncio.to_thread(self.process.wait, PATIENCE_SECONDS)
        self._listening.join()
        assert self.process.stderr is not None
        return code, "".join(self._said), self.process.stderr.read()

    def close(self) -> None:
        self.process.kill()
        self._listening.join()
        # Waits for it, and closes its pipes.
        self.process.__exit__(None, None, None)

    def files(self) -> int:
        """How many it has open."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


@contextlib.contextmanager
def child(*arguments: str) -> Iterator[ServerProcess]:
    server = ServerProcess(*arguments)
    try:
        yield server
    finally:
        server.close()


def main(arguments: list[str]) -> int:
    """The server as a process; prints its address, `drain` and `closed`."""
    options = dict(argument.split("=") for argument in arguments)
    if files := options.get("files"):
        import resource

        resource.setrlimit(resource.RLIMIT_NOFILE, (int(files), int(files)))
    broken = ValueError("the store is broken") if "broken" in options else None
    app = ProbeApp(fail_startup=broken, stuck="stuck" in options)

    def on_drain() -> None:
        app.ready = False
        say("drain")

    try:
        return GracefulServer(
            app,
            options.get("hosts", "127.0.0.1").split(","),
            int(options.get("port", "0")),
            refuse=PROBLEMS,
            shutdown_timeout=float(options.get("timeout", "5")),
            drain_delay=float(options.get("delay", "0")),
            on_drain=on_drain,
            resources=app.running,
            on_ready=say,
        ).run_until_stopped()
    except (CannotListen, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
