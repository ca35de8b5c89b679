"""The parent of several workers: it owns the listening sockets, and sees to it that enough workers accept on them.

The first worker goes ahead, alone: what once only must happen at the start, happens there, and what speaks against a
start is said once. When it is ready the others follow. A worker that ends unasked, or of which nothing is heard for
too long, is replaced.

SIGTERM or SIGINT lets all workers stop in order; the second one cuts off what is under way, the third one kills.
SIGHUP replaces all workers, one after the other, each by a new one that is ready before the old one stops.

Nothing of the web framework or server is imported here: the parent stays small, and what breaks a worker can't break
it.
"""

import logging
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from bukhindor.server.replacement import Patience, Places, Rotation
from bukhindor.server.worker_process import WorkerProcess, ended_by, own_environment

logger = logging.getLogger("bukhindor.server")

EXIT_FINISHED = 0
EXIT_CUT_OFF = 1

_STOPPING_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_SIGNALS = (*_STOPPING_SIGNALS, signal.SIGHUP, signal.SIGCHLD)


class Supervisor:
    """Runs `count` workers on `listeners`, which are bound and which it closes.

    `command` starts a worker. `environment` is added to that of every worker, `later_environment` to that of all but
    the one that goes ahead, `replacing_environment` to that of those that take another one's place after SIGHUP.
    `on_ready` is called once, when all workers accept connections; `on_worker_end` with the process id of each worker
    that has ended.
    """

    def __init__(
        self,
        command: Sequence[str],
        listeners: Sequence[socket.socket],
        count: int,
        patience: Patience,
        *,
        on_ready: Callable[[], None] = lambda: None,
        on_worker_end: Callable[[int], None] = lambda pid: None,
        environment: Mapping[str, str] | None = None,
        later_environment: Mapping[str, str] | None = None,
        replacing_environment: Mapping[str, str] | None = None,
    ) -> None:
        self._command = command
        self._listeners = listeners
        self._count = count
        self._patience = patience
        self._on_ready = on_ready
        self._on_worker_end = on_worker_end
        self._environment = environment or {}
        self._later_environment = later_environment or {}
        self._replacing_environment = replacing_environment or {}
        self._selector = selectors.DefaultSelector()
        self._workers: list[WorkerProcess] = []
        self._places = Places(count, patience)
        self._rotation = Rotation(self._try_to_replace, self._retire)
        self._ahead_is_ready = False
        self._announced = False
        self._stop_signals = 0
        self._exit_code = EXIT_FINISHED
        self._awake_at = time.monotonic()

    def run(self) -> int:
        """Returns when all workers have ended after a signal, or when the one ahead could not start.

        0: everything was finished. 1: something was cut off. Else the exit code of the worker ahead, which has said
        why. Must be called in the main thread. Raises OSError when the worker ahead can't even be tried.
        """
        try:
            with self._signals_received():
                self._start(1)
                while self._workers or not self._stop_signals:
                    self._turn()
        finally:
            self._close_listeners()
            for worker in self._workers:
                worker.kill()
            self._selector.close()
        return self._exit_code

    @contextmanager
    def _signals_received(self) -> Iterator[None]:
        """Every signal becomes one byte that the selector sees; nothing happens in the middle of something else."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            ours.setblocking(False)
            theirs.setblocking(False)
            self._selector.register(ours, selectors.EVENT_READ)
            old_number = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
            old = {number: signal.signal(number, lambda number, frame: None) for number in _SIGNALS}
            try:
                yield
            finally:
                for number, handler in old.items():
                    signal.signal(number, handler)
                signal.set_wakeup_fd(old_number)

    def _turn(self) -> None:
        """Wait until something happens, at most one tick, and do what is due."""
        ready = self._selector.select(self._patience.tick)
        now = time.monotonic()
        # Counts only what was waited for: after a freeze of the whole machine nobody has been silent for long.
        waited = min(now - self._awake_at, 2 * self._patience.tick)
        self._awake_at = now
        for worker in self._workers:
            worker.silent_seconds += waited
        for key, _ in ready:
            worker = key.data
            if worker is None:
                self._obey(key.fileobj.recv(64), now)  # type: ignore[union-attr]
            else:
                if not worker.listen(now):
                    self._selector.unregister(worker.channel)
                # Before anything else: it may have ended since.
                self._ahead_is_ready = self._ahead_is_ready or worker.ready
        for worker in [each for each in self._workers if each.exit_status() is not None]:
            self._worker_ended(worker, now)
        self._kill_hopeless(now)
        if not self._stop_signals:
            self._announce()
            self._rotation.step(self._workers, now)
            self._fill_up(now)

    def _obey(self, numbers: bytes, now: float) -> None:
        for number in numbers:
            if number in _STOPPING_SIGNALS:
                self._stop(signal.Signals(number), now)
            elif number == signal.SIGHUP and not self._stop_signals:
                self._replace_all()

    def _replace_all(self) -> None:
        if self._ahead_is_ready:
            logger.info("SIGHUP: replacing all workers, one after the other")
            self._rotation.begin(self._workers)
        else:
            logger.warning("SIGHUP: no worker is ready yet, none is replaced")

    def _stop(self, number: signal.Signals, now: float) -> None:
        self._stop_signals += 1
        # Else the system would go on taking connections that nobody will serve.
        self._close_listeners()
        if self._stop_signals == 1:
            logger.info("%s: stopping %d workers", number.name, len(self._workers))
        for worker in self._workers:
            if self._stop_signals == 1:
                worker.ask_to_stop(now + self._patience.stop)
            elif self._stop_signals == 2:
                worker.cut_off(now + self._patience.cut_off)
            else:
                worker.kill()

    def _start(self, number: int, addition: Mapping[str, str] | None = None) -> WorkerProcess:
        """Raises OSError."""
        later = self._later_environment if self._ahead_is_ready else {}
        environment = own_environment(self._environment, later, addition or {})
        worker = WorkerProcess.start(number, self._command, environment, self._listeners, time.monotonic())
        self._workers.append(worker)
        self._selector.register(worker.channel, selectors.EVENT_READ, worker)
        return worker

    def _try_to_replace(self, number: int, now: float) -> WorkerProcess | None:
        return self._try_to_start(number, now, self._replacing_environment)

    def _try_to_start(self, number: int, now: float, addition: Mapping[str, str] | None = None) -> WorkerProcess | None:
        try:
            return self._start(number, addition)
        except OSError as error:
            logger.error("worker %d could not be started: %s", number, error)
            self._places.count_failure(number, 0.0, now)
            return None

    def _retire(self, worker: WorkerProcess, now: float) -> None:
        worker.ask_to_stop(now + self._patience.stop, others_serve=True)

    def _fill_up(self, now: float) -> None:
        for number in self._places.due(self._workers, now) if self._ahead_is_ready else ():
            self._try_to_start(number, now)

    def _worker_ended(self, worker: WorkerProcess, now: float) -> None:
        how = ended_by(worker.exit_status() or 0)
        self._workers.remove(worker)
        if worker.channel in self._selector.get_map():
            self._selector.unregister(worker.channel)
        worker.channel.close()
        with _failure_logged("on_worker_end"):
            self._on_worker_end(worker.pid)
        if worker.stop_asked:
            if not worker.ended_in_order():
                logger.error("worker %d, pid %d, did not end in order: %s", worker.number, worker.pid, how)
                # Before a worker is ready it has taken nothing on that could be cut off.
                if self._stop_signals and worker.ready:
                    self._exit_code = EXIT_CUT_OFF
        elif not self._ahead_is_ready and not worker.ready:
            # A refusal says what it is itself; a signal leaves no word.
            status = worker.exit_status() or 0
            if status < 0:
                logger.error("the first worker ended before it was ready: %s", how)
            self._exit_code = status if status >= 0 else EXIT_CUT_OFF
            self._stop_signals = 1
        else:
            logger.error("worker %d, pid %d, ended unasked: %s", worker.number, worker.pid, how)
            self._places.count_failure(worker.number, now - worker.since if worker.ready else 0.0, now)

    def _kill_hopeless(self, now: float) -> None:
        for worker in [each for each in self._workers if not each.killed]:
            if worker.kill_at is not None and now >= worker.kill_at:
                logger.error("worker %d, pid %d, did not stop in time", worker.number, worker.pid)
            elif worker.ready and worker.silent_seconds > self._patience.silence:
                logger.error("worker %d, pid %d, hangs", worker.number, worker.pid)
            elif not worker.ready and self._ahead_is_ready and now - worker.since > self._patience.start:
                logger.error("worker %d, pid %d, is not ready in time", worker.number, worker.pid)
            else:
                continue
            worker.kill()

    def _announce(self) -> None:
        ready = [worker for worker in self._workers if worker.ready]
        if not self._announced and len(ready) == self._count:
            self._announced = True
            with _failure_logged("on_ready"):
                self._on_ready()

    def _close_listeners(self) -> None:
        for listener in self._listeners:
            listener.close()


@contextmanager
def _failure_logged(name: str) -> Iterator[None]:
    """What was handed in may fail without ending the service."""
    try:
        yield
    except Exception:
        logger.exception("%s failed", name)
