"""Who watches the service: nobody, unless METRICS_PORT and TRACING say so."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from bukhindor.adapters.crypto.password_hasher import PooledPasswordHasher
from bukhindor.bootstrap.store import Store
from bukhindor.ports import Mailer, RateLimiter, RequestMeter, RequestTracer
from bukhindor.services.assembly import Services
from bukhindor.web.edge.watching import NoMeter, Watchers


class Tracing(RequestTracer, Protocol):
    def close(self) -> None:
        """Send what is still here; it may take two seconds."""


Work = tuple[str, float, Callable[[], Awaitable[Any]]]


class Watch:
    """Traces, if there are any. Metrics put something in the place of each of these."""

    def __init__(self, tracing: Tracing | None = None, meter: RequestMeter | None = None) -> None:
        self._tracing = tracing
        self.watchers = Watchers(meter or NoMeter(), tracing)

    def listen(self) -> None:
        """Occupy the port that metrics are read at. Raises CannotExpose."""

    def start(self) -> None:
        """Answer at that port."""

    def close(self) -> None:
        """Let go of it, and send the last traces. It may take two seconds."""
        if self._tracing is not None:
            self._tracing.close()

    def limiter(self, limiter: RateLimiter) -> RateLimiter:
        """The same limiter, with its refusals counted."""
        return limiter

    def limit_uncounted(self, reason: str) -> None:
        """Redis did not count a call, and the process counted it alone."""

    def mailer(self, mailer: Mailer) -> Mailer:
        """The same mailer, with its deliveries counted."""
        return mailer

    def database_waited(self, seconds: float) -> None:
        """A connection had to be waited for."""

    def database_failed(self, kind: str) -> None:
        """The database did not do what it was asked to."""

    def background_failed(self, task: str) -> None:
        """One turn of what a service does by itself has failed."""

    def works(self, services: Services, store: Store, hasher: PooledPasswordHasher) -> Sequence[Work]:
        """What has to be done now and then: names, seconds and work."""
        return ()
