"""Several processes, one set of metrics."""

import logging
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bukhindor.adapters.prometheus import exposition, workers
from bukhindor.adapters.prometheus.workers import WorkersMetrics
from tests.adapters.prometheus.scraping import shown, value

LOGIN = "/api/v1/auth/login"

WORKER = f"""
import logging, resource, sys
from bukhindor.adapters.prometheus import names
from bukhindor.adapters.prometheus.meter import PrometheusMeter
from bukhindor.adapters.prometheus.series import Measurement

logging.basicConfig(format="logged %(message)s")
if len(sys.argv) > 2:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
meter = PrometheusMeter("1.2.3")
for number in range(int(sys.argv[1]) if len(sys.argv) > 2 else 0):
    meter.begun()
    meter.ended("GET", f"/{{number}}", 200, 0.03, None)
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

    def __init__(self, metrics: WorkersMetrics, sign_ins: int, *limit: int) -> None:
        """`limit` is how large its files may become, in bytes; then there is an endpoint more with each sign-in."""
        self._metrics = metrics
        self._process = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(sign_ins), *map(str, limit)],
            env={**os.environ, **metrics.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> bytes:
        """As the parent notices it. Returns what it has logged."""
        self._process.kill()
        _, log = self._process.communicate()
        self._metrics.worker_ended(self.pid)
        return log


@contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """As on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


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


def test_folders_of_killed_processes_are_removed_and_those_of_running_ones_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "from bukhindor.adapters.prometheus.workers import *; m = WorkersMetrics(); print(flush=True); input()"
    start = [sys.executable, "-c", code]
    options: dict[str, Any] = {"env": {**os.environ, "TMPDIR": str(tmp_path)}, "stdin": subprocess.PIPE}
    processes = []
    for _ in range(2):
        processes.append(subprocess.Popen(start, stdout=subprocess.PIPE, **options))
        output = processes[-1].stdout
        assert output is not None
        assert output.read(1) == b"\n"
    killed, running = processes
    of_running = max(tmp_path.iterdir(), key=lambda each: each.stat().st_ctime_ns)
    killed.kill()
    killed.communicate()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    metrics = WorkersMetrics()
    assert {*tmp_path.iterdir()} == {of_running, folder(metrics)}
    metrics.close()
    assert [*tmp_path.iterdir()] == [of_running]
    running.kill()
    running.communicate()


def test_without_a_place_for_the_folder_the_start_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/proc/nowhere")
    with pytest.raises(exposition.CannotExpose, match="set TMPDIR"):
        WorkersMetrics()


def test_files_have_no_holes_that_a_full_disk_could_not_fill(metrics: WorkersMetrics) -> None:
    """REL-20: to write into one would end the process, and this one when it puts them together."""
    worker = Worker(metrics, 300, 1 << 30)
    files = list(folder(metrics).iterdir())
    assert max(file.stat().st_size for file in files) > 1 << 16
    assert all(file.stat().st_blocks * 512 >= file.stat().st_size for file in files)
    assert worker.kill() == b""
    for file in folder(metrics).iterdir():
        assert file.stat().st_blocks * 512 >= file.stat().st_size


def test_a_worker_that_there_is_no_place_for_serves_without_metrics(metrics: WorkersMetrics) -> None:
    log = Worker(metrics, 2, 1024).kill()
    assert log.count(b"logged no place for more metrics") == log.count(b"\n") == 1
    assert shown(metrics.registry) == {}
    assert list(folder(metrics).iterdir()) == []


def test_a_worker_that_there_is_no_more_place_for_goes_on_with_what_it_has(metrics: WorkersMetrics) -> None:
    other = Worker(metrics, 1)
    worker = Worker(metrics, 300, 1 << 16)
    samples = shown(metrics.registry)
    assert value(samples, "http_requests_total", method="GET", endpoint="/0", status="200") == 1
    assert value(samples, "http_requests_total", method="GET", endpoint="/299", status="200") is None
    assert value(samples, "http_requests_in_flight") == 2
    assert value(samples, "user_logins_total", status="success") == 301
    assert worker.kill().count(b"\n") == 1
    assert value(shown(metrics.registry), "user_logins_total", status="success") == 301
    assert other.kill() == b""


def test_counters_that_can_not_be_put_together_stay_where_they_are(
    metrics: WorkersMetrics, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = Worker(metrics, 2), Worker(metrics, 3)
    first.kill()
    with files_limited_to(1024):
        second.kill()
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
    assert value(shown(metrics.registry), "user_logins_total", status="success") == 5
    assert sorted(file.name for file in folder(metrics).iterdir()) == sorted(
        f"{kind}_{which}.db" for kind in ("counter", "histogram") for which in ("ended", second.pid)
    )


@pytest.mark.parametrize("content", [b"", b"\x20\0\0\0" + b"\xff" * 100], ids=["empty", "nonsense"])
def test_a_file_that_can_not_be_read_is_lost_and_nothing_else(
    metrics: WorkersMetrics, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    """REL-20: meanwhile the log says once why there are no metrics."""
    worker = Worker(metrics, 2)
    (folder(metrics) / "counter_999999999.db").write_bytes(content)
    for _ in range(2):
        with pytest.raises(Exception, match=r"."):
            shown(metrics.registry)
    assert [record.message for record in caplog.records] == ["the metrics of the workers can't be read"]
    metrics.worker_ended(999_999_999)
    assert value(shown(metrics.registry), "user_logins_total", status="success") == 2
    worker.kill()
    assert value(shown(metrics.registry), "user_logins_total", status="success") == 2
    assert len(caplog.records) == 2
    assert caplog.records[1].message.startswith("what counter_999999999.db has counted is lost: ")
    assert sorted(file.name for file in folder(metrics).iterdir()) == ["counter_ended.db", "histogram_ended.db"]
