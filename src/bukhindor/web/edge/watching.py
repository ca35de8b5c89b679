"""Metrics and traces of requests, for operators."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import structlog

from bukhindor.ports.system import RequestMeter, RequestTracer
from bukhindor.web.edge.exchange import Exchange


class NoMeter:
    """The meter of a service without metrics."""

    def begun(self) -> None:
        """Do nothing."""

    def ended(self, method: str, endpoint: str, status: int, seconds: float, error_code: str | None) -> None:
        """Do nothing."""

    def proxy_unread(self, header: str) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Watchers:
    """The observers of each request. No tracer means no traces."""

    meter: RequestMeter
    tracer: RequestTracer | None = None


NOBODY = Watchers(NoMeter())


class HasStatus(Protocol):
    """The response on its way out; 0 until it has a status."""

    status: int


@contextmanager
def traced(tracer: RequestTracer, exchange: Exchange, scheme: str, answer: HasStatus) -> Iterator[None]:
    """Trace one request; log lines written on its way carry the ids of its trace."""
    trace = tracer.begin(exchange.method, scheme, exchange.headers)
    exchange.trace = trace.place
    with structlog.contextvars.bound_contextvars(**trace.log_fields):
        try:
            yield
        finally:
            trace.ended(exchange.route, answer.status, exchange.error_code)
