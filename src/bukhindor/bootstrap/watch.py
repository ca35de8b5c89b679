"""Metrics and traces as the rest of the program sees them: nothing is measured until METRICS_PORT or TRACING is set."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from bukhindor.adapters.crypto.password_hasher import PooledPasswordHasher
from bukhindor.adapters.redis.server_url import RedisServer
from bukhindor.adapters.smtp.server_url import MailServer
from bukhindor.adapters.sql.schema import DatabaseUrl
from bukhindor.adapters.sql.sqlite.url import SqliteUrl
from bukhindor.adapters.sql.traced import TracedTransactions
from bukhindor.bootstrap.store import Store, StoreScopes
from bukhindor.ports.mail import Mailer
from bukhindor.ports.secrets import PasswordHasher
from bukhindor.ports.system import DatabaseTracer, LaterWork, RateLimiter, RequestMeter, RequestTracer
from bukhindor.services.assembly import Services
from bukhindor.web.edge.watching import NoMeter, Watchers

Place = Callable[[], tuple[str, int] | None]
"""Host and port of the server that answers; None for a file."""


class Tracing(RequestTracer, Protocol):
    def sql(self, system: str, namespace: str, place: Place) -> DatabaseTracer:
        """What traces the calls of an SQL database."""

    def redis(self, database: int, place: Place) -> DatabaseTracer:
        """What traces the calls of a Redis server."""

    def mailer(self, mailer: Mailer, host: str, port: int) -> Mailer:
        """The same mailer, with its calls traced."""

    def hasher(self, hasher: PooledPasswordHasher) -> PasswordHasher:
        """The same hasher, with its calls traced."""

    def later_work(self, later_work: LaterWork) -> LaterWork:
        """The same, within the trace of the cause."""

    def close(self) -> None:
        """Send the remaining traces. This may take two seconds."""


Work = tuple[str, float, Callable[[], Awaitable[Any]]]


class Watch:
    """Traces, if they are on, and no metrics: MetricsWatch adds them."""

    def __init__(self, tracing: Tracing | None = None, meter: RequestMeter | None = None) -> None:
        self._tracing = tracing
        self.watchers = Watchers(meter or NoMeter(), tracing)

    def listen(self) -> None:
        """Serve METRICS_PORT. Raises CannotExpose."""

    def close(self) -> None:
        """Stop serving, and send the last traces. This may take two seconds."""
        if self._tracing is not None:
            self._tracing.close()

    def transactions(self, store: Store, database: DatabaseUrl) -> StoreScopes:
        """The same store, with its calls traced."""
        if self._tracing is None:
            return store
        if isinstance(database, SqliteUrl):
            tracer = self._tracing.sql("sqlite", database.path.name, lambda: None)
        else:
            tracer = self._tracing.sql("postgresql", database.database, lambda: store.place)
        return TracedTransactions(store, tracer)

    def hasher(self, hasher: PooledPasswordHasher) -> PasswordHasher:
        """The same hasher, with its calls traced."""
        return hasher if self._tracing is None else self._tracing.hasher(hasher)

    def later_work(self, later_work: LaterWork) -> LaterWork:
        """The same, within the trace of the cause."""
        return later_work if self._tracing is None else self._tracing.later_work(later_work)

    def redis_tracer(self, server: RedisServer | None) -> DatabaseTracer | None:
        """What traces the calls of the server; None without traces."""
        if self._tracing is None or server is None:
            return None
        place = (server.socket or server.host, server.port)
        return self._tracing.redis(server.database, lambda: place)

    def limiter(self, limiter: RateLimiter) -> RateLimiter:
        """The same limiter, with its refusals counted."""
        return limiter

    def limit_uncounted(self, reason: str) -> None:
        """Called when Redis did not count a call and the process counted it alone."""

    def mailer(self, mailer: Mailer, server: MailServer | None) -> Mailer:
        """The same mailer, with its deliveries counted, and the calls of its server traced, if it has one."""
        if self._tracing is None or server is None:
            return mailer
        return self._tracing.mailer(mailer, server.host, server.port)

    def database_waited(self, seconds: float) -> None:
        """Called with how long a request waited for a connection to the database."""

    def database_failed(self, kind: str) -> None:
        """Called when a database operation failed."""

    def background_failed(self, task: str) -> None:
        """Called when one run of a background task failed."""

    def works(self, services: Services, store: Store, hasher: PooledPasswordHasher) -> Sequence[Work]:
        """The periodic tasks that measure: name, seconds between runs, and what to run."""
        return ()
