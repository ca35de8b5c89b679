"""One server process in a temporary folder of its own: it is started, killed, frozen, thawed, and never left behind."""

import contextlib
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers import guard

# How long a busy machine with a slow disk may take; a quick machine does not wait that long.
START_SECONDS = 60.0
STOP_SECONDS = 60.0

# Below those that systems give to outgoing connections and to programs that ask for any port.
_QUIET_PORTS = range(15_000, 32_000)
_taken: set[int] = set()


class ServerFailed(Exception):
    """A server did not start, or did not end; the text has the end of its log."""


@dataclass(frozen=True, slots=True)
class Account:
    """The user of this machine that a server runs as."""

    uid: int
    gid: int

    @classmethod
    def unprivileged(cls) -> "Account | None":
        """Another user for servers that refuse to run as root; None when the tests do not run as root."""
        if os.geteuid() != 0:
            return None
        entry = next(entry for entry in pwd.getpwall() if entry.pw_name in {"postgres", "nobody"})
        return cls(entry.pw_uid, entry.pw_gid)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on, and that no other test gets until this run is over.

    A port that the system has chosen could go to an outgoing connection, or to another test, before a server has
    started on it or while it is away. Each worker of pytest-xdist has ports of its own.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    # Not the generator that hypothesis restarts with each test.
    choose = random.SystemRandom().choice
    while True:
        port = choose(_QUIET_PORTS[worker::workers])
        if port not in _taken and not _is_in_use(port):
            _taken.add(port)
            return port


def _is_in_use(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


def listens(port: int) -> bool:
    """Whether 127.0.0.1 takes connections on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def temporary_folder(name: str) -> Path:
    """A new folder that other users can reach, as a server may run as one; short enough for Unix sockets."""
    preferred = Path(tempfile.gettempdir())
    open_to_all = all(parent.stat().st_mode & 0o001 for parent in (preferred, *preferred.parents))
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=preferred if open_to_all else "/tmp"))
    folder.chmod(0o755)
    return folder


class ServerProcess:
    """A process tree in a folder; guarded, so that both are gone when the tests end, even by SIGKILL."""

    def __init__(self, name: str, account: Account | None = None, clean_end: signal.Signals = signal.SIGTERM) -> None:
        self.name = name
        self.account = account
        self.folder = temporary_folder(name)
        self.log = self.folder / "log"
        self._clean_end = clean_end
        self._process: subprocess.Popen[bytes] | None = None
        self.hand_over(self.folder)
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__, str(self.folder)],
            stdin=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )

    @property
    def pid(self) -> int:
        """The process id of the server's first process."""
        if self._process is None:
            raise ServerFailed(f"{self.name} is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def hand_over(self, path: Path) -> None:
        """Makes a file or folder that of the server's user, who may not read it otherwise: umask decides that."""
        if self.account:
            os.chown(path, self.account.uid, self.account.gid)

    def run(self, command: Sequence[str | Path], environment: Mapping[str, str], given: str = "") -> None:
        """Runs a preparing command to its end, as the server's user; `given` is what it reads."""
        with self.log.open("ab") as log:
            done = subprocess.run(
                command, input=given.encode(), stdout=log, stderr=log, check=False, **self._manner(environment)
            )
        if done.returncode:
            raise ServerFailed(f"{Path(command[0]).name} of {self.name} failed: {self.log_tail()}")

    def start(self, command: Sequence[str | Path], environment: Mapping[str, str], ready: Callable[[], bool]) -> None:
        """Starts the server and returns when it is ready; ServerFailed with its log when it never is."""
        if self.running:
            raise ServerFailed(f"{self.name} is running already")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self._manner(environment)
            )
        self._tell_guard(f"{self._process.pid} {self._clean_end.value}")
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise ServerFailed(f"{self.name} did not start: {self.log_tail()}")
            time.sleep(0.005)

    def stop(self, number: signal.Signals | None = None, seconds: float = STOP_SECONDS) -> None:
        """Asks the server to end and waits until nothing of it is left; does nothing when it is not running."""
        if self._process is None:
            return
        members = guard.signal_tree(self._process.pid, signal.SIGCONT)
        self._process.send_signal(number or self._clean_end)
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ServerFailed(f"{self.name} did not stop within {seconds} s: {self.log_tail()}") from None
        guard.wait_gone(members, seconds)
        self._forget()

    def send(self, number: signal.Signals) -> None:
        """Sends a signal to the server's first process."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """Ends every process of the server at once with SIGKILL, as a power cut would; the folder stays."""
        if self._process is None:
            return
        guard.kill_tree(self._process.pid)
        self._process.wait()
        self._forget()

    def freeze(self) -> None:
        """Stops every process of the server where it is: connections stay open and nothing answers."""
        guard.signal_tree(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets a frozen server go on."""
        guard.signal_tree(self.pid, signal.SIGCONT)

    def close(self) -> None:
        """Stops the server if it runs and removes its folder."""
        self.stop()
        if self._guard.stdin and not self._guard.stdin.closed:
            self._guard.stdin.close()
        self._guard.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log_tail(self) -> str:
        """The last lines that the server wrote."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return " | ".join(lines[-8:])

    def _forget(self) -> None:
        if self._process is not None:
            self._tell_guard(f"{self._process.pid} gone")
            self._process = None

    def _tell_guard(self, order: str) -> None:
        # A guard that has ended can guard nothing; the server is still stopped in the ordinary way.
        with contextlib.suppress(BrokenPipeError):
            if self._guard.stdin:
                self._guard.stdin.write(f"{order}\n")
                self._guard.stdin.flush()

    def _manner(self, environment: Mapping[str, str]) -> dict[str, Any]:
        # The terminal's Ctrl-C is meant for the tests alone, so the server leads a session of its own.
        manner: dict[str, Any] = {"cwd": self.folder, "env": environment, "start_new_session": True}
        if self.account:
            manner |= {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}
        return manner
