"""Several worker processes behind one address, under uvicorn's supervisor.

The first worker starts alone: a migration runs there, once, and a service that can't start fails once. When it is
ready, the others follow. A worker that ends or hangs is replaced.

SIGTERM or SIGINT stops all workers; a second one kills those that have not finished. SIGHUP replaces all workers, one
after the other; each old worker stops when its successor is ready.
"""

import logging
import math
import signal
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from multiprocessing import connection
from typing import Final

import uvicorn
from uvicorn.supervisors.multiprocess import Multiprocess

from bukhindor.server.graceful import EXIT_CUT_OFF, EXIT_FINISHED, report_failure
from bukhindor.server.listener import close_listeners
from bukhindor.server.worker import Work, Worker, ended_by

logger = logging.getLogger("bukhindor.server")

# How often uvicorn's supervisor looks at its workers.
_TICK_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that the supervisor waits.

    `stop`: for a worker to finish its requests. `silence`: for a worker to respond. `start`: for any worker except the
    first to be ready. `pause`: from one start of a worker to the next.
    """

    stop: float
    silence: float = 30.0
    start: float = 60.0
    pause: float = 5.0


class Supervisor(Multiprocess):
    """Keeps `count` workers on `listeners`, which it closes at the end.

    `work` runs in each worker process; it must be picklable. `on_ready` is called once, when all workers accept
    connections; `on_worker_end` with the process id of each worker that has ended.
    """

    processes: list[Worker]  # type: ignore[assignment]

    def __init__(
        self,
        listeners: list[socket.socket],
        count: int,
        work: Work,
        patience: Patience,
        *,
        on_ready: Callable[[], None] = lambda: None,
        on_worker_end: Callable[[int], None] = lambda pid: None,
    ) -> None:
        # uvicorn would import an application by this name; a worker calls `work` instead.
        super().__init__(uvicorn.Config("", workers=count, log_config=None), listeners)
        self._work = work
        self._patience = patience
        self._on_ready = on_ready
        self._on_worker_end = on_worker_end
        self._first_is_ready = self._announced = False
        self._exit_code = EXIT_FINISHED
        # Successors that are not ready yet, and old workers that still finish their requests.
        self._others: list[Worker] = []
        self._replacing: Iterator[None] = iter(())

    def run_until_stopped(self) -> int:
        """Return 0 when all requests were finished, 1 when some were cut off, or the exit code of the first worker if
        it could not start and has written the reason. Call it in the main thread.
        """
        try:
            self.run()
        finally:
            for worker in filter(Worker.runs, (*self.processes, *self._others)):
                worker.process.kill()
            close_listeners(self.sockets)
        return self._exit_code

    def init_processes(self) -> None:
        self.processes.append(self._start(1, first=True))

    def keep_subprocess_alive(self) -> None:
        """Do what is due; called once a tick."""
        known = [*self.processes, *self._others]
        for worker in known:
            worker.look()
        if not self._first_is_ready:
            self._wait_for_first(self.processes[0])
            return
        for worker in known:
            if worker.runs():
                self._kill_if_late(worker)
            else:
                self._report_end(worker)
        self._others = [worker for worker in self._others if worker.runs() or not worker.stopping]
        for index, worker in enumerate(self.processes):
            if not worker.runs() and time.monotonic() - worker.started_at >= self._patience.pause:
                self.processes[index] = self._start(worker.number)
        next(self._replacing, None)
        if not self._announced and all(worker.ready for worker in self.processes):
            self._announced = True
            report_failure("on_ready", self._on_ready)

    def restart_all(self) -> None:
        if self._first_is_ready:
            self._replacing = chain(self._replacing, self._replace_all())
        else:
            logger.warning("no worker is ready yet, none is replaced")

    def terminate_all(self) -> None:
        # Otherwise connections that no worker accepts any more would wait in the sockets until they are reset.
        close_listeners(self.sockets)
        kill_at = time.monotonic() + self._patience.stop
        self._others += self.processes
        for worker in filter(Worker.runs, self._others):
            worker.stop(kill_at)

    def join_all(self) -> None:
        """Wait for the workers; kill those that are late, or all of them after a second signal."""
        while running := [worker for worker in self._others if worker.runs()]:
            connection.wait([worker.process.sentinel for worker in running], _TICK_SECONDS / 2)
            hurry = any(number in (signal.SIGTERM, signal.SIGINT) for number in self.signal_queue)
            for worker in filter(Worker.runs, running):
                if hurry:
                    worker.process.kill()
                self._kill_if_late(worker)
        for worker in self._others:
            self._report_end(worker)
            if worker.stopping and not worker.finished():
                self._exit_code = EXIT_CUT_OFF

    def handle_ttin(self) -> None:
        """Do nothing: the number of workers is a setting."""

    handle_ttou = handle_ttin

    def _start(self, number: int, *, first: bool = False, replaces: bool = False) -> Worker:
        seconds = math.inf if first else self._patience.start
        worker = Worker(self.config, self.sockets, self._work, number, seconds, first=first, replaces=replaces)
        worker.start()
        return worker

    def _wait_for_first(self, worker: Worker) -> None:
        if worker.ready:
            self._first_is_ready = True
            self.processes += [self._start(number) for number in range(2, self.processes_num + 1)]
        elif not worker.runs():
            # The worker itself has written a refusal; a signal leaves no message.
            status = EXIT_CUT_OFF if worker.exitcode is None else worker.exitcode
            worker.reported = True
            if status < 0:
                logger.error("the first worker ended before it was ready: %s", ended_by(status))
            self._exit_code = status if status >= 0 else EXIT_CUT_OFF
            self.should_exit.set()

    def _replace_all(self) -> Iterator[None]:
        """Replace the workers one after the other; yields while it has to wait."""
        for index in range(len(self.processes)):
            successor = self._start(self.processes[index].number, replaces=True)
            self._others.append(successor)
            while successor.runs() and not successor.ready:
                yield
            self._others.remove(successor)
            if not successor.runs():
                self._report_end(successor)
                logger.error("worker %d could not be replaced; the others stay as they are", successor.number)
                return
            old, self.processes[index] = self.processes[index], successor
            old.retire(time.monotonic() + self._patience.stop)
            self._others.append(old)
            while old in self._others:
                yield

    def _kill_if_late(self, worker: Worker) -> None:
        if time.monotonic() >= worker.kill_at:
            logger.error("%s %s in time", worker, "did not stop" if worker.stopping else "is not ready")
        elif worker.ready and not worker.stopping and worker.silent_ticks * _TICK_SECONDS > self._patience.silence:
            logger.error("%s hangs", worker)
        else:
            return
        worker.process.kill()

    def _report_end(self, worker: Worker) -> None:
        pid = worker.pid
        if worker.reported or pid is None:
            return
        worker.reported = True
        worker.parent_conn.close()
        worker.child_conn.close()
        if not worker.finished():
            how = "did not end in order" if worker.stopping else "ended unasked"
            logger.error("%s %s: %s", worker, how, ended_by(worker.exitcode or 0))
        report_failure("on_worker_end", lambda: self._on_worker_end(pid))
