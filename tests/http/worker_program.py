"""A small application in several processes, and clients that ask it without pause.

Run as a program, it is a supervisor and, started by that, its workers: `python worker_program.py KEY=VALUE …`.
"""

import asyncio
import contextlib
import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bukhindor.web.server.listener import address_of, open_listeners
from bukhindor.web.server.replacement import Patience
from bukhindor.web.server.supervisor import Supervisor
from bukhindor.web.server.worker import WorkerServer
from bukhindor.web.server.worker_channel import Assignment
from tests.http.probe_server import say
from tests.http.raw_client import exchange, get, read_answer

ROOT = Path(__file__).parents[2]


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the process id: `/slow/SECONDS` late, `/hang` never, nor anything else after it."""
    if scope["type"] == "lifespan":
        for phase in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{phase}.complete"})
        return
    if scope["path"].startswith("/slow/"):
        await asyncio.sleep(float(scope["path"].removeprefix("/slow/")))
    if scope["path"] == "/hang":
        time.sleep(60)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})


def main(arguments: list[str]) -> int:
    """`broken` names a file: while it is there, workers refuse to start; `late` seconds are what they need to start."""
    options = dict(argument.split("=") for argument in arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    assignment = Assignment.take(os.environ)
    timeout = float(options.get("timeout", "5"))
    if assignment is None:
        return _supervise(options, timeout)
    if "broken" in options and Path(options["broken"]).exists():
        sys.stderr.write("the store is broken\n")
        return 3
    if "late" in options:
        time.sleep(float(options["late"]))
    sys.stderr.write(f"worker {assignment.number} {os.environ['PLACE']}\n")
    server = WorkerServer(
        app,
        assignment,
        shutdown_timeout=timeout,
        drain_delay=0.3,
        on_drain=lambda: None,
        beat_seconds=0.2,
    )
    return server.run_until_stopped()


def _supervise(options: dict[str, str], timeout: float) -> int:
    listeners = open_listeners("127.0.0.1", 0)
    address = address_of(listeners[0], "127.0.0.1")
    command = [sys.executable, *sys.orig_argv[1:]]
    if "command" in options:
        command = [options["command"]]

    def on_worker_end(pid: int) -> None:
        say(f"ended {pid}")
        raise ValueError("a callback that fails")

    patience = Patience(
        stop=timeout + float(options.get("closing", "2")),
        cut_off=1.0,
        silence=float(options.get("silence", "30")),
        start=float(options.get("start", "60")),
        first_pause=0.1,
        longest_pause=0.2,
    )
    supervisor = Supervisor(
        command,
        listeners,
        int(options.get("workers", "2")),
        patience,
        on_ready=lambda: say(f"it listens on {address}"),
        on_worker_end=on_worker_end,
        environment={"PLACE": "ahead"},
        later_environment={"PLACE": "later"},
    )
    try:
        return supervisor.run()
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 4


class Service:
    """The program as a process with its workers, ready to be asked."""

    def __init__(self, folder: Path, *command: str, environment: dict[str, str] | None = None) -> None:
        self._log = folder / "log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **(environment or {})}, stdout=log, stderr=log
            )
        deadline = time.monotonic() + 20
        while " listens on " not in self.log and self.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        found = re.search(r"listens on http://127.0.0.1:(\d+)", self.log)
        self.port = int(found[1]) if found else 0

    @property
    def log(self) -> str:
        """What the supervisor and the workers have written."""
        return self._log.read_text()

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    async def end(self) -> int:
        """The exit code."""
        return await asyncio.to_thread(self.process.wait, 15)

    def workers(self) -> list[int]:
        """The process ids of the workers that serve or have served, the oldest first."""
        return [int(pid) for pid in re.findall(r"Started server process \[(\d+)\]", self.log)]

    def living(self) -> list[int]:
        """Those of them that are there."""
        return [pid for pid in self.workers() if runs(pid)]

    async def pid(self) -> int:
        """The process id of a worker that answers."""
        (answer,) = await exchange(self.port, get("/", "Connection: close"))
        return int(answer.body)


@contextlib.contextmanager
def service(folder: Path, **options: object) -> Iterator[Service]:
    """The program with those options; killed at the end, and its workers with it, if it is still there."""
    arguments = [f"{name}={value}" for name, value in options.items()]
    with ended(Service(folder, sys.executable, "-m", "tests.http.worker_program", *arguments)) as started:
        yield started


@contextlib.contextmanager
def ended(started: Service) -> Iterator[Service]:
    try:
        yield started
    finally:
        started.process.kill()
        started.process.communicate()
        for pid in started.living():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@dataclass
class Load:
    """Clients that ask without pause on kept connections, and what came of it."""

    port: int
    clients: int = 8
    path: str = "/slow/0.01"
    pause: float = 0.025
    # The process that answers each client's connection, while it is open.
    answered_by: dict[int, str] = field(default_factory=dict)
    answers: int = 0
    seen: set[int] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _over: bool = False

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._ask(number)) for number in range(self.clients)]
        return self

    async def __aexit__(self, kind: type[BaseException] | None, _: object, __: TracebackType | None) -> None:
        self._over = True
        await asyncio.wait_for(asyncio.gather(*self._tasks), 10)

    async def more(self, count: int) -> None:
        """Returns when so many more answers have come."""
        goal = self.answers + count
        await until(lambda: self.answers >= goal)

    async def _ask(self, number: int) -> None:
        while not self._over:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except ConnectionRefusedError:
                # Nobody listens any more: that is how it ends, and nothing was lost.
                return
            try:
                keep = True
                while keep and not self._over:
                    writer.write(get(self.path))
                    answer = await read_answer(reader)
                    keep = answer.headers.get("connection") != "close"
                    if answer.status != 200:
                        self.failures.append(str(answer))
                    self.answers += 1
                    self.seen.add(int(answer.body))
                    self.answered_by[number] = answer.body.decode()
                    await asyncio.sleep(self.pause)
            except (OSError, asyncio.IncompleteReadError) as error:
                self.failures.append(self.answered_by.get(number, repr(error)))
            finally:
                self.answered_by.pop(number, None)
                writer.close()


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> float:
    """Waits until the condition holds; how long that took."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < seconds
        await asyncio.sleep(0.02)
    return time.monotonic() - start


def runs(pid: int) -> bool:
    """Whether there is such a process."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
