"""Requests as parts of traces, from the client's header to the collector"""

import json
import threading
from collections.abc import Iterator, MutableMapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import structlog
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.http.conftest import StartService
from tests.http.databases import SqliteDatabases
from tests.http.raw_client import eventually
from tests.http.service import PUBLIC_URL, started

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

    def spans(self) -> dict[str, Any]:
        """The newest span of each name."""
        requests = [ExportTraceServiceRequest.FromString(each) for each in self._received]
        return {
            span.name: span
            for request in requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        }

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


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
    attributes = {each.key: each.value.string_value or each.value.int_value for each in span.attributes}
    assert attributes == {
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
