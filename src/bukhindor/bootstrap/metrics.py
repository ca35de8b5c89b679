"""What is measured, and where it is served; loaded only when METRICS_PORT is set."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Protocol, runtime_checkable

from bukhindor import BUILD
from bukhindor.adapters.crypto.password_hasher import PooledPasswordHasher
from bukhindor.adapters.prometheus import names
from bukhindor.adapters.prometheus.exposition import expose
from bukhindor.adapters.prometheus.meter import MeteredMailer, MeteredRateLimiter, PrometheusMeter
from bukhindor.adapters.prometheus.series import Measurement
from bukhindor.adapters.smtp.server_url import MailServer
from bukhindor.adapters.sql.sqlite.transactions import SqliteTransactions
from bukhindor.bootstrap.background import KEY_RELOAD, MAIL_DELIVERY, MAILBOX_PURGE, PURGE, WITHDRAWALS
from bukhindor.bootstrap.store import Store
from bukhindor.bootstrap.watch import Tracing, Watch, Work
from bukhindor.domain.errors import Unavailable
from bukhindor.ports.mail import Mailer
from bukhindor.ports.system import RateLimiter
from bukhindor.services.assembly import Services

_METRICS = "metrics"
_SECONDS = 5.0
_SESSIONS_EVERY = 6
"""Turns. Counting the sessions of a large installation takes the database a tenth of a second."""


class _Connections(Protocol):
    @property
    def idle(self) -> int: ...
    @property
    def in_use(self) -> int: ...


class _PoolState(_Connections, Protocol):
    @property
    def limit(self) -> int: ...


@runtime_checkable
class _HasPool(Protocol):
    """A store with a connection pool; its class is not imported, since its driver may not be loaded."""

    @property
    def pool_state(self) -> _PoolState: ...


@runtime_checkable
class _SharedLimiter(RateLimiter, Protocol):
    """A limiter that counts on a server."""

    def connections(self) -> _Connections: ...


class MetricsWatch(Watch):
    """With `port` None another process serves the metrics."""

    def __init__(self, host: str, port: int | None, tracing: Tracing | None) -> None:
        self._meter = PrometheusMeter(BUILD)
        super().__init__(tracing, self._meter)
        self._meter.expect_background(KEY_RELOAD, PURGE, MAIL_DELIVERY, MAILBOX_PURGE, WITHDRAWALS, _METRICS)
        self._host = host
        self._port = port
        self._stop: Callable[[], None] | None = None
        self._limiter: RateLimiter | None = None

    def listen(self) -> None:
        if self._port is not None:
            self._stop = expose(self._meter.registry, self._host, self._port)

    def close(self) -> None:
        if self._stop is not None:
            self._stop()
            self._stop = None
        super().close()

    def limiter(self, limiter: RateLimiter) -> RateLimiter:
        self._limiter = limiter
        return MeteredRateLimiter(limiter, self._meter)

    def limit_uncounted(self, reason: str) -> None:
        self._meter.limit_uncounted(reason)

    def mailer(self, mailer: Mailer, server: MailServer | None) -> Mailer:
        return MeteredMailer(super().mailer(mailer, server), self._meter)

    def database_waited(self, seconds: float) -> None:
        self._meter.database_waited(seconds)

    def database_failed(self, kind: str) -> None:
        self._meter.database_failed(kind)

    def background_failed(self, task: str) -> None:
        self._meter.background_failed(task)

    def works(self, services: Services, store: Store, hasher: PooledPasswordHasher) -> Sequence[Work]:
        return ((_METRICS, _SECONDS, _Round(self._meter, services, store, hasher, self._limiter).measure),)


class _Round:
    """Measures everything that is not counted when it happens."""

    def __init__(
        self,
        meter: PrometheusMeter,
        services: Services,
        store: Store,
        hasher: PooledPasswordHasher,
        limiter: RateLimiter | None,
    ) -> None:
        self._meter = meter
        self._health = services.health
        self._measurements = services.measurements
        self._store = store
        self._hasher = hasher
        self._limiter = limiter
        self._turn = 0

    async def measure(self) -> None:
        self._meter.record(*self._own())
        self._meter.record(Measurement(names.READY, not await self._health.problems()))
        # The store itself logs that it is unavailable.
        with suppress(Unavailable):
            self._meter.record(*await self._mails())
            turn, self._turn = self._turn, self._turn + 1
            if turn % _SESSIONS_EVERY == 0:
                self._meter.record(Measurement(names.SESSIONS, await self._measurements.active_sessions()))
                self._meter.record(Measurement(names.FACTORS, await self._measurements.second_factors()))

    def _own(self) -> Iterator[Measurement]:
        yield Measurement(names.HASH_BUSY, self._hasher.busy)
        yield Measurement(names.HASH_QUEUE, self._hasher.waiting)
        if isinstance(self._store, SqliteTransactions):
            yield Measurement(names.GROUP_WRITES, self._store.writes)
            yield Measurement(names.GROUP_COMMITS, self._store.commits)
        if isinstance(self._store, _HasPool):
            pool = self._store.pool_state
            yield from _connections(names.DATABASE_CONNECTIONS, pool)
            yield Measurement(names.DATABASE_CONNECTIONS, pool.limit, ("max",))
        if self._limiter is not None:
            yield Measurement(names.LIMITER_DEGRADED, self._limiter.is_degraded())
        if isinstance(self._limiter, _SharedLimiter):
            yield from _connections(names.REDIS_CONNECTIONS, self._limiter.connections())

    async def _mails(self) -> tuple[Measurement, ...]:
        backlog = await self._measurements.mail_backlog()
        return (
            Measurement(names.OUTBOX, backlog.waiting, ("waiting",)),
            Measurement(names.OUTBOX, backlog.failed, ("failed",)),
            Measurement(names.OUTBOX_AGE, backlog.overdue.total_seconds()),
        )


def _connections(definition: names.Definition, connections: _Connections) -> Iterator[Measurement]:
    yield Measurement(definition, connections.idle, ("idle",))
    yield Measurement(definition, connections.in_use, ("in_use",))
