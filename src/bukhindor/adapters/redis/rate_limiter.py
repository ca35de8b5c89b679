"""Exact limits shared by all processes, and stricter ones in each process while the server is away."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from bukhindor.adapters.redis.circuit_breaker import CircuitBreaker
from bukhindor.adapters.redis.evictions import Evictions
from bukhindor.adapters.redis.failures import EVICTING, TOO_SLOW, problem_of, reason_of
from bukhindor.adapters.redis.server_url import RedisServer
from bukhindor.adapters.redis.shared_counts import Connections, SharedCounts
from bukhindor.domain.errors import RateLimited
from bukhindor.domain.rate_limit import Limit
from bukhindor.ports.system import DatabaseTracer, RateLimiter

_log = logging.getLogger(__name__)

_FAILURES_UNTIL_OPEN = 3
_PATIENCE_SECONDS = 2.0
_START_SECONDS = 1.0
_QUIET_PROBES = 60

_T = TypeVar("_T")


def _ignore(reason: str) -> None:
    """The default without metrics."""


@dataclass(frozen=True, slots=True)
class _Answered(Generic[_T]):
    value: _T


@dataclass(frozen=True, slots=True)
class _Failed:
    problem: str


class RedisRateLimiter:
    """Counts in the server; `alone` counts what the server does not count within `budget` seconds.

    `alone` counts for this process only and allows each key one part in `outage_divisor` of a limit, rounded up. Choose
    it at least as large as the number of processes; then all of them together allow about the limit, wherever the
    requests go.

    After three failures in a row the breaker opens: `alone` counts everything at once, and no request waits for the
    server. A task probes the server each `probe_seconds`, all the time, so that no request has to discover the outage
    or its end. A server that drops keys to make room forgets counts silently: it counts as away until it has dropped
    none for sixty probes.

    Nothing is carried over between the two counts. Neither lets more through than its limit, and what `alone` counted
    stays counted there until its window has passed. So within any window a key gets no more than the limit and one part
    of it for each process, however often the server comes and goes. Only if the server loses its data does the key
    start again.

    No method raises anything but RateLimited. `on_uncounted` gets one of the words in `REASONS` for each call that the
    server did not count. The trace of a request shows how long a call really took, also when it took longer than the
    request waited.
    """

    def __init__(
        self,
        server: RedisServer,
        secret: bytes,
        alone: RateLimiter,
        *,
        outage_divisor: int = 4,
        budget: float = 0.05,
        probe_seconds: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        on_uncounted: Callable[[str], None] = _ignore,
        tracer: DatabaseTracer | None = None,
    ) -> None:
        self._counts = SharedCounts(server, secret, tracer)
        self._alone = alone
        self._divisor = outage_divisor
        self._budget = budget
        self._probe_seconds = probe_seconds
        self._clock = clock
        self._on_uncounted = on_uncounted
        self._breaker = CircuitBreaker(clock, _FAILURES_UNTIL_OPEN)
        self._evictions = Evictions(clock, _QUIET_PROBES * probe_seconds)
        self._watch: asyncio.Task[None] | None = None
        self._attempts: set[asyncio.Task[Any]] = set()

    async def open(self) -> None:
        """Connect, and watch the server from now on. Without a response within a second it starts degraded."""
        problem = await self._probe(_START_SECONDS)
        if problem:
            self._open_breaker(problem)
        self._watch_server()

    async def close(self) -> None:
        tasks = [task for task in (self._watch, *self._attempts) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._watch = None
        await self._attempt(self._counts.close)

    async def take(self, limit: Limit, key: str) -> None:
        answered = await self._ask(lambda: self._counts.take(limit, key), writes=True)
        if answered is None:
            await self._take_alone(limit, key)
        elif not answered.value.counted:
            raise RateLimited(limit, max(1, -(-answered.value.wait // 1_000_000)), is_first=answered.value.is_first)

    async def give_back(self, limit: Limit, key: str) -> None:
        """The place need not be the one that `take` counted in: the sum of both counts is right."""
        if await self._ask(lambda: self._counts.give_back(limit, key)) is None:
            await self._alone.give_back(self._strict(limit), key)

    async def clear(self, limit: Limit, key: str) -> None:
        """While the server is away its count stays: then the key waits longer than necessary."""
        await self._alone.clear(self._strict(limit), key)
        await self._ask(lambda: self._counts.clear(limit, key))

    def is_degraded(self) -> bool:
        return self._breaker.is_open

    def problem(self) -> str:
        """Why it is degraded, as a sentence without a full stop; empty when it is not."""
        return self._breaker.problem

    def connections(self) -> Connections:
        return self._counts.connections()

    async def _take_alone(self, limit: Limit, key: str) -> None:
        try:
            await self._alone.take(self._strict(limit), key)
        except RateLimited as refused:
            raise RateLimited(limit, refused.retry_after, is_first=refused.is_first) from None

    def _strict(self, limit: Limit) -> Limit:
        return Limit(limit.name, -(-limit.hits // self._divisor), limit.window)

    async def _ask(self, call: Callable[[], Coroutine[Any, Any, _T]], *, writes: bool = False) -> _Answered[_T] | None:
        """The server's response; None when it is known to be away, fails, or takes too long.

        Only the success of a call that `writes` proves that the server counts: a full server still deletes keys.
        """
        if self._breaker.is_open:
            self._on_uncounted(reason_of(self._breaker.problem))
            return None
        began = self._clock()
        outcome = await self._within(self._budget, call)
        if isinstance(outcome, _Answered):
            if writes:
                self._breaker.succeeded()
            return outcome
        self._on_uncounted(reason_of(outcome.problem))
        self._failed(began, outcome.problem)
        return None

    async def _within(self, seconds: float, call: Callable[[], Coroutine[Any, Any, _T]]) -> _Answered[_T] | _Failed:
        """The outcome, if it comes in time. A slower call continues in the background, up to its own time limits.

        So a connection that is slow to open is ready for the next call, and no response is left half read.
        """
        attempt = asyncio.create_task(self._attempt(call))
        self._attempts.add(attempt)
        attempt.add_done_callback(self._attempts.discard)
        await asyncio.wait({attempt}, timeout=seconds)
        return attempt.result() if attempt.done() else _Failed(TOO_SLOW)

    async def _attempt(self, call: Callable[[], Coroutine[Any, Any, _T]]) -> _Answered[_T] | _Failed:
        try:
            return _Answered(await call())
        except Exception as error:
            # For every possible error the remedy is to count more strictly, and never to let through or to fail.
            return _Failed(problem_of(error))

    def _failed(self, began: float, problem: str) -> None:
        if self._breaker.failed(began, problem):
            self._tell(problem)
            self._watch_server()

    def _open_breaker(self, problem: str) -> None:
        """Open at once: there is no doubt."""
        was_open = self._breaker.is_open
        self._breaker.open(problem)
        if not was_open:
            self._tell(problem)

    def _tell(self, problem: str) -> None:
        _log.warning("Redis: %s; limits are counted by each process alone, and stricter", problem)

    def _watch_server(self) -> None:
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._keep_probing())

    async def _keep_probing(self) -> None:
        while True:
            hurry = self._breaker.is_doubtful and not self._breaker.is_open
            await asyncio.sleep(self._probe_seconds / 10 if hurry else self._probe_seconds)
            began = self._clock()
            problem = await self._probe(_PATIENCE_SECONDS)
            if problem == EVICTING:
                self._open_breaker(problem)
            elif problem:
                self._failed(began, problem)
            elif self._breaker.close():
                _log.info("Redis: the server is back; limits are shared again")

    async def _probe(self, patience: float) -> str:
        """The problem; empty when the server counts, and fast enough. The first response may need a new connection."""
        for seconds in (patience, self._budget):
            outcome = await self._within(seconds, self._counts.probe)
            if isinstance(outcome, _Failed):
                self._evictions.lost_sight()
                return outcome.problem
        dropped = await self._within(patience, self._counts.dropped_keys)
        if isinstance(dropped, _Answered) and dropped.value is not None:
            self._evictions.saw(dropped.value)
        return EVICTING if self._evictions.go_on() else ""
