"""Health probes and public keys"""

import sqlite3

import pytest

from bukhindor import BUILD
from tests.http.answers import assert_problem, assert_safe_headers
from tests.http.service import Service

PATHS = ["/health", "/health/live", "/health/ready", "/api/health", "/api/health/live", "/api/health/ready"]


@pytest.mark.parametrize("path", PATHS)
async def test_a_service_that_is_well_says_so(service: Service, path: str) -> None:
    answer = await service.ask("GET", path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == {"status": "ok", "service": "bukhindor-backend", "version": BUILD}
    assert_safe_headers(answer)


@pytest.mark.parametrize("path", PATHS)
async def test_health_asks_for_no_client_headers(service: Service, path: str) -> None:
    """CFG-04: and looks at no token."""
    answer = await service.ask(
        "GET", path, headers={"authorization": "Bearer stale", "content-type": "application/json"}
    )
    assert answer.status_code == 200


async def test_a_service_that_stops_is_alive_and_not_ready(service: Service) -> None:
    """REL-30: and it still answers what it is asked."""
    service.application.services.health.drain()
    for path in ("/health/ready", "/api/health/ready"):
        answer = await service.ask("GET", path)
        problem = assert_problem(answer, 503, "not_ready", "process")
        assert problem["errors"][0]["message"] == "shutting down"
        assert int(answer.headers["retry-after"]) >= 1
    assert (await service.ask("GET", "/health/live")).status_code == 200
    assert (await service.ask("GET", "/health")).status_code == 200
    assert await service.works(service.people.user)


async def test_a_database_of_another_version_is_not_ready(service: Service) -> None:
    """REL-25, REL-30: the response says only which part it is."""
    await service.change("UPDATE alembic_version SET version_num = '9999'")
    await service.change("UPDATE schema_compatibility SET serves_since = '9999'")
    answer = await service.ask("GET", "/health/ready")
    assert_problem(answer, 503, "not_ready", "database")
    assert "9999" not in answer.text
    assert (await service.ask("GET", "/health/live")).status_code == 200


async def test_the_published_keys_hold_nothing_private(service: Service) -> None:
    answer = await service.ask("GET", "/.well-known/jwks.json")
    assert answer.status_code == 200
    assert_safe_headers(answer, "public, max-age=300")
    (key,) = answer.json()["keys"]
    assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("EC", "P-256", "ES256", "sig")
    assert set(key) == {"kty", "crv", "x", "y", "kid", "alg", "use"}


async def test_a_database_that_is_damaged_is_no_fault_of_the_caller(service: Service) -> None:
    """ERR-02: the response reveals nothing of tables or files. A server's tables may be those of another version for a
    while.
    """
    service.sql("DROP TABLE identity_sessions")
    service.sql("DROP TABLE user_sessions")
    answer = await service.get("/auth/me", by=service.people.user)
    if service.settings.store.database.is_embedded:
        assert_problem(answer, 500, "internal_error")
    else:
        assert_problem(answer, 503, "store_unavailable")
    for word in ("sql", "table", "user_sessions", "SELECT", "/", "Traceback"):
        assert word not in answer.json()["detail"]
    assert (await service.ask("GET", "/health/live")).status_code == 200
    assert sqlite3.sqlite_version not in answer.text
