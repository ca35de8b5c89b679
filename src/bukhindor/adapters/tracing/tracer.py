"""One span for each request, exported in the background."""

import logging
import os
import threading
from collections.abc import Mapping

from opentelemetry.context import Context, attach, detach
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from bukhindor.adapters.tracing.waits import (
    Place,
    QueueingHasher,
    RedisCalls,
    SqlCalls,
    TracedLaterWork,
    TracedMailer,
    TracedPasswordHasher,
    Waits,
)
from bukhindor.ports.mail import Mailer
from bukhindor.ports.secrets import PasswordHasher
from bukhindor.ports.system import DatabaseTracer, LaterWork

_SERVICE = "bukhindor"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_TRACEPARENT = "traceparent"
_UNMATCHED = "unmatched"
_FLUSH_SECONDS = 2.0


class OpenTelemetryTracer:
    """The port RequestTracer, and what traces the waits of requests.

    Standard variables, such as OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER and OTEL_SERVICE_NAME, decide where
    spans go, how many and under which name. No request waits for the collector: spans that it does not take are
    dropped. A span contains nothing that a client has chosen. So it leaves out the path, which the conventions would
    include: it contains identifiers of people. Of a client's headers only the ids of its trace are used, and not what
    it sends along for other systems.
    """

    def __init__(self, version: str, exporter: SpanExporter | None = None) -> None:
        self._provider = TracerProvider(resource=_resource(version), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer(_SERVICE, version)
        self._waits = Waits(self._tracer)
        self._propagator = TraceContextTextMapPropagator()
        # It warns about meaningless headers, which any client can send without end.
        logging.getLogger("opentelemetry.trace").setLevel(logging.ERROR)

    def begin(self, method: str, scheme: str, headers: Mapping[str, str]) -> "SpanOfRequest":
        shown = method if method in _METHODS else "_OTHER"
        span = self._tracer.start_span(
            shown if shown == method else "HTTP",
            # Never below the request that the same connection brought before.
            self._propagator.extract({_TRACEPARENT: headers.get(_TRACEPARENT, "")}, Context()),
            SpanKind.SERVER,
            {"http.request.method": shown, "url.scheme": scheme},
        )
        return SpanOfRequest(span, shown if shown == method else "HTTP")

    def sql(self, system: str, namespace: str, place: Place) -> DatabaseTracer:
        return SqlCalls(self._waits, system, namespace, place)

    def redis(self, database: int, place: Place) -> DatabaseTracer:
        return RedisCalls(self._waits, database, place)

    def mailer(self, mailer: Mailer, host: str, port: int) -> Mailer:
        return TracedMailer(mailer, self._waits, host, port)

    def hasher(self, hasher: QueueingHasher) -> PasswordHasher:
        return TracedPasswordHasher(hasher, self._waits)

    def later_work(self, later_work: LaterWork) -> LaterWork:
        return TracedLaterWork(later_work)

    def close(self, seconds: float = _FLUSH_SECONDS) -> None:
        """Send the remaining spans, within the given time."""
        # Within the library's own limits a collector that does not respond could delay the end without limit.
        closing = threading.Thread(target=self._provider.shutdown, name="trace-flush", daemon=True)
        closing.start()
        closing.join(seconds)


class SpanOfRequest:
    def __init__(self, span: Span, method: str) -> None:
        self._span = span
        self._method = method
        self._token = attach(set_span_in_context(span, Context()))

    @property
    def log_fields(self) -> Mapping[str, str]:
        context = self._span.get_span_context()
        return {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}

    @property
    def place(self) -> str:
        context = self._span.get_span_context()
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"

    def ended(self, endpoint: str, status: int, error_code: str | None) -> None:
        detach(self._token)
        span = self._span
        if endpoint != _UNMATCHED:
            span.update_name(f"{self._method} {endpoint}")
            span.set_attribute("http.route", endpoint)
        if status:
            span.set_attribute("http.response.status_code", status)
        if status >= 500 or not status:
            # A client's error is no error of this span, according to the conventions for servers.
            span.set_attribute("error.type", error_code or str(status or "no_answer"))
            span.set_status(Status(StatusCode.ERROR))
        elif error_code is not None:
            span.set_attribute("bukhindor.error_code", error_code)
        span.end()


def _resource(version: str) -> Resource:
    named = "OTEL_SERVICE_NAME" in os.environ or f"{SERVICE_NAME}=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")
    return Resource.create({SERVICE_VERSION: version} if named else {SERVICE_NAME: _SERVICE, SERVICE_VERSION: version})
