"""What every response must look like."""

from typing import Any

import httpx

from bukhindor.web.edge.problem import phrase_of

MEMBERS = {"type", "title", "status", "detail", "instance", "error", "code", "error_code", "request_id"}
MORE = {
    "account_banned": {"reason", "until"},
    "account_inactive": {"reason", "until"},
    "reauthentication_required": {"methods"},
    "mfa_required": {"mfa_token", "factors"},
}


def assert_problem(answer: httpx.Response, status: int, error_code: str, *fields: str) -> dict[str, Any]:
    """Assert that the response is this refusal in the shape of all errors; `fields` are those it names, in order."""
    assert (answer.status_code, answer.json().get("error_code")) == (status, error_code), answer.text
    problem: dict[str, Any] = answer.json()
    assert set(problem) - {"errors"} == MEMBERS | MORE.get(error_code, set())
    assert answer.headers["content-type"] == "application/problem+json; charset=utf-8"
    assert problem["type"] == "about:blank"
    assert problem["title"] == phrase_of(status)
    assert problem["status"] == problem["code"] == status
    assert problem["detail"] == problem["error"] != ""
    assert problem["instance"] == answer.request.url.path
    assert problem["request_id"] == answer.headers["x-request-id"]
    named = problem.get("errors", [])
    assert all(set(error) == {"field", "message", "error_code"} for error in named)
    assert [error["field"] for error in named] == list(fields)
    assert_safe_headers(answer)
    return problem


def assert_refused_field(answer: httpx.Response, field: str, reason: str) -> None:
    """Assert that one field alone was refused, and why."""
    problem = assert_problem(answer, 400, "validation_failed", field)
    assert problem["errors"][0]["error_code"] == reason, problem


def assert_safe_headers(answer: httpx.Response, cache_control: str = "no-store") -> None:
    """Assert what every response carries, good or bad."""
    headers = answer.headers
    assert headers["cache-control"] == cache_control
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "origin" in headers["vary"].lower()
    assert headers["x-request-id"]
    assert not {"server", "x-powered-by"} & set(headers)
