"""Dashboards and alerts ask for what the service really exposes: metrics, labels and values of a scrape."""

import json
import os
import secrets
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.deploy import queries
from tests.servers.postgres import PostgresServer
from tests.servers.processes import free_port
from tests.servers.redis import RedisServer

pytestmark = pytest.mark.unmeasured

BUKHINDOR = Path(__file__).parents[2] / ".venv" / "bin" / "bukhindor"
PATIENCE_SECONDS = 60

Samples = dict[str, list[dict[str, str]]]


async def test_all_that_is_asked_for_is_exposed(
    postgres_server: PostgresServer, redis_server: RedisServer, tmp_path: Path
) -> None:
    database = await postgres_server.create_database()
    shared = {"DATABASE_URL": postgres_server.url(database), "REDIS_URL": redis_server.url, "MIGRATE_ON_START": "true"}
    with scraped(tmp_path / "shared", shared) as with_servers, scraped(tmp_path / "alone", {}) as embedded:
        exposed = {name: with_servers.get(name, []) + embedded.get(name, []) for name in {*with_servers, *embedded}}
    asked = [*queries.of_alerts(), *queries.of_dashboards()]
    assert len(asked) > 40
    for query in asked:
        for metric, labels in query.metrics().items():
            assert exposed.get(metric), f"{query.place} asks for {metric}, which is not exposed"
            known = {*exposed[metric][0], "le"}
            assert labels <= known, f"{query.place} asks for {labels - known} of {metric}"
        for metric, label, value in query.values():
            values = {labels[label] for labels in exposed[metric]}
            assert value in values, f"{query.place} asks for {metric} with {label} {value}; there are {sorted(values)}"


def test_all_that_matters_is_shown_somewhere() -> None:
    shown = {metric for query in queries.of_dashboards() for metric in query.metrics()}
    watched = {metric for query in queries.of_alerts() for metric in query.metrics()}
    assert watched - shown == set()


@pytest.mark.parametrize(
    "file", sorted((queries.DEPLOY / "grafana" / "dashboards").glob("*.json")), ids=lambda file: file.stem
)
def test_a_dashboard_can_be_provisioned_as_it_is(file: Path) -> None:
    dashboard = json.loads(file.read_text("utf-8"))
    assert dashboard["uid"] == f"bukhindor-{file.stem}"
    assert "id" not in dashboard
    numbers = [panel["id"] for panel in queries.panels(dashboard)]
    assert len(numbers) == len(set(numbers))
    for panel in queries.panels(dashboard):
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        assert panel["title"]
        for target in panel.get("targets", []):
            assert target["datasource"]["uid"] == "prometheus"
    source = (queries.DEPLOY / "grafana" / "provisioning" / "datasources" / "prometheus.yaml").read_text("utf-8")
    assert "uid: prometheus" in source


@contextmanager
def scraped(folder: Path, settings: dict[str, str]) -> Iterator[Samples]:
    """What a service shows after too many sign-ins that fail, and a round of its own measurements."""
    port, metrics_port = free_port(), free_port()
    environment = {
        **{name: os.environ[name] for name in ("PATH", "COVERAGE_PROCESS_CONFIG") if name in os.environ},
        "JWT_SECRET": secrets.token_urlsafe(48),
        "DATA_DIR": str(folder),
        "SERVER_PORT": str(port),
        "METRICS_PORT": str(metrics_port),
        **settings,
    }
    folder.mkdir()
    with (folder / "log").open("wb") as log:
        service = subprocess.Popen([BUKHINDOR, "serve"], cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        until(lambda: status(f"http://127.0.0.1:{port}/health/ready") == 200, folder)
        body = json.dumps({"email": "nobody@example.com", "password": "violet-otter-41"}).encode()
        attempts = [status(f"http://127.0.0.1:{port}/api/v1/auth/login", body) for _ in range(40)]
        assert {401, 429} == set(attempts)
        # The last thing that a round of measurements records, and nothing shows it before.
        until(lambda: "active_sessions" in samples(metrics_port), folder)
        yield samples(metrics_port)
    finally:
        service.terminate()
        assert service.wait(PATIENCE_SECONDS) == 0, (folder / "log").read_text()


def until(condition: Callable[[], bool], folder: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, (folder / "log").read_text()
        time.sleep(0.05)


def status(url: str, body: bytes | None = None) -> int:
    """The status of the response; 0 when there is none."""
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return refusal.code
    except OSError:
        return 0


def samples(port: int) -> Samples:
    """The labels of every sample, by its name."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE_SECONDS) as answer:
        families: list[Metric] = list(text_string_to_metric_families(answer.read().decode()))
    found: Samples = {}
    for family in families:
        for sample in family.samples:
            found.setdefault(sample.name, []).append(dict(sample.labels))
    return found
