"""Requests as parts of traces, from the client's header to the collector"""

import json
import re
import threading
from collections.abc import Iterator, MutableMapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import structlog
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.adapters.smtp.sink import Sink, serving
from tests.http.conftest import StartService
from tests.http.databases import Databases, PostgresDatabases, SqliteDatabases
from tests.http.patience import patient_services
from tests.http.raw_client import eventually
from tests.http.service import PEER, PUBLIC_URL, started, tokens_in
from tests.servers.postgres import PostgresServer
from tests.servers.redis import RedisServer

TRACE_ID, PARENT_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = {"traceparent": f"00-{TRACE_ID}-{PARENT_ID}-01"}


class Collector:
    """A collector that keeps what it gets."""

    def __init__(self) -> None:
        received = self._received = list[bytes]()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                received.append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing to say."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def raw(self) -> bytes:
        return b"".join(self._received)

    def all_spans(self) -> list[Any]:
        """In the order in which they ended."""
        requests = [ExportTraceServiceRequest.FromString(each) for each in self._received]
        return [
            span
            for request in requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def spans(self) -> dict[str, Any]:
        """The newest span of each name."""
        return {span.name: span for span in self.all_spans()}

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def told(span: Any) -> dict[str, str | int]:
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    collector = Collector()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    yield collector
    collector.close()


async def test_a_request_is_a_span_of_the_clients_trace_and_says_nothing_of_people(
    collector: Collector, sqlite_databases: SqliteDatabases, tmp_path: Path
) -> None:
    """CFG-03: no path, query, address or id."""
    database = sqlite_databases.lend(tmp_path)
    async with started(database, sqlite_databases.people, tmp_path, tracing=True) as service:
        user = service.people.user
        await service.get(f"/users/{user.id}?canary=query", by=user, headers=PARENT)
        await service.log_in(user.email, "canary-wrong-password")
        await service.ask("GET", "/canary")
    # The end of the service sends everything. It does not wait for a busy machine to take it in.
    names = {"GET /api/v1/users/{user_id}", "POST /api/v1/auth/login", "GET"}
    await eventually(lambda: names <= set(collector.spans()))
    span = collector.spans()["GET /api/v1/users/{user_id}"]
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE_ID, PARENT_ID)
    assert told(span) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "http.route": "/api/v1/users/{user_id}",
        "url.scheme": PUBLIC_URL.partition(":")[0],
    }
    for word in (user.id, user.email, "canary", user.access_token, user.session_id):
        assert word.encode() not in collector.raw


async def test_lines_of_the_log_name_the_trace(collector: Collector, start_service: StartService) -> None:
    service = await start_service(tracing=True)
    lines: list[dict[str, Any]] = []

    def keep(logger: object, method: str, event: MutableMapping[str, Any]) -> str:
        lines.append(dict(event))
        raise structlog.DropEvent

    structlog.configure(processors=[structlog.contextvars.merge_contextvars, keep])
    try:
        await service.ask("GET", "/health/live", headers=PARENT)
    finally:
        structlog.reset_defaults()
    (line,) = [line for line in lines if line["event"] == "request"]
    assert line["trace_id"] == TRACE_ID
    assert len(line["span_id"]) == 16
    assert "trace_id" not in structlog.contextvars.get_contextvars()
    assert json.dumps(line)


async def test_a_collector_that_is_away_costs_requests_nothing(
    start_service: StartService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    service = await start_service(tracing=True)
    for _ in range(20):
        assert (await service.ask("GET", "/health/live")).status_code == 200


Spans = list[Any]

OF_A_REGISTRATION = [
    "SELECT users",
    "password hash",
    "BEGIN",
    "INSERT users",
    "DELETE one_time_tokens",
    "INSERT one_time_tokens",
    "INSERT outbox",
    "INSERT audit_events",
    "COMMIT",
    # The worker delivers the mail later, in the same trace.
    "smtp send",
    "BEGIN",
    "DELETE outbox",
    "COMMIT",
]


async def below_a_registration(
    collector: Collector, databases: Databases, folder: Path, sink: Sink, **changes: Any
) -> Spans:
    """The spans below that of a registration, in the order of their ends, once the mail has been delivered; all is done
    by one person, about which no span tells anything (LOG-01, CFG-03).
    """
    person = {"email": "canary@example.com", "password": "canary-violet-41", "name": "Canary"}
    headers = {**PARENT, "user-agent": "canary/1.0", "x-device-id": "canary-device"}
    mail = {"smtp_url": f"smtp://127.0.0.1:{sink.port}?starttls=never", "mail_from": "accounts@example.com"}
    database = databases.lend(folder)
    async with started(database, databases.people, folder, tracing=True, **mail, **changes) as service:
        assert (await service.post("/auth/register", person, headers=headers)).status_code == 201
        assert (await service.post("/auth/register", person)).status_code == 409
        assert (await service.log_in(person["email"], "canary-wrong-password")).status_code == 401
        tokens = tokens_in(await service.log_in(person["email"], person["password"]))
        assert await service.works(tokens)
        await eventually(lambda: sink.received and service.sql("SELECT count(*) FROM outbox") == [(0,)])
        user_id = tokens.claims["sub"]
    databases.take_back(database)
    names = {"POST /api/v1/auth/register", "POST /api/v1/auth/login", "GET /api/v1/auth/me", "smtp send"}
    await eventually(lambda: names <= set(collector.spans()))
    links = re.findall(r"token=([\w-]+)", "".join(mail.part("plain") for mail in sink.received))
    assert links
    secrets = (tokens.access_token, tokens.refresh_token, tokens.session_id, user_id, UUID(user_id).hex, *links, PEER)
    for word in ("canary", "Canary", *secrets):
        assert word.encode() not in collector.raw
    spans = collector.all_spans()
    (request,) = (span for span in spans if span.parent_span_id.hex() == PARENT_ID)
    assert (request.name, request.trace_id.hex()) == ("POST /api/v1/auth/register", TRACE_ID)
    return [span for span in spans if span.parent_span_id == request.span_id and span.trace_id == request.trace_id]


async def test_a_registration_shows_what_it_waited_for_and_so_does_its_mail(
    collector: Collector, sqlite_databases: SqliteDatabases, tmp_path: Path
) -> None:
    async with serving(Sink()) as sink:
        below = await below_a_registration(collector, sqlite_databases, tmp_path, sink)
    assert [span.name for span in below] == OF_A_REGISTRATION
    spans = {span.name: span for span in below}
    assert told(spans["INSERT users"]) == {
        "db.system.name": "sqlite",
        "db.namespace": "bukhindor.db",
        "db.collection.name": "users",
        "db.operation.name": "INSERT",
        "db.query.summary": "INSERT users",
    }
    assert told(spans["smtp send"]) == {
        "network.protocol.name": "smtp",
        "server.address": "127.0.0.1",
        "server.port": sink.port,
    }
    assert told(spans["password hash"]) == {"bukhindor.password_hash_queue": 0}


async def test_servers_of_the_database_and_of_the_limits_are_named(
    collector: Collector,
    postgres_databases: PostgresDatabases,
    postgres_server: PostgresServer,
    redis_server: RedisServer,
    tmp_path: Path,
) -> None:
    redis_server.flush()
    limits = {"redis_url": redis_server.url, "rate_limits": True}
    with patient_services():
        async with serving(Sink()) as sink:
            below = await below_a_registration(collector, postgres_databases, tmp_path, sink, **limits)
    assert [span.name for span in below] == ["EVALSHA take", "EVALSHA take_in_slices", *OF_A_REGISTRATION]
    spans = {span.name: span for span in below}
    statement = told(spans["INSERT users"])
    server = {name: statement[name] for name in ("db.system.name", "server.address", "server.port")}
    assert server == {
        "db.system.name": "postgresql",
        "server.address": "127.0.0.1",
        "server.port": postgres_server.port,
    }
    assert told(spans["EVALSHA take"]) == {
        "db.system.name": "redis",
        "db.namespace": "0",
        "db.operation.name": "EVALSHA",
        "db.stored_procedure.name": "take",
        "server.address": "127.0.0.1",
        "server.port": redis_server.port,
    }
