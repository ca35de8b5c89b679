"""What requests wait for, as spans below those of the requests"""

import asyncio
import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import asyncpg
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv import attributes as conventions
from opentelemetry.trace import SpanKind, StatusCode

from bukhindor.adapters.sql.connection import UniqueViolation
from bukhindor.adapters.tracing.tracer import OpenTelemetryTracer
from bukhindor.domain.errors import StoreUnavailable
from bukhindor.domain.mail import MailNotAccepted
from bukhindor.domain.origin import NO_REQUEST, Cause
from bukhindor.domain.password import Password
from bukhindor.ports.secrets import PasswordVerdict, Requester
from bukhindor.ports.system import DatabaseTracer
from tests.fakes.later_work import FakeLaterWork
from tests.fakes.mailer import FakeMailer
from tests.fakes.password_hasher import FakePasswordHasher
from tests.makers import make_queued_mail

CANARY = "canary@example.com"
USER = "/api/v1/users/{user_id}"


class Collector:
    """What a tracer has exported by its end."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.tracer = OpenTelemetryTracer("1.2.3", self._exporter)

    @contextmanager
    def request(self, traceparent: str = "") -> Iterator[str]:
        """The place of a request in its trace."""
        trace = self.tracer.begin("GET", "https", {"traceparent": traceparent} if traceparent else {})
        yield trace.place
        trace.ended(USER, 200, None)

    def spans(self) -> Sequence[ReadableSpan]:
        self.tracer.close(20)
        return self._exporter.get_finished_spans()

    def waits(self) -> Sequence[ReadableSpan]:
        """Those below a request."""
        return [span for span in self.spans() if span.kind is not SpanKind.SERVER]


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.tracer.close()


def told(span: ReadableSpan) -> dict[str, object]:
    return dict(span.attributes or {})


def place_of(span: ReadableSpan) -> str:
    assert span.context is not None
    context = span.context
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def test_a_statement_is_named_by_its_command_and_tables(collector: Collector) -> None:
    postgres = collector.tracer.sql("postgresql", "accounts", lambda: ("db.example.com", 5432))
    with collector.request() as place:
        for call in (("INSERT", "users"), ("SELECT", "users", "user_sessions"), ("COMMIT",)):
            with postgres.call(*call):
                pass
    insert, select, commit, request = collector.spans()
    fixed = {
        "db.system.name": "postgresql",
        "db.namespace": "accounts",
        "server.address": "db.example.com",
        "server.port": 5432,
    }
    one_table = {"db.collection.name": "users", "db.operation.name": "INSERT", "db.query.summary": "INSERT users"}
    assert (insert.name, insert.kind, told(insert)) == ("INSERT users", SpanKind.CLIENT, fixed | one_table)
    joined = {"db.operation.name": "SELECT", "db.query.summary": "SELECT users user_sessions"}
    assert (select.name, told(select)) == ("SELECT users user_sessions", fixed | joined)
    assert (commit.name, told(commit)) == (
        "COMMIT",
        fixed | {"db.operation.name": "COMMIT", "db.query.summary": "COMMIT"},
    )
    assert place_of(request) == place
    for span in (insert, select, commit):
        assert span.parent is not None
        assert request.context is not None
        assert (span.parent.trace_id, span.parent.span_id) == (request.context.trace_id, request.context.span_id)


def test_the_server_that_answers_now_is_named(collector: Collector) -> None:
    places: list[tuple[str, int] | None] = [("one", 5432), ("two", 5433), ("/run/postgresql", 5432), None]
    database = collector.tracer.sql("postgresql", "accounts", lambda: places[0])
    with collector.request():
        for _ in range(len(places)):
            with database.call("COMMIT"):
                pass
            places = [*places[1:], places[0]]
    named = [{key: value for key, value in told(span).items() if "server" in key} for span in collector.waits()]
    assert named == [
        {"server.address": "one", "server.port": 5432},
        {"server.address": "two", "server.port": 5433},
        {"server.address": "/run/postgresql"},
        {},
    ]


def test_a_call_of_redis_names_its_script(collector: Collector) -> None:
    redis = collector.tracer.redis(3, lambda: ("redis.example.com", 6379))
    with collector.request():
        for call in (("EVALSHA", "take"), ("DEL",)):
            with redis.call(*call):
                pass
    counted, deleted = collector.waits()
    fixed = {
        "db.system.name": "redis",
        "db.namespace": "3",
        "server.address": "redis.example.com",
        "server.port": 6379,
    }
    script = {"db.operation.name": "EVALSHA", "db.stored_procedure.name": "take"}
    assert (counted.name, counted.kind, told(counted)) == ("EVALSHA take", SpanKind.CLIENT, fixed | script)
    assert (deleted.name, told(deleted)) == ("DEL", fixed | {"db.operation.name": "DEL"})


def _failing(database: DatabaseTracer, origin: BaseException | None, refusal: Exception) -> None:
    with pytest.raises(type(refusal)), database.call("INSERT", "users"):
        raise refusal from origin


def test_an_error_is_named_by_its_kind_and_code_and_not_quoted(collector: Collector) -> None:
    """A database quotes the value that it refuses."""
    database = collector.tracer.sql("postgresql", "accounts", lambda: None)
    with collector.request():
        _failing(database, asyncpg.UniqueViolationError(f"Key (email)=({CANARY})"), UniqueViolation(CANARY))
        _failing(database, ConnectionResetError(CANARY), StoreUnavailable(reason=CANARY))
        _failing(database, None, ValueError(CANARY))
    failed = collector.waits()
    assert [told(span)["error.type"] for span in failed] == [
        "UniqueViolationError",
        "ConnectionResetError",
        "ValueError",
    ]
    assert [told(span).get("db.response.status_code") for span in failed] == ["23505", None, None]
    for span in failed:
        assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, None)
        assert "canary" not in span.to_json()


async def test_a_mail_is_a_call_of_its_server_and_tells_nothing_of_the_recipient(collector: Collector) -> None:
    queued, inner = make_queued_mail(), FakeMailer()
    assert queued.mail is not None
    mailer = collector.tracer.mailer(inner, "smtp.example.com", 587)
    with collector.request():
        await mailer.send(queued.mail, queued.id)
        inner.refuse_for_now = True
        with pytest.raises(MailNotAccepted):
            await mailer.send(queued.mail, queued.id)
    sent, refused = collector.waits()
    server = {"network.protocol.name": "smtp", "server.address": "smtp.example.com", "server.port": 587}
    assert (sent.name, sent.kind, told(sent)) == ("smtp send", SpanKind.CLIENT, server)
    assert sent.status.status_code is StatusCode.UNSET
    assert told(refused) == server | {"error.type": "MailNotAccepted"}
    assert refused.status.description == "The mail server does not take mail."
    for word in (queued.mail.to.value, queued.mail.subject, str(queued.id)):
        assert word not in sent.to_json() + refused.to_json()


class QueueingHasher(FakePasswordHasher):
    waiting = 7


async def test_a_hash_says_how_many_waited_before_it(collector: Collector) -> None:
    hasher, password = collector.tracer.hasher(QueueingHasher()), Password("violet-otter-41")
    with collector.request():
        stored = await hasher.hash(password, Requester("203.0.113.9", CANARY))
        assert await hasher.verify(password, stored, Requester("203.0.113.9", CANARY)) == PasswordVerdict(matches=True)
    made, compared = collector.waits()
    assert (made.name, made.kind, compared.name) == ("password hash", SpanKind.INTERNAL, "password verify")
    assert told(made) == told(compared) == {"bukhindor.password_hash_queue": 7}


async def test_what_a_request_causes_later_is_in_its_trace(collector: Collector) -> None:
    database = collector.tracer.sql("sqlite", "bukhindor.db", lambda: None)
    inner = FakeLaterWork()
    later_work = collector.tracer.later_work(inner)
    with collector.request() as place:
        pass

    async def work(cause: Cause) -> None:
        with later_work.caused_by(cause):
            assert inner.cause == cause
            with database.call("DELETE", "outbox"):
                await asyncio.sleep(0)
        assert inner.cause == NO_REQUEST

    await asyncio.gather(work(Cause("request-1", place)), work(NO_REQUEST), work(Cause("request-2", "canary")))
    request, later = collector.spans()
    assert place_of(request) == place
    assert later.parent is not None
    assert request.context is not None
    assert (later.parent.trace_id, later.parent.span_id) == (request.context.trace_id, request.context.span_id)


def test_what_belongs_to_no_request_and_what_is_not_recorded_is_no_span(collector: Collector) -> None:
    database = collector.tracer.sql("sqlite", "bukhindor.db", lambda: None)
    redis = collector.tracer.redis(0, lambda: None)
    with database.call("SELECT", "outbox"), redis.call("EVALSHA", "take"):
        pass
    with collector.request(f"00-{'a' * 32}-{'b' * 16}-00"), database.call("SELECT", "users"), redis.call("DEL"):
        pass
    with database.call("SELECT", "outbox"), redis.call("EVALSHA", "take"):
        pass
    assert not collector.spans()


def test_a_request_is_never_below_another_one(collector: Collector) -> None:
    """A connection may bring the next request within the context of the one before it."""
    with collector.request(), collector.request():
        pass
    assert [span.parent for span in collector.spans()] == [None, None]


def test_the_names_of_attributes_are_conventions(collector: Collector) -> None:
    stable = {
        value
        for module in pkgutil.iter_modules(conventions.__path__)
        for value in vars(importlib.import_module(f"{conventions.__name__}.{module.name}")).values()
        if isinstance(value, str)
    }
    with collector.request():
        with collector.tracer.sql("postgresql", "accounts", lambda: ("db", 5432)).call("SELECT", "users"):
            pass
        with collector.tracer.redis(0, lambda: ("redis", 6379)).call("EVALSHA", "take"):
            pass
        _failing(
            collector.tracer.sql("postgresql", "accounts", lambda: None), asyncpg.DeadlockDetectedError(), ValueError()
        )
        asyncio.run(_send(collector))
    names = {name for span in collector.spans() for name in told(span)}
    assert len(names) > 10
    assert names <= stable


async def _send(collector: Collector) -> None:
    queued = make_queued_mail()
    assert queued.mail is not None
    await collector.tracer.mailer(FakeMailer(), "smtp.example.com", 587).send(queued.mail, queued.id)
