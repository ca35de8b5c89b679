"""Servers as child processes: started on chosen cores, ended by their own process id."""

import contextlib
import http.client
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.cores import Cores

ROOT = Path(__file__).parents[1]

_START_TIMEOUT = 30.0
_STOP_TIMEOUT = 15.0
_ERRORS = "stderr.txt"


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers on 127.0.0.1."""

    port: int
    pid: int
    start_seconds: float
    """From the start of the process to the first response with 200."""

    def resident_megabytes(self) -> float:
        """Resident memory of the process and its children, in units of 1,000,000 bytes."""
        return sum(_resident_kib(pid) for pid in _family(self.pid)) * 1024 / 1e6

    def processor_seconds(self) -> float:
        """Processor time that the process and its children have used so far."""
        return sum(_processor_ticks(pid) for pid in _family(self.pid)) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def environment(**settings: str) -> dict[str, str]:
    """A clean environment: nothing configured outside can change a measurement."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, **settings}


def run(command: Sequence[str], cwd: Path, env: Mapping[str, str], given: str = "") -> str:
    """The output of a command that must succeed."""
    done = subprocess.run(
        command, cwd=cwd, env=env, input=given, capture_output=True, text=True, check=False, timeout=120
    )
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


@contextlib.contextmanager
def serving(
    command: Sequence[str], port: int, health: str, cwd: Path, env: Mapping[str, str], cores: set[int]
) -> Iterator[Server]:
    """Start a server on some cores, wait until `health` answers with 200, and end it when leaving."""
    started = time.monotonic()
    with Cores().only(cores), (cwd / _ERRORS).open("wb") as errors:
        # A group of its own: Ctrl-C reaches this program alone, which then ends its children one by one.
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True
        )
    try:
        _wait_until_ready(process, port, health, cwd)
        yield Server(port, process.pid, time.monotonic() - started)
    finally:
        _end(process)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, health: str, cwd: Path) -> None:
    give_up = time.monotonic() + _START_TIMEOUT
    while process.poll() is None and time.monotonic() < give_up:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", health)
            if connection.getresponse().status == 200:
                connection.close()
                return
        connection.close()
        time.sleep(0.01)
    raise RuntimeError(f"the server does not start; the end of its error output:\n{_tail(cwd)}")


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_TIMEOUT)
        finally:
            # A user who interrupts the waiting ends it too.
            if process.poll() is None:
                process.kill()
                process.wait()


def _tail(cwd: Path) -> str:
    return (cwd / _ERRORS).read_text("utf-8", "replace")[-2000:]


def _family(pid: int) -> list[int]:
    children = [
        int(child) for file in Path(f"/proc/{pid}/task").glob("*/children") for child in file.read_text("ascii").split()
    ]
    return [pid, *(member for child in children for member in _family(child))]


def _resident_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))


def _processor_ticks(pid: int) -> int:
    # The name of the program stands in brackets and may hold anything; what follows are numbers.
    numbers = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return int(numbers[11]) + int(numbers[12])
