"""Refresh tokens that travel in a cookie, so that no script can read them"""

from typing import Any

import httpx
import pytest

from tests.http.answers import assert_problem
from tests.http.conftest import StartService
from tests.http.service import PASSWORD, PUBLIC_URL, Service, tokens_in

COOKIE = {"x-token-transport": "cookie"}
OWN_PAGE = {"sec-fetch-site": "same-origin"}
APP = "https://app.example.com"
API_URL = "https://api.example.com"


def cookies_of(answer: httpx.Response) -> dict[str, str]:
    """The cookies that a response sets, empty where it removes them."""
    return dict(line.partition(";")[0].split("=", 1) for line in answer.headers.get_list("set-cookie"))


def sent(answer: httpx.Response) -> dict[str, str]:
    """What a browser sends after this response."""
    return {"cookie": "; ".join(f"{name}={value}" for name, value in cookies_of(answer).items() if value)}


async def signed_in(service: Service, **how: Any) -> httpx.Response:
    answer = await service.log_in(service.people.user.email, headers=COOKIE, **how)
    assert answer.status_code == 200, answer.text
    return answer


@pytest.mark.parametrize("transport", ["cookie", "Cookie", "COOKIE "])
async def test_the_refresh_token_is_in_the_cookie_and_nowhere_else(service: Service, transport: str) -> None:
    """WEB-01"""
    answer = await service.log_in(service.people.user.email, headers={"x-token-transport": transport})
    token = cookies_of(answer)["refresh_token"]
    assert token.startswith("bkr_")
    (line,) = [line for line in answer.headers.get_list("set-cookie") if line.startswith("refresh_token=")]
    assert line.partition("; ")[2] == f"Max-Age={30 * 86_400}; Path=/; HttpOnly; SameSite=Strict"
    assert token not in answer.text
    assert answer.json()["user"]["refresh_token"] == ""
    assert await service.works(answer.json()["user"]["access_token"])


async def test_over_https_the_cookie_belongs_to_this_host_alone(start_service: StartService) -> None:
    """WEB-01"""
    service = await start_service(public_url=API_URL)
    answer = await signed_in(service)
    (line,) = [line for line in answer.headers.get_list("set-cookie") if "refresh_token=" in line]
    assert line.startswith("__Host-refresh_token=bkr_")
    assert line.partition("; ")[2] == f"Max-Age={30 * 86_400}; Path=/; HttpOnly; SameSite=Strict; Secure"


async def test_a_refresh_needs_the_cookie_alone(service: Service) -> None:
    """And what it gives stays in the cookie, whatever the request asks for."""
    first = await signed_in(service)
    for asked in ({}, {"x-token-transport": "body"}, COOKIE):
        answer = await service.post("/auth/refresh", headers=sent(first) | OWN_PAGE | asked)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert body["user"]["refresh_token"] == body["tokens"]["refresh_token"] == ""
        assert cookies_of(answer)["refresh_token"].startswith("bkr_")
        assert cookies_of(answer)["refresh_token"] not in answer.text
        assert await service.works(body["user"]["access_token"])
        first = answer


@pytest.mark.parametrize("body", [{}, {"refresh_token": None}])
async def test_a_body_without_a_token_is_no_hindrance(service: Service, body: Any) -> None:
    answer = await service.post("/auth/refresh", body, headers=sent(await signed_in(service)) | OWN_PAGE)
    assert answer.status_code == 200


FOREIGN: list[dict[str, str]] = [
    {}, {"origin": "null"}, {"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"}, {"sec-fetch-site": "same-site", "origin": "https://blog.example.com"},
    {"origin": "https://x.preview.example.com"}, {"origin": "http://app.example.com"},
]  # fmt: skip


async def test_the_cookie_acts_for_named_pages_only(start_service: StartService) -> None:
    """WEB-02: refused, the token is not used up."""
    service = await start_service(public_url=API_URL, cors_allowed_origins=f"{APP},https://*.preview.example.com")
    first = sent(await signed_in(service))
    for foreign in FOREIGN:
        answer = await service.post("/auth/refresh", headers=first | foreign)
        assert_problem(answer, 403, "cross_site_request")
        assert "set-cookie" not in answer.headers
    for own in (OWN_PAGE, {"origin": API_URL}, {"origin": APP, "sec-fetch-site": "same-site"}, {"origin": APP}):
        answer = await service.post("/auth/refresh", headers=first | own)
        assert answer.status_code == 200, own
        assert ("access-control-allow-credentials" in answer.headers) is (own.get("origin") == APP)


async def test_a_token_in_the_body_wins_and_is_answered_in_the_body(service: Service) -> None:
    """What the browser holds of an earlier session would otherwise come back at the next refresh."""
    stale = sent(await signed_in(service)) | {"sec-fetch-site": "cross-site"}
    tokens = await service.signed_in(service.people.other)
    answer = await service.refresh(tokens, headers=stale)
    assert tokens_in(answer).refresh_token != ""
    assert cookies_of(answer)["refresh_token"] == ""
    answer = await service.log_in(service.people.other.email, headers=stale)
    assert tokens_in(answer).refresh_token != ""
    assert cookies_of(answer)["refresh_token"] == ""


async def test_a_token_in_the_body_can_move_into_the_cookie(service: Service) -> None:
    answer = await service.refresh(service.people.user, headers=COOKIE)
    assert answer.json()["user"]["refresh_token"] == ""
    assert (await service.post("/auth/refresh", headers=sent(answer) | OWN_PAGE)).status_code == 200


async def test_who_is_not_signed_in_learns_it(service: Service) -> None:
    """A page that asks at its start is not at fault; a program that forgets its token is."""
    assert_problem(await service.post("/auth/refresh", headers=COOKIE | OWN_PAGE), 401, "not_authenticated")
    assert_problem(await service.post("/auth/refresh"), 400, "validation_failed", "refresh_token")
    wrong = {"cookie": "refresh_token=bkr_x"} | OWN_PAGE
    assert_problem(await service.post("/auth/refresh", headers=wrong), 401, "invalid_refresh_token")


@pytest.mark.parametrize("path", ["/auth/login", "/auth/refresh", "/auth/change-password"])
async def test_an_unknown_transport_is_refused_before_anything_happens(service: Service, path: str) -> None:
    """A typing mistake must not make a token readable."""
    user = service.people.user
    body = {
        "/auth/login": {"email": user.email, "password": PASSWORD},
        "/auth/refresh": {"refresh_token": user.refresh_token},
        "/auth/change-password": {"current_password": PASSWORD, "new_password": "scarlet-heron-77"},
    }[path]
    answer = await service.post(path, body, by=user, headers={"x-token-transport": "cookies"})
    assert_problem(answer, 400, "validation_failed", "X-Token-Transport")
    assert "set-cookie" not in answer.headers
    assert (await service.log_in(user.email)).status_code == 200


async def test_a_changed_password_keeps_the_token_in_the_cookie(service: Service) -> None:
    first = await signed_in(service)
    body = {"current_password": PASSWORD, "new_password": "scarlet-heron-77"}
    answer = await service.post("/auth/change-password", body, headers=sent(first) | OWN_PAGE)
    assert answer.json()["user"]["refresh_token"] == ""
    assert (await service.post("/auth/refresh", headers=sent(answer) | OWN_PAGE)).status_code == 200


async def test_signing_out_removes_it_and_needs_no_access_token(service: Service) -> None:
    """After a long pause the browser has the refresh token only."""
    first = await signed_in(service)
    only = {"cookie": f"refresh_token={cookies_of(first)['refresh_token']}"}
    foreign = {"origin": "https://evil.example"}
    assert_problem(await service.post("/auth/logout", headers=only | foreign), 403, "cross_site_request")
    answer = await service.post("/auth/logout", headers=only | OWN_PAGE)
    assert answer.status_code == 200
    assert cookies_of(answer) == {"access_token": "", "refresh_token": ""}
    assert not await service.works(first.json()["user"]["access_token"])
    again = await service.post("/auth/refresh", headers=only | OWN_PAGE)
    assert_problem(again, 401, "invalid_refresh_token")


async def test_a_deleted_account_leaves_no_cookie(service: Service) -> None:
    first = await signed_in(service)
    headers = sent(first) | {"origin": PUBLIC_URL}
    answer = await service.delete("/auth/me", {"password": PASSWORD}, headers=headers)
    assert answer.status_code == 200
    assert cookies_of(answer) == {"access_token": "", "refresh_token": "", "device_proof": ""}
