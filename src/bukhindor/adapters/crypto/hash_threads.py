"""A bounded number of threads, and a fair queue in front of them."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from bukhindor.adapters.crypto.fair_queue import FairQueue, Place
from bukhindor.domain.errors import TooBusy
from bukhindor.ports.secrets import Requester

_NICENESS = 10

_R = TypeVar("_R")


class _Job(Place):
    """A piece of work, and the future in an event loop that waits for it."""

    __slots__ = ("answer", "loop", "work")

    def __init__(
        self,
        requester: Requester,
        work: Callable[[], Any],
        loop: asyncio.AbstractEventLoop,
        answer: "asyncio.Future[Any]",
    ) -> None:
        super().__init__(requester)
        self.work = work
        self.loop = loop
        self.answer = answer

    def tell(self, value: Any, error: BaseException | None) -> None:
        """Set the result from any thread. The loop may have ended by now, and the request may have been cancelled."""
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self._tell, value, error)

    def _tell(self, value: Any, error: BaseException | None) -> None:
        if self.answer.done():
            return
        if error is None:
            self.answer.set_result(value)
        else:
            self.answer.set_exception(error)


class HashThreads:
    """At most `threads` pieces of work run at once and at most `queue` more wait, in the order of a FairQueue.

    Threads start when they are needed. On Linux they run at a lower priority than the event loop.
    """

    def __init__(self, threads: int, queue: int) -> None:
        self._most = threads
        self._queue = FairQueue[_Job](threads + queue)
        self._threads: list[threading.Thread] = []
        self._closed = False
        # All of the above changes under its lock only, which also wakes an idle thread.
        self._wake = threading.Condition(threading.Lock())

    @property
    def busy(self) -> int:
        """How many pieces of work have a thread, or are about to get a free one."""
        return min(self._queue.held, self._most)

    @property
    def waiting(self) -> int:
        """How many wait for a thread."""
        return max(self._queue.held - self._most, 0)

    async def run(self, requester: Requester, work: Callable[[], _R]) -> _R:
        """Return what `work` returns, or raise what it raises, once a thread has done it.

        Raises TooBusy when the requester's share or the queue is used up, when another network displaces the waiting
        work, and when the system gives no thread. Cancelling removes waiting work from the queue at once. Running work
        continues and keeps its place until its thread has finished it, so that clients that disconnect can't pile up
        work.
        """
        loop = asyncio.get_running_loop()
        job = _Job(requester, work, loop, loop.create_future())
        displaced = self._enter(job)
        if displaced is not None:
            displaced.tell(None, TooBusy())
        try:
            answer: _R = await job.answer
            return answer
        except asyncio.CancelledError:
            with self._wake:
                self._queue.leave(job)
            raise

    def close(self) -> None:
        """Block until all accepted work is done; later work gets TooBusy."""
        with self._wake:
            self._closed = True
            self._wake.notify_all()
            threads = list(self._threads)
        for thread in threads:
            thread.join()

    def _enter(self, job: _Job) -> _Job | None:
        with self._wake:
            if self._closed:
                raise TooBusy
            displaced = self._queue.enter(job)
            self._wake.notify()
            if len(self._threads) < min(self._queue.held, self._most):
                self._begin_thread(job)
            return displaced

    def _begin_thread(self, job: _Job) -> None:
        # A daemon thread does not keep the interpreter alive; `close` waits for its work.
        thread = threading.Thread(target=self._work, name=f"password-hash_{len(self._threads)}", daemon=True)
        try:
            thread.start()
        except RuntimeError as no_thread:
            if not self._threads:
                self._queue.leave(job)
                raise TooBusy from no_thread
        else:
            self._threads.append(thread)

    def _work(self) -> None:
        _lower_own_priority()
        while (job := self._next()) is not None:
            value, error = None, None
            try:
                value = job.work()
            except BaseException as raised:
                error = raised
            with self._wake:
                self._queue.finish(job)
            job.tell(value, error)
            # A waiting thread must not keep a password alive, not even through a traceback.
            del job, value, error

    def _next(self) -> _Job | None:
        with self._wake:
            while (job := self._queue.next()) is None:
                if self._closed:
                    return None
                self._wake.wait()
            return job


def _lower_own_priority() -> None:
    # Hash threads keep every core busy for as long as people sign in. Because the event loop's thread has a higher
    # priority, the system runs it as soon as a request comes in, and not only after the next time slice. Only Linux
    # accepts a thread's id here; on other systems the call would change another process.
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
