"""What the server refuses itself looks like the responses of the application, and pages of other origins may read it.

The server does not know how: the program that runs it says so.
"""

from dataclasses import replace

import pytest

from bukhindor.server.head import ConnectionLimits
from tests.http.probe_server import ORIGIN, PATIENT, ProbeApp, running
from tests.http.raw_client import exchange, get

ALLOWED = f"Origin: {ORIGIN}"
BODY_IS_LATE = b"POST / HTTP/1.1\r\nHost: a\r\nOrigin: %b\r\nContent-Length: 5\r\n\r\na" % ORIGIN.encode()


@pytest.mark.parametrize(
    ("request_bytes", "status", "limits"),
    [
        (get("/a", ALLOWED, "Host: b"), 400, PATIENT),
        (get("/a", ALLOWED, "Accept: a", "X : b"), 400, PATIENT),
        (get("/a", ALLOWED, "Accept: a")[:-2], 408, replace(PATIENT, head_seconds=0.1)),
        (BODY_IS_LATE, 408, replace(PATIENT, body_seconds=0.1)),
        (get("/" + "a" * 9_000, ALLOWED), 414, PATIENT),
        (get("/a", "X: " + "a" * 9_000, ALLOWED), 431, PATIENT),
        (get("/a", ALLOWED, "X: " + "a" * 900_000), 431, PATIENT),
        (get("/crash", ALLOWED), 500, PATIENT),
        (get("/slow/0.1") + get("/a", ALLOWED) * 9, 503, PATIENT),
    ],
    ids=["host", "head", "slow head", "slow body", "URL", "header", "endless header", "failure", "too many"],
)
async def test_a_page_of_an_allowed_origin_can_read_a_refusal(
    request_bytes: bytes, status: int, limits: ConnectionLimits
) -> None:
    with running(ProbeApp(), limits=limits) as server:
        answers = await exchange(server.port, request_bytes)

    assert answers[-1].status == status
    assert answers[-1].headers["access-control-allow-origin"] == ORIGIN
    assert "X-Request-ID" in answers[-1].headers["access-control-expose-headers"]
    assert answers[-1].headers.get("retry-after") == ("1" if status == 503 else None)


async def test_a_page_of_another_origin_can_not() -> None:
    with running(ProbeApp()) as server:
        (answer,) = await exchange(server.port, get("/a", "Origin: https://evil.example.com", "Host: b"))

    assert "access-control-allow-origin" not in answer.headers


async def test_a_refusal_has_the_request_id_of_the_proxy_and_the_language_of_the_client() -> None:
    with running(ProbeApp()) as server:
        (answer,) = await exchange(server.port, get("/a", "X-Request-ID: from-proxy", "Accept-Language: ru", "Host: b"))

    assert answer.headers["x-request-id"] == answer.problem["request_id"] == "from-proxy"
    assert answer.problem["detail"] == "Запрос составлен неверно."


async def test_a_broken_preflight_is_refused() -> None:
    """It must not get the response of a preflight that was understood."""
    preflight = get("/api/v1/users", ALLOWED, "Access-Control-Request-Method: PUT", "Host: b")
    with running(ProbeApp()) as server:
        (answer,) = await exchange(server.port, preflight.replace(b"GET", b"OPTIONS", 1))

    assert answer.status == 400
