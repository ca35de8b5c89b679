"""One worker as its supervisor sees it: a process, the channel to it, and what is known of its health."""

import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Self

from bukhindor.server import worker_channel
from bukhindor.server.worker_channel import CUT_OFF, READY, RETIRE, STOP, assignment_text


class WorkerProcess:
    """A fresh interpreter that serves on the inherited sockets.

    `since` is when it was started, or became ready; `kill_at` when its time to end is over; both are monotonic.
    `silent_seconds` is how long nothing was heard of it.
    """

    def __init__(self, number: int, process: "subprocess.Popen[bytes]", channel: socket.socket, now: float) -> None:
        self.number = number
        self.pid = process.pid
        self.channel = channel
        self.ready = False
        self.since = now
        self.silent_seconds = 0.0
        self.stop_asked = False
        self.kill_at: float | None = None
        self.killed = False
        self._process = process

    @classmethod
    def start(
        cls,
        number: int,
        command: Sequence[str],
        environment: Mapping[str, str],
        listeners: Sequence[socket.socket],
        now: float,
    ) -> Self:
        """Start `command` in a process group of its own, so that Ctrl-C reaches the supervisor only.

        Raises OSError.
        """
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                process = subprocess.Popen(  # noqa: S603 - The command is this program's own.
                    command,
                    env={**environment, worker_channel.VARIABLE: assignment_text(number, theirs, listeners)},
                    stdin=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(), *(listener.fileno() for listener in listeners)),
                    process_group=0,
                )
        except BaseException:
            ours.close()
            raise
        ours.setblocking(False)
        return cls(number, process, ours, now)

    def listen(self, now: float) -> bool:
        """Take in what the worker has said; any word is a sign of life. False when it will say nothing more."""
        try:
            words = self.channel.recv(4096)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if words:
            self.silent_seconds = 0.0
        if READY in words and not self.ready:
            self.ready, self.since = True, now
        return bool(words)

    def exit_status(self) -> int | None:
        """None while it runs, else its exit code, or the negative number of the signal that ended it."""
        return self._process.poll()

    def ask_to_stop(self, kill_at: float, *, others_serve: bool = False) -> None:
        """Let it finish what is under way, until `kill_at`. Asked again, nothing changes."""
        if self.stop_asked:
            return
        self.stop_asked, self.kill_at = True, kill_at
        if self.ready:
            self._say(RETIRE if others_serve else STOP)
        else:
            # It may be busy with anything but listening, and has no request to lose.
            self._signal(signal.SIGTERM)

    def cut_off(self, kill_at: float) -> None:
        """Let it end without finishing what is under way."""
        self.stop_asked, self.kill_at = True, kill_at
        if self.ready:
            self._say(CUT_OFF)
        else:
            self.kill()

    def kill(self) -> None:
        self.killed = True
        self._signal(signal.SIGKILL)

    def ended_in_order(self) -> bool:
        """Whether everything was finished. Before it is ready, the signal that asks it to stop may end it."""
        status = self.exit_status()
        return status == 0 or (status == -signal.SIGTERM and self.stop_asked and not self.ready)

    def _say(self, word: bytes) -> None:
        with suppress(OSError):
            self.channel.send(word)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            self._process.send_signal(number)


def ended_by(status: int) -> str:
    """How a process ended, for people: `SIGKILL`, or `exit code 1`."""
    if status >= 0:
        return f"exit code {status}"
    with suppress(ValueError):
        return signal.Signals(-status).name
    return f"signal {-status}"


def own_environment(*additions: Mapping[str, str]) -> dict[str, str]:
    """The environment of this process with `additions`, the last of which wins."""
    environment = dict(os.environ)
    for addition in additions:
        environment.update(addition)
    return environment
