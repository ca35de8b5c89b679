"""What a request waits for, as spans below its own.

Names and attributes are those of OpenTelemetry's semantic conventions, where they have any: not for mails and not for
hashes of passwords. No span holds a value: no parameter, key, address of a person, or message of an error.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import TracebackType
from typing import Protocol
from uuid import UUID

from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from bukhindor.domain.mail import Mail, MailNotAccepted
from bukhindor.domain.origin import Cause
from bukhindor.domain.password import Password
from bukhindor.ports.mail import Mailer
from bukhindor.ports.secrets import PasswordHasher, PasswordVerdict, Requester
from bukhindor.ports.system import LaterWork

Place = Callable[[], tuple[str, int] | None]
"""Host and port of the server that answers now; None for a file. The path of a socket has no port."""

Attributes = Mapping[str, str | int]

_NO_SPAN = nullcontext()


class Waits:
    """Makes spans below the current span.

    It makes none without a current span, as in work that the server does by itself, and none in a trace that is not
    recorded.
    """

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    @property
    def are_recorded(self) -> bool:
        parent = get_current_span().get_span_context()
        return parent.is_valid and parent.trace_flags.sampled

    def span(self, name: str, attributes: Attributes, kind: SpanKind = SpanKind.CLIENT) -> AbstractContextManager[None]:
        return _Wait(self._tracer.start_span(name, kind=kind, attributes=attributes)) if self.are_recorded else _NO_SPAN


class _Wait(AbstractContextManager[None]):
    """An error marks the span with its kind, and the code of a database; its text may quote a value."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def __enter__(self) -> None:
        """Nothing waits within it that has a span, so it need not become the current one."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            # Adapters turn the errors of libraries into refusals.
            origin = error.__cause__ or error
            self._span.set_attribute("error.type", type(origin).__name__)
            code = getattr(origin, "sqlstate", None) or getattr(origin, "sqlite_errorcode", None)
            if code is not None:
                self._span.set_attribute("db.response.status_code", str(code))
            self._span.set_status(Status(StatusCode.ERROR, str(error) if isinstance(error, MailNotAccepted) else None))
        self._span.end()


class SqlCalls:
    """The port DatabaseTracer, for an SQL database: a call names its tables."""

    def __init__(self, waits: Waits, system: str, namespace: str, place: Place) -> None:
        self._waits = waits
        self._fixed = {"db.system.name": system, "db.namespace": namespace}
        self._place = place

    def call(self, operation: str, *targets: str) -> AbstractContextManager[None]:
        if not self._waits.are_recorded:
            return _NO_SPAN
        summary = " ".join((operation, *targets))
        attributes = {**self._fixed, "db.operation.name": operation, "db.query.summary": summary}
        if len(targets) == 1:
            attributes["db.collection.name"] = targets[0]
        return self._waits.span(summary, attributes | _server(self._place()))


class RedisCalls:
    """The port DatabaseTracer, for Redis: a call names its script."""

    def __init__(self, waits: Waits, database: int, place: Place) -> None:
        self._waits = waits
        self._fixed = {"db.system.name": "redis", "db.namespace": str(database)}
        self._place = place

    def call(self, operation: str, *targets: str) -> AbstractContextManager[None]:
        if not self._waits.are_recorded:
            return _NO_SPAN
        attributes = {**self._fixed, "db.operation.name": operation}
        if targets:
            attributes["db.stored_procedure.name"] = targets[0]
        return self._waits.span(" ".join((operation, *targets)), attributes | _server(self._place()))


def _server(place: tuple[str, int] | None) -> dict[str, str | int]:
    if place is None:
        return {}
    host, port = place
    return {"server.address": host} if host.startswith("/") else {"server.address": host, "server.port": port}


class TracedMailer:
    """A mailer that speaks to a server."""

    def __init__(self, mailer: Mailer, waits: Waits, host: str, port: int) -> None:
        self._mailer = mailer
        self._waits = waits
        self._attributes = {"network.protocol.name": "smtp", **_server((host, port))}

    async def send(self, mail: Mail, id: UUID) -> None:
        with self._waits.span("smtp send", self._attributes):
            await self._mailer.send(mail, id)


class QueueingHasher(PasswordHasher, Protocol):
    @property
    def waiting(self) -> int:
        """How many hashes wait for a thread."""


class TracedPasswordHasher:
    """A hasher whose spans say how many hashes waited for a thread when the request came."""

    def __init__(self, hasher: QueueingHasher, waits: Waits) -> None:
        self._hasher = hasher
        self._waits = waits

    async def hash(self, password: Password, requester: Requester) -> str:
        with self._wait("password hash"):
            return await self._hasher.hash(password, requester)

    async def verify(self, password: Password, stored: str | None, requester: Requester) -> PasswordVerdict:
        with self._wait("password verify"):
            return await self._hasher.verify(password, stored, requester)

    def _wait(self, name: str) -> AbstractContextManager[None]:
        return self._waits.span(name, {"bukhindor.password_hash_queue": self._hasher.waiting}, SpanKind.INTERNAL)


class TracedLaterWork:
    """Later work in the trace of the request that has caused it, and in none if no request has."""

    def __init__(self, later_work: LaterWork) -> None:
        self._later_work = later_work
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def caused_by(self, cause: Cause) -> Iterator[None]:
        token = attach(self._propagator.extract({"traceparent": cause.trace}, Context()))
        try:
            with self._later_work.caused_by(cause):
                yield
        finally:
            detach(token)
