"""Several processes, one set of metrics."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bukhindor.adapters.prometheus import exposition, workers
from bukhindor.adapters.prometheus.workers import WorkersMetrics
from tests.adapters.prometheus.scraping import shown, value

LOGIN = "/api/v1/auth/login"

WORKER = f"""
import os, sys
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


class Worker:
    """A process that has answered some sign-ins and is in the midst of one more."""

    def __init__(self, metrics: WorkersMetrics, sign_ins: int) -> None:
        self._metrics = metrics
        self._process = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(sign_ins)],
            env=dict(metrics.environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    def kill(self) -> None:
        """As the parent notices it."""
        self._process.kill()
        self._process.communicate()
        self._metrics.worker_ended(self._process.pid)


@pytest.fixture
def metrics() -> Iterator[WorkersMetrics]:
    metrics = WorkersMetrics()
    yield metrics
    metrics.close()


def folder(metrics: WorkersMetrics) -> Path:
    return Path(metrics.environment[workers.FOLDER_VARIABLE])


def test_workers_are_summed_up_and_what_the_dead_have_counted_stays(metrics: WorkersMetrics) -> None:
    """REL-20: no counter goes back when a worker is replaced, and no gauge counts what is gone."""
    first, second = Worker(metrics, 2), Worker(metrics, 3)
    samples = shown(metrics.registry)
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
    samples = shown(metrics.registry)
    assert {key: samples[key] for key in before} == pytest.approx(before)
    assert value(samples, "http_requests_in_flight") == 1
    assert value(samples, "database_connections", status="max") == 10
    assert value(samples, "active_sessions") == 2
    assert value(samples, "rate_limiter_degraded") == 0

    Worker(metrics, 1).kill()
    first.kill()
    samples = shown(metrics.registry)
    assert value(samples, "http_requests_total", **place, status="200") == 6
    assert value(samples, "http_request_duration_seconds_count", **place) == 6
    assert value(samples, "http_request_duration_seconds_bucket", **place, le="0.025") == 0
    assert value(samples, "http_request_duration_seconds_bucket", **place, le="+Inf") == 6
    assert value(samples, "user_logins_total", status="success") == 6
    assert value(samples, "http_requests_in_flight") is None
    assert sorted(file.name for file in folder(metrics).iterdir()) == ["counter_ended.db", "histogram_ended.db"]


def test_a_worker_that_ended_before_it_measured_anything_is_no_matter(metrics: WorkersMetrics) -> None:
    metrics.worker_ended(999_999_999)
    assert shown(metrics.registry) == {}


def test_the_folder_is_private_and_goes_with_the_parent(metrics: WorkersMetrics) -> None:
    place = folder(metrics)
    assert place.stat().st_mode & 0o777 == 0o700
    metrics.close()
    assert not place.exists()


def test_without_a_place_for_the_folder_the_start_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/proc/nowhere")
    with pytest.raises(exposition.CannotExpose, match="set TMPDIR"):
        WorkersMetrics()
