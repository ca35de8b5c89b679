"""When workers are replaced: at once or after a pause when they fail, one after the other when all are to be new."""

import logging
from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from bukhindor.server.worker_process import WorkerProcess

logger = logging.getLogger("bukhindor.server")


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that a supervisor waits.

    `stop`: for a worker to finish. `cut_off`: for one to end that was told to finish nothing. `silence`: for a sign of
    life. `start`: for a replacement to be ready. `first_pause`: after the second failure in a row; it doubles with
    each, up to `longest_pause`. `steady`: a worker that was ready for so long has not failed in a row. `tick`: at most
    until the next look at everything.
    """

    stop: float
    cut_off: float = 5.0
    silence: float = 30.0
    start: float = 60.0
    first_pause: float = 0.5
    longest_pause: float = 10.0
    steady: float = 30.0
    tick: float = 0.5


class Places:
    """The places of `count` workers, numbered from 1, and when each may be filled again after a failure."""

    def __init__(self, count: int, patience: Patience) -> None:
        self._patience = patience
        self._failures = dict.fromkeys(range(1, count + 1), 0)
        self._not_before = dict.fromkeys(range(1, count + 1), 0.0)

    def count_failure(self, number: int, seconds_ready: float, now: float) -> None:
        """The first replacement comes at once, the next ones after longer and longer pauses."""
        if seconds_ready >= self._patience.steady:
            self._failures[number] = 0
        failures = self._failures[number] = self._failures[number] + 1
        if failures > 1:
            pause = self._patience.first_pause * 2 ** min(failures - 2, 10)
            self._not_before[number] = now + min(pause, self._patience.longest_pause)

    def due(self, workers: Iterable[WorkerProcess], now: float) -> list[int]:
        """The places that nobody holds and that may be filled now."""
        held = {worker.number for worker in workers if not worker.stop_asked}
        return [number for number, moment in self._not_before.items() if number not in held and now >= moment]


class Rotation:
    """Replaces workers one after the other: the new one is ready before the old one stops.

    `start` starts a worker for a place, or returns None; `retire` lets an old one stop.
    """

    def __init__(
        self, start: Callable[[int, float], WorkerProcess | None], retire: Callable[[WorkerProcess, float], None]
    ) -> None:
        self._start = start
        self._retire = retire
        self._waiting: deque[WorkerProcess] = deque()
        self._pair: tuple[WorkerProcess, WorkerProcess] | None = None

    def begin(self, workers: Iterable[WorkerProcess]) -> None:
        """Replace these; begun again, those that are not replaced yet and those that are new already."""
        self._waiting = deque(worker for worker in workers if not worker.stop_asked)

    def step(self, workers: Collection[WorkerProcess], now: float) -> None:
        """Go on as far as possible without waiting. `workers` are those that run."""
        while self._pair is not None or self._waiting:
            if self._pair is None:
                old = self._waiting.popleft()
                if old not in workers or old.stop_asked:
                    continue
                new = self._start(old.number, now)
                if new is None:
                    self._waiting.clear()
                    return
                self._pair = old, new
            old, new = self._pair
            if new.ready:
                self._retire(old, now)
                if old in workers:
                    return
            elif new in workers:
                return
            else:
                logger.error("worker %d could not be replaced; the others stay as they are", new.number)
                self._waiting.clear()
            self._pair = None
