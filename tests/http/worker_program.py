"""A small application in several processes, and clients that ask it without pause.

Run as a program, it is a supervisor, which starts the workers: `python worker_program.py KEY=VALUE …`.
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
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bukhindor.server.assignment import Assignment
from bukhindor.server.graceful import GracefulServer
from bukhindor.server.listener import addresses_of, open_listeners
from bukhindor.server.supervisor import Patience, Supervisor
from tests.http.probe_server import PROBLEMS, say
from tests.http.raw_client import exchange, get, read_answer

ROOT = Path(__file__).parents[2]
# Processes that start load much, and a busy machine lets them wait; a healthy one is much quicker.
PATIENCE_SECONDS = 60.0


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Respond with the process id: `/slow/SECONDS` late, `/hang` never, and nothing else after it.

    What takes a second or longer reports that it has begun.
    """
    path = scope["path"]
    seconds = float(path.removeprefix("/slow/")) if path.startswith("/slow/") else 0.0
    if path == "/hang" or seconds >= 1:
        sys.stderr.write(f"asked for {path}\n")
    if path == "/hang":
        time.sleep(PATIENCE_SECONDS)
    await asyncio.sleep(seconds)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})


def main(arguments: list[str]) -> int:
    options = dict(argument.split("=") for argument in arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    hosts = options.get("hosts", "127.0.0.1").split(",")
    listeners = open_listeners(hosts, 0)
    address = addresses_of(listeners, hosts)

    def on_worker_end(pid: int) -> None:
        say(f"ended {pid}")
        raise ValueError("a callback that fails")

    return Supervisor(
        listeners,
        int(options.get("workers", "2")),
        Unstartable(options, int(options.get("start_failures", "0"))),
        Patience(
            stop=_timeout(options) + float(options.get("closing", "2")),
            silence=float(options.get("silence", "30")),
            start=float(options.get("start", "60")),
            pause=0.1,
        ),
        on_ready=lambda: say(f"it listens on {address}"),
        on_worker_end=on_worker_end,
    ).run_until_stopped()


@dataclass
class Unstartable:
    """Work whose third start and the next ones fail `failures` times."""

    options: dict[str, str]
    failures: int
    starts: int = 0

    def __reduce__(self) -> Any:
        """Called where the process is started."""
        self.starts += 1
        if 2 < self.starts <= 2 + self.failures:
            raise OSError("no process left")
        return partial, (work, self.options)

    def __call__(self, assignment: Assignment) -> int:
        return work(self.options, assignment)


def work(options: dict[str, str], assignment: Assignment) -> int:
    """`broken` and `waiting` name files: while they exist, workers refuse to start, or take a long time to start."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if "broken" in options and Path(options["broken"]).exists():
        sys.stderr.write("the store is broken\n")
        return 3
    if "waiting" in options and Path(options["waiting"]).exists():
        sys.stderr.write(f"worker {assignment.number} waits, pid {os.getpid()}\n")
        time.sleep(PATIENCE_SECONDS)
    if "impatient" in options and assignment.first:
        os.kill(os.getppid(), signal.SIGHUP)
        time.sleep(1)
    sys.stderr.write(f"worker {assignment.number} {'first' if assignment.first else 'later'}\n")
    return GracefulServer(
        app,
        ["127.0.0.1"],
        0,
        refuse=PROBLEMS,
        shutdown_timeout=_timeout(options),
        drain_delay=0.3,
        on_drain=lambda: None,
        assignment=assignment,
    ).run_until_stopped()


def _timeout(options: dict[str, str]) -> float:
    return float(options.get("timeout", "5"))


class Service:
    """The program as a process with its workers, ready to be asked."""

    def __init__(
        self, folder: Path, *command: str, environment: dict[str, str] | None = None, said: str = " listens on "
    ) -> None:
        """Returns when it has `said` so, or has ended."""
        self._log = folder / "log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **(environment or {})}, stdout=log, stderr=log
            )
        deadline = time.monotonic() + PATIENCE_SECONDS
        while said not in self.log and self.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        found = re.search(r"listens on http://127.0.0.1:(\d+)", self.log)
        self.port = int(found[1]) if found else 0

    @property
    def log(self) -> str:
        """What the supervisor and the workers have written."""
        return self._log.read_text()

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def send_to_workers(self, number: int) -> None:
        """To each one that is there."""
        for pid in self.living():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    async def end(self) -> int:
        """The exit code."""
        return await asyncio.to_thread(self.process.wait, PATIENCE_SECONDS)

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
def service(folder: Path, *, said: str = " listens on ", **options: object) -> Iterator[Service]:
    """The program with those options, when it has `said` so; killed at the end, with its workers, if it still runs."""
    arguments = [f"{name}={value}" for name, value in options.items()]
    with ended(Service(folder, sys.executable, "-m", "tests.http.worker_program", *arguments, said=said)) as started:
        yield started


@contextlib.contextmanager
def ended(started: Service) -> Iterator[Service]:
    try:
        yield started
    finally:
        started.process.kill()
        started.process.communicate()
        started.send_to_workers(signal.SIGKILL)


@dataclass
class Load:
    """Clients that ask without pause on kept connections, and the results."""

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
        await asyncio.wait_for(asyncio.gather(*self._tasks), PATIENCE_SECONDS)

    async def more(self, count: int) -> None:
        """Returns when so many more answers have come."""
        goal = self.answers + count
        await until(lambda: self.answers >= goal)

    async def _ask(self, number: int) -> None:
        while not self._over:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except ConnectionRefusedError:
                # The server no longer listens: that is how it ends, and nothing was lost.
                return
            try:
                keep = True
                while keep and not self._over:
                    if reader.at_eof():
                        # No loss: a client that stood still for longer than a connection may lie idle begins another.
                        break
                    writer.write(get(self.path))
                    answer = await read_answer(reader)
                    keep = answer.headers.get("connection") != "close"
                    if answer.status != 200:
                        self.failures.append(str(answer))
                    self.answers += 1
                    self.seen.add(int(answer.body))
                    self.answered_by[number] = answer.body.decode()
                    await asyncio.sleep(self.pause)
                    # A process that stood still learns one turn of the loop later what came in the meantime.
                    await asyncio.sleep(0.001)
            except (OSError, asyncio.IncompleteReadError) as error:
                self.failures.append(self.answered_by.get(number, repr(error)))
            finally:
                self.answered_by.pop(number, None)
                writer.close()


async def until(condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Waits until the condition holds."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < seconds
        await asyncio.sleep(0.02)


def runs(pid: int) -> bool:
    """Whether there is such a process."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
