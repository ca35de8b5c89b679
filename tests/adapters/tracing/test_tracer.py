"""Requests as spans"""

import threading
import time
from collections.abc import Iterator, Sequence

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from bukhindor.adapters.tracing.tracer import OpenTelemetryTracer

TRACE_ID, PARENT_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
USER = "/api/v1/users/{user_id}"


class Collector:
    """What a tracer has exported by its end."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.tracer = OpenTelemetryTracer("1.2.3", self._exporter)

    def spans(self) -> Sequence[ReadableSpan]:
        self.tracer.close(20)
        return self._exporter.get_finished_spans()


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.tracer.close()


def test_a_request_is_one_span_under_its_route(collector: Collector) -> None:
    collector.tracer.begin("GET", "https", {"user-agent": "canary"}).ended(USER, 200, None)
    (span,) = collector.spans()
    assert (span.name, span.kind, span.parent, span.status.status_code) == (
        f"GET {USER}",
        SpanKind.SERVER,
        None,
        StatusCode.UNSET,
    )
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "url.scheme": "https",
        "http.route": USER,
        "http.response.status_code": 200,
    }
    assert span.resource.attributes["service.name"] == "bukhindor"
    assert span.resource.attributes["service.version"] == "1.2.3"


def test_a_trace_that_the_client_has_begun_goes_on(collector: Collector) -> None:
    headers = {"traceparent": f"00-{TRACE_ID}-{PARENT_ID}-01", "tracestate": "vendor=1"}
    trace = collector.tracer.begin("GET", "http", headers)
    fields = trace.log_fields
    trace.ended(USER, 200, None)
    (span,) = collector.spans()
    assert span.parent is not None
    assert (f"{span.parent.trace_id:032x}", f"{span.parent.span_id:016x}") == (TRACE_ID, PARENT_ID)
    assert fields["trace_id"] == TRACE_ID
    assert fields["span_id"] not in (PARENT_ID, "0" * 16)


@pytest.mark.parametrize("parent", [f"00-{TRACE_ID}-{PARENT_ID}-01", "canary" * 100])
@pytest.mark.parametrize("state", ["vendor=canary", "canary, CANARY=(canary)"])
def test_what_a_client_sends_along_is_not_passed_on_or_logged(
    collector: Collector, caplog: pytest.LogCaptureFixture, parent: str, state: str
) -> None:
    """LOG-01: its trace goes on all the same, if there is one."""
    headers = {"traceparent": parent, "tracestate": state, "baggage": "name=canary"}
    trace = collector.tracer.begin("GET", "http", headers)
    assert (trace.log_fields["trace_id"] == TRACE_ID) == parent.startswith("00")
    trace.ended(USER, 200, None)
    (span,) = collector.spans()
    assert not span.context.trace_state
    assert "canary" not in span.to_json()
    assert caplog.records == []


@pytest.mark.parametrize("header", ["", "canary", f"00-{'0' * 32}-{PARENT_ID}-01", f"00-{TRACE_ID}-{PARENT_ID}-01-x"])
def test_a_header_that_makes_no_sense_begins_a_new_trace(collector: Collector, header: str) -> None:
    trace = collector.tracer.begin("GET", "http", {"traceparent": header})
    assert trace.log_fields["trace_id"] not in (TRACE_ID, "0" * 32)
    trace.ended(USER, 200, None)
    (span,) = collector.spans()
    assert span.parent is None


def test_a_client_that_does_not_trace_a_request_is_heeded(collector: Collector) -> None:
    trace = collector.tracer.begin("GET", "http", {"traceparent": f"00-{TRACE_ID}-{PARENT_ID}-00"})
    assert trace.log_fields["trace_id"] == TRACE_ID
    trace.ended(USER, 200, None)
    assert not collector.spans()


def test_our_errors_are_marked_and_those_of_clients_are_not(collector: Collector) -> None:
    for status, code in ((500, "internal_error"), (0, None), (404, "user_not_found")):
        collector.tracer.begin("GET", "http", {}).ended(USER, status, code)
    ours, unanswered, theirs = collector.spans()
    assert [span.status.status_code for span in (ours, unanswered, theirs)] == [
        StatusCode.ERROR,
        StatusCode.ERROR,
        StatusCode.UNSET,
    ]
    assert (ours.attributes or {})["error.type"] == "internal_error"
    assert (unanswered.attributes or {})["error.type"] == "no_answer"
    assert "http.response.status_code" not in (unanswered.attributes or {})
    assert (theirs.attributes or {})["bukhindor.error_code"] == "user_not_found"


def test_what_a_client_makes_up_names_no_span(collector: Collector) -> None:
    collector.tracer.begin("CANARY", "http", {}).ended("unmatched", 405, "method_not_allowed")
    (span,) = collector.spans()
    assert span.name == "HTTP"
    assert (span.attributes or {})["http.request.method"] == "_OTHER"
    assert "canary" not in span.to_json().lower()


def test_the_standard_variables_name_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "accounts")
    collector = Collector()
    collector.tracer.begin("GET", "http", {}).ended(USER, 200, None)
    (span,) = collector.spans()
    assert span.resource.attributes["service.name"] == "accounts"


class _Stuck(SpanExporter):
    def __init__(self) -> None:
        self.over = threading.Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.over.wait(60)
        return SpanExportResult.FAILURE


@pytest.fixture
def stuck() -> Iterator[_Stuck]:
    """Its threads end with the test: other tests count threads, and look at all that is logged."""
    stuck = _Stuck()
    yield stuck
    stuck.over.set()
    for thread in threading.enumerate():
        if thread.name == "trace-flush":
            thread.join(20)


def test_a_silent_collector_delays_no_request_and_no_stop(stuck: _Stuck) -> None:
    tracer = OpenTelemetryTracer("1", stuck)
    began = time.perf_counter()
    for _ in range(3000):
        tracer.begin("GET", "http", {}).ended(USER, 200, None)
    tracer.close(0.2)
    assert time.perf_counter() - began < 20
