"""Metrics and traces as the rest of the program sees them: nothing is measured until METRICS_PORT or TRACING is set."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from bukhindor.adapters.crypto.password_hasher import PooledPasswordHasher
from bukhindor.bootstrap.store import Store
from bukhindor.ports.mail import Mailer
from bukhindor.ports.system import RateLimiter, RequestMeter, RequestTracer
from bukhindor.services.assembly import Services
from bukhindor.web.edge.watching import NoMeter, Watchers


class Tracing(RequestTracer, Protocol):
    def close(self) -> None:
        """Send the remaining traces. This may take two seconds."""


Work = tuple[str, float, Callable[[], Awaitable[Any]]]


class Watch:
    """Traces, if they are on, and no metrics. MetricsWatch overrides every method."""

    def __init__(self, tracing: Tracing | None = None, meter: RequestMeter | None = None) -> None:
        self._tracing = tracing
        self.watchers = Watchers(meter or NoMeter(), tracing)

    def listen(self) -> None:
        """Serve METRICS_PORT. Raises CannotExpose."""

    def close(self) -> None:
        """Stop serving, and send the last traces. This may take two seconds."""
        if self._tracing is not None:
            self._tracing.close()

    def limiter(self, limiter: RateLimiter) -> RateLimiter:
        """The same limiter, with its refusals counted."""
        return limiter

    def limit_uncounted(self, reason: str) -> None:
        """Called when Redis did not count a call and the process counted it alone."""

    def mailer(self, mailer: Mailer) -> Mailer:
        """The same mailer, with its deliveries counted."""
        return mailer

    def database_waited(self, seconds: float) -> None:
        """Called with how long a request waited for a connection to the database."""

    def database_failed(self, kind: str) -> None:
        """Called when a database operation failed."""

    def background_failed(self, task: str) -> None:
        """Called when one run of a background task failed."""

    def works(self, services: Services, store: Store, hasher: PooledPasswordHasher) -> Sequence[Work]:
        """The periodic tasks that measure: name, seconds between runs, and what to run."""
        return ()
