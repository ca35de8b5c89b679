"""The port where Prometheus reads metrics."""

import socket
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from bukhindor.adapters.prometheus.exposition import CannotExpose, expose
from bukhindor.adapters.prometheus.meter import PrometheusMeter
from tests.adapters.prometheus.scraping import scrape, value
from tests.servers.processes import free_port


@pytest.fixture
def port() -> Iterator[int]:
    """Metrics are read here."""
    port = free_port()
    stop = expose(PrometheusMeter("1.2.3").registry, "127.0.0.1", port)
    yield port
    stop()


def read(port: int, accept: str) -> tuple[str, bytes]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers={"accept": accept})
    with urllib.request.urlopen(request, timeout=20) as response:
        return response.headers["content-type"], response.read()


def test_metrics_come_in_the_format_that_the_scraper_asks_for(port: int) -> None:
    media_type, body = read(port, "*/*")
    assert media_type.partition(";")[0] == "text/plain"
    assert b'bukhindor_info{version="1.2.3"} 1.0\n' in body
    media_type, body = read(port, "application/openmetrics-text; version=1.0.0")
    assert media_type.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")


def test_only_reading_is_possible(port: int) -> None:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", data=b"x", method="POST")
    with pytest.raises(urllib.error.HTTPError, match="405") as refusal, urllib.request.urlopen(request, timeout=20):
        pass
    refusal.value.close()


def test_a_slow_scraper_delays_no_other() -> None:
    port = free_port()
    stop = expose(PrometheusMeter("1.2.3").registry, "127.0.0.1", port)
    slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
    try:
        for each in slow:
            each.sendall(b"GET /metrics HT")
        assert value(scrape(port), "bukhindor_info", version="1.2.3") == 1
        stop()
    finally:
        for each in slow:
            each.close()


def test_a_port_in_use_is_refused_in_one_sentence(port: int) -> None:
    registry = PrometheusMeter("1").registry
    with pytest.raises(CannotExpose, match=r"^port \d+ can't be used for metrics \(.*in use\): set METRICS_PORT$"):
        expose(registry, "127.0.0.1", port)
    with pytest.raises(CannotExpose, match="set METRICS_PORT"):
        expose(registry, "no such host", port)


@pytest.mark.parametrize("host", ["", "::1", "localhost"])
def test_every_form_of_a_host_is_served(host: str) -> None:
    port = free_port()
    stop = expose(PrometheusMeter("1").registry, host, port)
    with socket.create_connection((host or "127.0.0.1", port)):
        pass
    stop()


def test_afterwards_the_port_is_free() -> None:
    registry = PrometheusMeter("1").registry
    port = free_port()
    stop = expose(registry, "127.0.0.1", port)
    scrape(port)
    stop()
    with pytest.raises(urllib.error.URLError):
        scrape(port)
    expose(registry, "127.0.0.1", port)()
