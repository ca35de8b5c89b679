"""Which pages may call: the CORS protocol on every response"""

import pytest

from tests.http.conftest import StartService
from tests.http.service import PASSWORD, Service

APP = "https://app.example.com"
HEADERS = "authorization, content-type, accept-language, x-app-version, x-app-type, x-device-id, x-device-proof"


@pytest.fixture
async def named(start_service: StartService) -> Service:
    """A service that knows one page, as in production."""
    return await start_service(cors_allowed_origins=APP)


async def test_a_known_page_may_read_every_response(named: Service) -> None:
    """WEB-04: refusals too, or a browser hides them from the page."""
    user = named.people.user
    answers = [
        await named.get("/auth/me", by=user, headers={"origin": APP}),
        await named.get("/auth/me", headers={"origin": APP}),
        await named.log_in(user.email, "wrong-otter-41", headers={"origin": APP}),
        await named.ask("GET", "/nowhere", headers={"origin": APP}),
        await named.ask("TRACE", "/api/v1/auth/me", headers={"origin": APP}),
        await named.log_in(user.email, "a" * 100_000, headers={"origin": APP}),
        await named.ask(
            "POST", "/api/v1/auth/login", content=b"x", headers={"origin": APP, "content-type": "text/plain"}
        ),
        await named.ask("GET", "/docs", headers={"origin": APP}),
    ]
    assert [answer.status_code for answer in answers] == [200, 401, 401, 404, 405, 413, 415, 200]
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == APP
        assert answer.headers["access-control-expose-headers"] == "Retry-After, X-Request-ID"
        assert "access-control-allow-credentials" not in answer.headers
        assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example", "null", "*", "", "https://app.example.com.evil.example", "https://evilapp.example.com",
        "http://app.example.com", "https://app.example.com:1234", "https://APP.example.com", "https://app.example.com/",
        "https://app.example.com.", "https://user@app.example.com", "http://localhost:3000", "http://127.0.0.1",
    ],
)  # fmt: skip
async def test_any_other_page_may_not(named: Service, origin: str) -> None:
    """WEB-04"""
    plain = await named.ask("GET", "/health", headers={"origin": origin})
    preflight = await named.ask(
        "OPTIONS", "/api/v1/auth/me", headers={"origin": origin, "access-control-request-method": "GET"}
    )
    for answer in (plain, preflight):
        assert answer.status_code in (200, 204)
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert answer.headers["vary"] == "Origin"


@pytest.mark.parametrize(
    "path", ["/api/v1/auth/me", "/v1/users", "/health", "/api/health", "/nowhere", "/api/v1/users/x"]
)
async def test_a_preflight_allows_what_clients_send(named: Service, path: str) -> None:
    """WEB-04"""
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        asked = {"origin": APP, "access-control-request-method": method, "access-control-request-headers": HEADERS}
        answer = await named.ask("OPTIONS", path, headers=asked)
        assert (answer.status_code, answer.content) == (204, b"")
        assert "content-length" not in answer.headers
        assert answer.headers["access-control-allow-origin"] == APP
        assert answer.headers["access-control-allow-methods"] == "GET, POST, PUT, PATCH, DELETE"
        assert answer.headers["access-control-allow-headers"] == HEADERS
        assert int(answer.headers["access-control-max-age"]) <= 7200
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost:3000",
        "http://localhost",
        "https://localhost:8443",
        "http://127.0.0.1:5000",
        "http://[::1]:8080",
    ],
)
async def test_development_allows_this_machine(service: Service, origin: str) -> None:
    answer = await service.ask("GET", "/health", headers={"origin": origin})
    assert answer.headers["access-control-allow-origin"] == origin


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost.evil.example",
        "http://evil.example:3000",
        "http://localhost:3000.evil.example",
        "http://localhost:",
        "null",
    ],
)
async def test_development_allows_no_other_origin(service: Service, origin: str) -> None:
    """WEB-04"""
    answer = await service.ask("GET", "/health", headers={"origin": origin})
    assert "access-control-allow-origin" not in answer.headers


async def test_a_request_of_a_page_that_may_not_read_is_answered_all_the_same(named: Service) -> None:
    """CORS hides answers from pages; who may act is decided by tokens."""
    answer = await named.log_in(named.people.user.email, PASSWORD, headers={"origin": "https://evil.example"})
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers
