"""Which pages may call: the CORS protocol on every response"""

import pytest

from bukhindor.config.origins import parse_allowed_origins
from bukhindor.web.edge.cors import CorsPolicy
from tests.http.conftest import StartService
from tests.http.service import PASSWORD, Service

APP = "https://app.example.com"
HEADERS = (
    "authorization, content-type, accept-language, x-app-version, x-app-type, x-device-id, x-device-proof, "
    "x-token-transport, idempotency-key, traceparent, sentry-trace, baggage, x-request-id, x-requested-with"
)
EXPOSED = (
    "Retry-After, X-Request-ID, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, WWW-Authenticate, "
    "Idempotency-Replayed"
)


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
        assert answer.headers["access-control-expose-headers"] == EXPOSED
        assert answer.headers["access-control-allow-credentials"] == "true"
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
        assert answer.headers["access-control-allow-credentials"] == "true"


async def test_an_operator_allows_further_headers(start_service: StartService) -> None:
    service = await start_service(cors_allowed_origins=APP, cors_allowed_headers="X-Tenant,X-B")
    asked = {"origin": APP, "access-control-request-method": "GET"}
    answer = await service.ask("OPTIONS", "/api/v1/auth/me", headers=asked)
    assert answer.headers["access-control-allow-headers"] == f"{HEADERS}, x-tenant, x-b"


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


IN_APPS = "capacitor://localhost,chrome-extension://abcdefghijklmnopabcdefghijklmnop"
SITES = "https://*.example.com,https://*.preview.example.org:8443"
BY_NAME = [*IN_APPS.split(","), APP]
BY_SITE = [
    "https://a.example.com", "https://a.b-1.example.com", "https://pr_7.example.com",
    "https://x.preview.example.org:8443",
]  # fmt: skip
OTHERS = [
    "https://example.com", "https://.example.com", "https://a..example.com", "https://aexample.com",
    "http://a.example.com", "https://a.example.com:8443", "https://a.example.com.evil.example",
    "https://evil.example/.example.com", "https://evil@a.example.com", "https://evil.example#.example.com",
    "https://preview.example.org:8443", "https://x.preview.example.org", "https://a.examplexcom",
    "capacitor://other", "capacitor://localhost:1", "ionic://localhost", "chrome-extension://abcdefghijklmnop",
    "https://a.example.com\n", "https://*.example.com",
]  # fmt: skip


def test_apps_and_subdomains_may_call_where_they_are_named() -> None:
    """WEB-04: with cookies only when they are named one by one; any subdomain could act otherwise."""
    named = parse_allowed_origins([*IN_APPS.split(","), *SITES.split(","), APP])
    policy = CorsPolicy(frozenset(map(str, named.named)), sites=frozenset(map(str, named.sites)))
    assert [origin for origin in (*BY_NAME, *BY_SITE, *OTHERS) if policy.allows(origin)] == [*BY_NAME, *BY_SITE]
    assert [origin for origin in (*BY_NAME, *BY_SITE, *OTHERS) if policy.allows_cookies(origin)] == BY_NAME
    for origin in BY_SITE:
        headers = dict(policy.headers_for(origin))
        assert headers[b"access-control-allow-origin"] == origin.encode()
        assert b"access-control-allow-credentials" not in headers
