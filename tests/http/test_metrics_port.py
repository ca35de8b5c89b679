"""METRICS_PORT and TRACING of the program as it is run, in one process and in several"""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from bukhindor.adapters.prometheus.names import exposed_names
from tests.adapters.prometheus.scraping import Samples, names_in, scraped_when, value
from tests.http.service import API, PASSWORD
from tests.http.worker_program import PATIENCE_SECONDS, Service, ended, until
from tests.servers.postgres import PostgresServer
from tests.servers.processes import free_port

SECRET = "mT7vQ2xN9bK4sW6zR1pF8cH3jL5gD0yA"
SERVE = (sys.executable, "-m", "bukhindor", "serve")


def environment(folder: Path, metrics_port: int, **more: str) -> dict[str, str]:
    return {
        "DATA_DIR": str(folder),
        "JWT_SECRET": SECRET,
        "SERVER_PORT": str(free_port()),
        "METRICS_PORT": str(metrics_port),
        "HASH_WORKERS": "1",
        "PUBLIC_URL": "http://localhost:8080",
        "TMPDIR": str(folder),
        **more,
    }


async def join(client: httpx.AsyncClient, name: str) -> None:
    account = {"email": f"{name}@example.com", "password": PASSWORD, "name": name}
    assert (await client.post(f"{API}/auth/register", json=account)).status_code == 201
    assert (await client.post(f"{API}/auth/login", json=account)).status_code == 200


def refused(**variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        SERVE,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )


async def test_the_service_tells_what_it_does_at_a_port_of_its_own(tmp_path: Path) -> None:
    """CFG-04"""
    port = free_port()
    with ended(Service(tmp_path, *SERVE, environment=environment(tmp_path, port))) as service:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{service.port}", timeout=30) as client:
            await join(client, "ann")
            assert (await client.get("/metrics")).status_code == 404
        login = {"method": "POST", "endpoint": f"{API}/auth/login", "status": "200"}
        samples = await scraped_when(port, lambda now: value(now, "http_requests_total", **login))
        assert names_in(samples) <= set(exposed_names())
        assert value(samples, "http_requests_total", **login) == 1
        assert value(samples, "user_registrations_total", status="success") == 1
        # A scraper that never comes to an end does not keep the service from its own.
        with socket.create_connection(("127.0.0.1", port)) as slow:
            slow.sendall(b"GET /metrics HTTP/1.1\r\n")
            service.send(signal.SIGTERM)
            assert await service.end() == 0


async def test_workers_tell_together_and_nothing_is_forgotten_with_one(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    """REL-20"""
    port, url = free_port(), postgres_server.url(await postgres_server.create_database())
    variables = environment(tmp_path, port, DATABASE_URL=url, MIGRATE_ON_START="true", RATE_LIMITS="off")
    with ended(Service(tmp_path, *SERVE, "--workers", "2", environment=variables)) as service:
        asked = 0

        async def ask(times: int) -> None:
            nonlocal asked
            # Each connection is new, so that both processes are asked.
            headers = {"connection": "close"}
            async with httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{service.port}", headers=headers, timeout=30
            ) as client:
                for _ in range(times):
                    assert (await client.get("/health/live")).status_code == 200
            asked += times

        async def when_all_are_counted() -> Samples:
            place = {"method": "GET", "endpoint": "/health/live", "status": "200"}
            return await scraped_when(port, lambda now: value(now, "http_requests_total", **place) == asked)

        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{service.port}", timeout=30) as client:
            await join(client, "ann")
        await ask(20)
        samples = await when_all_are_counted()
        assert names_in(samples) <= set(exposed_names())
        assert value(samples, "user_logins_total", status="success") == 1

        samples = await scraped_when(port, lambda now: value(now, "database_connections", status="max") == 20)
        samples = await scraped_when(port, lambda now: value(now, "active_sessions") is not None)
        assert value(samples, "bukhindor_info", version=_version()) == 1

        os.kill(service.living()[0], signal.SIGKILL)
        await until(lambda: len(service.workers()) == 3 and len(service.living()) == 2)
        await ask(10)
        await when_all_are_counted()
        folders = list(tmp_path.glob("bukhindor-metrics-*"))
        assert len(folders) == 1
        service.send(signal.SIGTERM)
        assert await service.end() == 0
        assert not folders[0].exists()


def _version() -> str:
    from bukhindor import BUILD

    return BUILD


@pytest.mark.parametrize("more", [{}, {"WORKERS": "2", "DATABASE_URL": "postgresql://u@127.0.0.1:9/x?sslmode=disable"}])
def test_a_metrics_port_in_use_is_refused_in_one_line(tmp_path: Path, more: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        answer = refused(**environment(tmp_path, port, **more))
    assert (answer.returncode, answer.stderr.count("\n")) == (1, 1), answer.stderr
    assert answer.stderr.startswith(f"port {port} can't be used for metrics (")
    assert answer.stderr.endswith("set METRICS_PORT\n")
    assert list(tmp_path.glob("bukhindor-metrics-*")) == []


def test_tracing_without_its_libraries_is_refused_before_anything_starts(tmp_path: Path) -> None:
    stand_in = tmp_path / "path" / "opentelemetry"
    stand_in.mkdir(parents=True)
    (stand_in / "__init__.py").touch()
    paths: Any = [str(stand_in.parent), os.environ.get("PYTHONPATH", "")]
    variables = environment(tmp_path, free_port(), TRACING="on", PYTHONPATH=os.pathsep.join(filter(None, paths)))
    answer = refused(**variables)
    assert (answer.returncode, answer.stderr.count("\n")) == (2, 1), answer.stderr
    assert answer.stderr.startswith("TRACING: the libraries for it are not here; install bukhindor-backend[tracing]")
    assert not (tmp_path / "bukhindor.db").exists()


def test_libraries_that_no_setting_asked_for_are_not_loaded() -> None:
    code = (
        "import bukhindor.bootstrap.application, sys;"
        "print(*sorted({'prometheus_client', 'opentelemetry', 'asyncpg', 'redis'} & set(sys.modules)))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout == "\n"
