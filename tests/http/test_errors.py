"""Failures of our own, and the identity of a request"""

import json
import re

import pytest

from bukhindor.web.edge.problem import problem
from tests.http.answers import assert_problem
from tests.http.service import Service

ORIGIN = {"origin": "http://localhost:3000"}


async def broken(service: Service) -> None:
    """Make the next look at the session fail in an unforeseen way."""
    session_id = service.people.user.session_id.replace("-", "")
    await service.change("UPDATE user_sessions SET app_type = 'rubbish' WHERE id = ?", session_id)


async def test_a_failure_of_ours_tells_nothing_but_its_id(service: Service) -> None:
    """ERR-01, ERR-02: with the headers of every response, CORS too."""
    await broken(service)
    answer = await service.get("/auth/me", by=service.people.user, headers=ORIGIN)
    problem = assert_problem(answer, 500, "internal_error")
    assert answer.headers["access-control-allow-origin"] == ORIGIN["origin"]
    assert problem["request_id"] in answer.text
    for word in ("rubbish", "traceback", "error:", ".py", "sql", "litestar", "python", "bukhindor", "app_type"):
        assert word not in answer.text.lower()


async def test_a_failure_for_one_is_none_for_others(service: Service) -> None:
    await broken(service)
    assert (await service.get("/auth/me", by=service.people.user)).status_code == 500
    assert await service.works(service.people.other)
    assert (await service.ask("GET", "/health/ready")).status_code == 200


async def test_every_refusal_has_the_one_shape(service: Service) -> None:
    """ERR-01, ERR-06, WEB-05"""
    user = service.people.user
    assert_problem(await service.ask("GET", "/nowhere"), 404, "not_found")
    assert_problem(await service.ask("DELETE", "/health"), 405, "method_not_allowed")
    assert_problem(await service.log_in("x" * 70_000), 413, "body_too_large")
    assert_problem(await service.post("/auth/login", content=b"x"), 415, "unsupported_media_type")
    assert_problem(await service.post("/auth/login", {}), 400, "validation_failed", "email", "password")
    assert_problem(await service.get("/auth/me"), 401, "not_authenticated")
    assert_problem(await service.get("/users", by=user), 403, "forbidden")
    assert_problem(await service.get("/users/x", by=user), 404, "user_not_found")
    assert_problem(await service.delete("/auth/sessions/x", by=user), 404, "session_not_found")


@pytest.mark.parametrize(
    "path", ["/a%0d%0aset-cookie:x=1", "/%22%3Cscript%3E", "/" + "a" * 2000, "/%ff%fe", "/я", "/\U0001f98a"]
)
async def test_a_strange_path_comes_back_as_data_only(service: Service, path: str) -> None:
    """IN-11"""
    answer = await service.ask("GET", path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json; charset=utf-8")
    assert "set-cookie" not in answer.headers
    assert answer.json()["error_code"] == "not_found"


@pytest.mark.parametrize("request_id", ["abc", "0b6e7f9c-2d5a", "A.b_c-9", "x" * 64])
async def test_a_safe_request_id_is_kept(service: Service, request_id: str) -> None:
    """LOG-05"""
    answer = await service.get("/auth/me", headers={"x-request-id": request_id})
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == request_id


@pytest.mark.parametrize(
    "request_id",
    ["", " ", "a b", "x" * 65, "<script>", "a\x1b[31mb", 'a"b', "a;b", "a,b", "a/b", "идент".encode(), b"a\nb"],
)
async def test_any_other_is_replaced(service: Service, request_id: str | bytes) -> None:
    """LOG-03, LOG-05, IN-11"""
    answer = await service.get("/auth/me", headers={"x-request-id": request_id})
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


async def test_each_request_has_its_own_id(service: Service) -> None:
    ids = [(await service.ask("GET", "/health")).headers["x-request-id"] for _ in range(20)]
    assert len(set(ids)) == 20


async def test_no_response_names_what_it_is_made_with(service: Service) -> None:
    """ERR-02, WEB-05"""
    for path in ("/health", "/nowhere", "/docs", "/openapi.json", "/api/v1/auth/me"):
        answer = await service.ask("GET", path)
        assert not {"server", "x-powered-by", "via"} & set(answer.headers)
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_log_names_route_and_user_and_no_secret(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    """LOG-01, LOG-02"""
    user = service.people.user
    await service.get("/auth/me?token=canary-query", by=user, headers={"cookie": "access_token=canary-cookie"})
    await service.refresh(user)
    await service.log_in(user.email, "canary-password-1")
    await service.ask("GET", "/canary-path")
    log = capsys.readouterr().out
    assert "route=/api/v1/auth/me" in log
    assert user.id in log
    assert "route=unmatched" in log
    assert "error_code=invalid_credentials" in log
    for secret in ("canary", user.access_token, user.refresh_token, user.email):
        assert secret not in log


@pytest.mark.parametrize(
    ("status", "title"),
    [
        (404, "Not Found"),
        (413, "Content Too Large"),
        (414, "URI Too Long"),
        (416, "Range Not Satisfiable"),
        (422, "Unprocessable Content"),
    ],
)
def test_a_title_is_the_name_of_the_status_whatever_this_version_of_python_calls_it(status: int, title: str) -> None:
    """ERR-01"""
    told = json.loads(problem(status, "a_word", "A sentence.", instance="/", request_id="1"))
    assert told["title"] == title
