"""HEAD, OPTIONS and methods that an address does not answer to"""

import pytest

from bukhindor.web.api.routes import ENDPOINTS
from bukhindor.web.endpoint.row import Endpoint
from tests.http.answers import assert_problem
from tests.http.service import Service

ID = "01890a5d-ac96-774b-bcce-b302099a8057"
ALLOWED = {
    "/health": "GET, HEAD",
    "/api/health": "GET, HEAD",
    "/.well-known/jwks.json": "GET, HEAD",
    "/.well-known/openid-configuration": "GET, HEAD",
    "/docs": "GET, HEAD",
    "/docs/docs.js": "GET, HEAD",
    "/account/reset-password": "GET, HEAD, POST",
    "/openapi.json": "GET, HEAD",
    "/api/v1/auth/register": "POST",
    "/v1/auth/login": "POST",
    "/api/v1/auth/me": "DELETE, GET, HEAD, PATCH",
    "/api/v1/users": "GET, HEAD, POST",
    f"/v1/users/{ID}": "DELETE, GET, HEAD, PATCH, PUT",
    f"/api/v1/users/{ID}/sessions": "DELETE, GET, HEAD",
    f"/api/v1/auth/sessions/{ID}": "DELETE",
}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "FOO")


@pytest.mark.parametrize("path", ALLOWED)
async def test_a_method_that_an_address_does_not_answer_to(service: Service, path: str) -> None:
    """AZ-10, WEB-03: nothing is done by another method than its own."""
    for method in METHODS:
        if method in ALLOWED[path]:
            continue
        answer = await service.ask(method, path, by=service.people.admin)
        assert answer.headers["allow"] == ALLOWED[path]
        if path.startswith("/account/"):
            assert (answer.status_code, answer.headers["content-type"]) == (405, "text/html; charset=utf-8")
        else:
            assert_problem(answer, 405, "method_not_allowed")


@pytest.mark.parametrize("path", ALLOWED)
async def test_options_tells_the_methods_and_nothing_else(service: Service, path: str) -> None:
    """AZ-10"""
    answer = await service.ask("OPTIONS", path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["allow"] == ALLOWED[path]


async def test_options_on_nothing_finds_nothing(service: Service) -> None:
    assert_problem(await service.ask("OPTIONS", "/nowhere"), 404, "not_found")


@pytest.mark.parametrize("endpoint", [e for e in ENDPOINTS if e.method == "GET"], ids=lambda e: str(e.path))
async def test_head_is_get_without_the_body(service: Service, endpoint: Endpoint) -> None:
    """AZ-10: and asks for the same rights."""
    path = endpoint.path.replace("{user_id}", service.people.user.id)
    for by in (None, service.people.user, service.people.admin):
        get = await service.ask("GET", path, by=by)
        head = await service.ask("HEAD", path, by=by)
        assert head.status_code == get.status_code
        assert head.headers.get("content-type") == get.headers.get("content-type")
        if endpoint.operation_id == "export_me":
            # What has happened is part of the export, and so is the export before.
            continue
        assert head.headers["content-length"] == get.headers["content-length"]
        assert head.headers.get("www-authenticate") == get.headers.get("www-authenticate")


async def test_head_does_nothing_where_only_post_does(service: Service) -> None:
    answer = await service.ask("HEAD", "/api/v1/auth/logout", by=service.people.user)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert await service.works(service.people.user)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/auth/me/x.css", "/api/v1/auth/me;x.js", "/api/v1/auth/me.json", "/api/v1/auth/me%2ejson",
        "/api/v1/auth",
        "/api/v1/users/x/y", "/api/v1", "/v1", "/api/healthy", "/health/", "/api/v1/auth/me%3fx", "/api/v1/auth/me%23",
    ],
)  # fmt: skip
async def test_an_address_next_to_ours_is_none(service: Service, path: str) -> None:
    """WEB-10, AZ-09"""
    answer = await service.ask("GET", path, by=service.people.user)
    if path == "/health/":
        assert answer.status_code == 200
    else:
        assert_problem(answer, 404, "not_found")


@pytest.mark.parametrize("path", ["/api/v1/auth/me", "/v1/auth/me", "/health", "/api/health", "/docs"])
async def test_a_slash_at_the_end_changes_nothing_and_redirects_no_client(service: Service, path: str) -> None:
    plain = await service.ask("GET", path, by=service.people.user)
    slashed = await service.ask("GET", f"{path}/", by=service.people.user)
    assert (plain.status_code, plain.content) == (slashed.status_code, slashed.content)


@pytest.mark.parametrize("host", ["evil.example", "localhost:1", "localhost.", "LOCALHOST"])
async def test_the_host_decides_nothing(service: Service, host: str) -> None:
    """AZ-09, RST-09: who may call is decided by the path of the request."""
    assert_problem(await service.get("/users", headers={"host": host}), 401, "not_authenticated")
    answer = await service.get("/auth/me", by=service.people.user, headers={"host": host, "x-forwarded-host": host})
    assert answer.status_code == 200
    assert "evil" not in answer.text


@pytest.mark.parametrize(
    "path", ["/health/../api/v1/users", "/health/%2e%2e/api/v1/users", "/docs/../v1/users", "//health/../v1/users"]
)
async def test_dots_in_a_path_lead_nowhere(service: Service, path: str) -> None:
    """AZ-09: no way leads around the rights, through a proxy or directly."""
    answer = await service.ask("GET", f"http://localhost:8080{path}")
    assert answer.status_code in (401, 404)
