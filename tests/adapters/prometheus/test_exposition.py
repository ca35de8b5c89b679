"""The port that metrics are read at"""

import os
import resource
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from bukhindor.adapters.prometheus import exposition
from bukhindor.adapters.prometheus.exposition import CannotExpose, MetricsServer
from bukhindor.adapters.prometheus.meter import PrometheusMeter
from tests.adapters.prometheus.scraping import scrape, value
from tests.servers.processes import free_port


@pytest.fixture
def server() -> Iterator[MetricsServer]:
    server = MetricsServer(PrometheusMeter("1.2.3").registry, "127.0.0.1", 0)
    server.start()
    yield server
    server.close()


def ask(server: MetricsServer, path: str, accept: str = "*/*") -> tuple[int, str, bytes]:
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", headers={"accept": accept})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers["content-type"], answer.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.headers["content-type"], refusal.read()


def test_metrics_come_in_the_form_that_the_scraper_asks_for(server: MetricsServer) -> None:
    status, media_type, body = ask(server, "/metrics")
    assert (status, media_type.partition(";")[0]) == (200, "text/plain")
    assert b'bukhindor_info{version="1.2.3"} 1.0\n' in body
    _, media_type, body = ask(server, "/metrics?debug=1", "application/openmetrics-text; version=1.0.0")
    assert media_type.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")


@pytest.mark.parametrize("path", ["/", "/health", "/metrics/", "/api/v1/auth/me"])
def test_there_is_nothing_else(server: MetricsServer, path: str) -> None:
    assert ask(server, path)[0] == 404


def test_only_reading_is_possible(server: MetricsServer) -> None:
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}/metrics", data=b"x", method="POST")
    with pytest.raises(urllib.error.HTTPError) as refusal, urllib.request.urlopen(request, timeout=20):
        pass
    refusal.value.close()
    assert refusal.value.code == 501


def test_scrapers_that_stand_still_keep_nobody_waiting(server: MetricsServer) -> None:
    idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(20)]
    try:
        for each in idle:
            each.sendall(b"GET /metrics HT")
        assert value(scrape(server.port), "bukhindor_info", version="1.2.3") == 1
        server.close()
    finally:
        for each in idle:
            each.close()


def test_scrapers_beyond_all_measure_get_no_thread_and_those_that_drip_are_left(
    server: MetricsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = threading.active_count()
    many = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(100)]
    try:
        for each in many:
            each.settimeout(20)
        # The kernel hands them out in their order.
        assert many[-1].recv(1) == b""
        assert threading.active_count() - before <= 64
        monkeypatch.setattr(exposition, "_CONNECTION_SECONDS", 0.1)
        assert many[0].recv(1) == b""
    finally:
        for each in many:
            each.close()
    monkeypatch.undo()
    until = time.monotonic() + 20
    while threading.active_count() > before and time.monotonic() < until:
        time.sleep(0.02)
    assert value(scrape(server.port), "bukhindor_info", version="1.2.3") == 1


def test_a_scraper_waits_quietly_for_a_file(server: MetricsServer) -> None:
    """DOS-04"""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket() as client:
        client.settimeout(20)
        lowest = os.dup(client.fileno())
        os.close(lowest)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, limits[1]))
        try:
            client.connect(("127.0.0.1", server.port))
            client.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            before = time.process_time()
            time.sleep(0.5)
            assert time.process_time() - before < 0.25
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        assert client.recv(100).startswith(b"HTTP/1.0 200 ")


def test_a_port_in_use_is_refused_in_one_sentence(server: MetricsServer) -> None:
    registry = PrometheusMeter("1").registry
    with pytest.raises(CannotExpose, match=r"^port \d+ can't be used for metrics \(.*in use\): set METRICS_PORT$"):
        MetricsServer(registry, "127.0.0.1", server.port)
    with pytest.raises(CannotExpose, match="set METRICS_PORT"):
        MetricsServer(registry, "no such host", server.port)


def test_after_the_end_nobody_answers_and_the_port_is_free() -> None:
    registry = PrometheusMeter("1").registry
    port = free_port()
    server = MetricsServer(registry, "127.0.0.1", port)
    server.start()
    scrape(port)
    server.close()
    with pytest.raises(urllib.error.URLError):
        scrape(port)
    again = MetricsServer(registry, "127.0.0.1", port)
    again.close()
