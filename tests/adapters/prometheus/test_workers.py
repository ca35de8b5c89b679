"""Several processes, one set of metrics."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bukhindor.adapters.prometheus.exposition import CannotExpose, workers_exposed
from tests.adapters.prometheus.scraping import scrape, value
from tests.servers.processes import free_port

LOGIN = "/api/v1/auth/login"

WORKER = f"""
import sys
from bukhindor.adapters.prometheus import names
from bukhindor.adapters.prometheus.meter import PrometheusMeter
from bukhindor.adapters.prometheus.series import Measurement

meter = PrometheusMeter("1.2.3")
for _ in range(int(sys.argv[1])):
    meter.begun()
    meter.ended("POST", "{LOGIN}", 200, 0.03, None)
meter.begun()
meter.record(Measurement(names.DATABASE_CONNECTIONS, 10, ("max",)), Measurement(names.SESSIONS, int(sys.argv[1])))
meter.record(Measurement(names.LIMITER_DEGRADED, sys.argv[1] == "3"))
print("ready", flush=True)
sys.stdin.read()
"""


@dataclass
class Metrics:
    """What the parent of workers shows, at a port."""

    port: int
    worker_ended: Callable[[int], None]


class Worker:
    """A process that has answered some sign-ins and has one more under way."""

    def __init__(self, metrics: Metrics, sign_ins: int) -> None:
        self._metrics = metrics
        self._process = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(sign_ins)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    def kill(self) -> None:
        """As the parent notices it."""
        self._process.kill()
        self._process.communicate()
        self._metrics.worker_ended(self._process.pid)


@pytest.fixture
def metrics() -> Iterator[Metrics]:
    port = free_port()
    with workers_exposed("127.0.0.1", port) as worker_ended:
        yield Metrics(port, worker_ended)


def test_workers_are_summed_up_and_what_the_dead_have_counted_stays(metrics: Metrics) -> None:
    """REL-20: no counter goes back when a worker is replaced, and no gauge counts what is gone."""
    first, second = Worker(metrics, 2), Worker(metrics, 3)
    samples = scrape(metrics.port)
    place = {"method": "POST", "endpoint": LOGIN}
    assert value(samples, "http_requests_total", **place, status="200") == 5
    assert value(samples, "http_requests_in_flight") == 2
    assert value(samples, "database_connections", status="max") == 20
    assert value(samples, "active_sessions") == 3
    assert value(samples, "rate_limiter_degraded") == 1
    assert value(samples, "bukhindor_info", version="1.2.3") == 1
    before = {
        key: number for key, number in samples.items() if key[0].endswith(("_total", "_count", "_bucket", "_sum"))
    }

    second.kill()
    samples = scrape(metrics.port)
    assert {key: samples[key] for key in before} == pytest.approx(before)
    assert value(samples, "http_requests_in_flight") == 1
    assert value(samples, "database_connections", status="max") == 10
    assert value(samples, "active_sessions") == 2
    assert value(samples, "rate_limiter_degraded") == 0

    Worker(metrics, 1).kill()
    first.kill()
    samples = scrape(metrics.port)
    assert value(samples, "http_requests_total", **place, status="200") == 6
    assert value(samples, "http_request_duration_seconds_count", **place) == 6
    assert value(samples, "http_request_duration_seconds_bucket", **place, le="0.025") == 0
    assert value(samples, "http_request_duration_seconds_bucket", **place, le="+Inf") == 6
    assert value(samples, "user_logins_total", status="success") == 6
    assert value(samples, "http_requests_in_flight") is None


def test_a_worker_that_ended_before_it_measured_anything_is_no_matter(metrics: Metrics) -> None:
    metrics.worker_ended(999_999_999)
    assert scrape(metrics.port) == {}


def test_the_folder_of_the_workers_is_private_and_removed_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with workers_exposed("127.0.0.1", free_port()):
        (folder,) = tmp_path.iterdir()
        assert folder.stat().st_mode & 0o777 == 0o700
        assert os.environ["PROMETHEUS_MULTIPROC_DIR"] == str(folder)
    assert list(tmp_path.iterdir()) == []
    assert "PROMETHEUS_MULTIPROC_DIR" not in os.environ


def test_without_a_place_for_the_folder_the_start_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/proc/nowhere")
    with pytest.raises(CannotExpose, match="set TMPDIR"), workers_exposed("127.0.0.1", free_port()):
        pass


def test_a_port_in_use_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, metrics: Metrics) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(CannotExpose, match="set METRICS_PORT"), workers_exposed("127.0.0.1", metrics.port):
        pass
    assert list(tmp_path.iterdir()) == []
