"""A worker process from its supervisor's point of view."""

import logging
import math
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import resource_tracker
from typing import Final

import uvicorn
from uvicorn.supervisors.multiprocess import Process

from bukhindor.server.assignment import PING, RETIRE, Assignment
from bukhindor.server.graceful import EXIT_FINISHED

logger = logging.getLogger("bukhindor.server")

# Terminals send these to every process; only the supervisor acts on them.
_TERMINAL_SIGNALS: Final = (signal.SIGHUP, signal.SIGINT)

Work = Callable[[Assignment], int]


class Worker(Process):
    """One worker, which has to be ready within `start` seconds.

    uvicorn pings a thread of the worker; here the event loop responds, so that a worker that hangs is silent.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        listeners: list[socket.socket],
        work: Work,
        number: int,
        start: float,
        *,
        first: bool = False,
        replaces: bool = False,
    ) -> None:
        super().__init__(config, listeners)
        self.number = number
        self.ready = self.stopping = self.reported = False
        self.started_at = time.monotonic()
        # Not while it serves.
        self.kill_at = self.started_at + start
        # Ticks, not seconds: while the whole machine pauses, no worker counts as silent.
        self.silent_ticks = 0
        self._asked = False
        self._work = work
        self._assignment = Assignment(number, first, replaces, listeners, self.child_conn)

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        """Runs in the worker process."""
        for number in _TERMINAL_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _TERMINAL_SIGNALS)
        # With this end closed, the other end notices when the supervisor has ended.
        self.parent_conn.close()
        sys.exit(self._work(self._assignment))

    def start(self) -> None:
        """Start the process; if the system can't start it, it counts as ended."""
        # It would end the block when it starts together with the first worker.
        resource_tracker.ensure_running()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _TERMINAL_SIGNALS)
        try:
            super().start()
        except OSError as error:
            logger.error("worker %d could not be started: %s", self.number, error)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def runs(self) -> bool:
        return self.process.is_alive()

    def look(self) -> None:
        """Read the response to the last ping and send the next one, without waiting."""
        self.silent_ticks += 1
        with suppress(OSError, EOFError):
            if self.parent_conn.poll():
                if self.parent_conn.recv() and not self.ready:
                    self.ready, self.kill_at = True, math.inf
                self._asked, self.silent_ticks = False, 0
            if not self._asked:
                self.parent_conn.send(PING)
                self._asked = True

    def stop(self, kill_at: float) -> None:
        self.stopping, self.kill_at = True, kill_at
        self.process.terminate()

    def retire(self, kill_at: float) -> None:
        """Let it finish its requests while others serve the address."""
        self.stopping, self.kill_at = True, kill_at
        with suppress(OSError):
            self.parent_conn.send(RETIRE)

    def finished(self) -> bool:
        """Whether it ended on request, with no request cut off."""
        return self.stopping and (self.exitcode == EXIT_FINISHED or not self.ready)

    def __str__(self) -> str:
        return f"worker {self.number}, pid {self.pid},"


def ended_by(status: int) -> str:
    """How a process ended, in words: `SIGKILL`, or `exit code 1`."""
    if status >= 0:
        return f"exit code {status}"
    with suppress(ValueError):
        return signal.Signals(-status).name
    return f"signal {-status}"
