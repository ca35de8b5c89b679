"""Signing out: with an access token of any age, or with a refresh token; and revocation for programs (RFC 7009)."""

from datetime import timedelta
from urllib.parse import urlencode

import httpx
import pytest

from tests.http.answers import assert_problem
from tests.http.conftest import StartService
from tests.http.service import Service

LONG_PAUSE = timedelta(days=20)


async def revoke(service: Service, **form: str) -> httpx.Response:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return await service.post("/auth/revoke", content=urlencode(form), headers=headers)


async def test_logging_out_ends_the_session_and_its_access_token(service: Service) -> None:
    """SES-01"""
    user = service.people.user
    elsewhere = await service.signed_in(user)
    answer = await service.post("/auth/logout", by=user)
    assert (answer.status_code, set(answer.json())) == (200, {"message"})
    assert answer.headers["set-cookie"].startswith("access_token=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax")
    assert_problem(await service.get("/auth/me", by=user), 401, "invalid_token")
    assert_problem(await service.refresh(user), 401, "invalid_refresh_token")
    assert await service.works(elsewhere)


async def test_logging_out_twice_is_fine(service: Service) -> None:
    """SES-01"""
    for _ in range(3):
        assert (await service.post("/auth/logout", by=service.people.user)).status_code == 200
    assert (await service.post("/auth/logout", by=service.people.banned)).status_code == 200


async def test_logging_out_needs_a_token_that_we_signed(service: Service) -> None:
    assert_problem(await service.post("/auth/logout"), 401, "not_authenticated")
    assert_problem(await service.post("/auth/logout", by="a.b.c"), 401, "invalid_token")
    nonsense = await service.post("/auth/logout", {"refresh_token": "bkr_nonsense"})
    assert_problem(nonsense, 401, "invalid_refresh_token")
    assert_problem(await service.post("/auth/logout", {"refresh_token": 1}), 400, "validation_failed", "refresh_token")


async def test_after_a_long_pause_signing_out_ends_the_session(service: Service) -> None:
    """SES-01: the access token has expired long ago, and the session would have lived for ten more days."""
    user = service.people.user
    service.clock.advance(LONG_PAUSE)
    assert_problem(await service.get("/auth/me", by=user), 401, "invalid_token")
    for _ in range(2):
        assert (await service.post("/auth/logout", by=user)).status_code == 200
    assert_problem(await service.refresh(user), 401, "invalid_refresh_token")


async def test_a_browser_signs_out_with_an_expired_cookie_from_its_own_pages_only(service: Service) -> None:
    user = service.people.user
    service.clock.advance(LONG_PAUSE)
    cookie = {"cookie": f"access_token={user.access_token}"}
    elsewhere = await service.post("/auth/logout", headers=cookie | {"sec-fetch-site": "cross-site"})
    assert_problem(elsewhere, 403, "cross_site_request")
    assert (await service.post("/auth/logout", headers=cookie | {"sec-fetch-site": "same-origin"})).status_code == 200
    assert_problem(await service.refresh(user), 401, "invalid_refresh_token")


@pytest.mark.parametrize("stale", [None, "a.b.c"])
async def test_a_refresh_token_alone_signs_out(service: Service, stale: str | None) -> None:
    """A client sends its access token along, however stale."""
    user = service.people.user
    elsewhere = await service.signed_in(user)
    body = {"refresh_token": user.refresh_token}
    for _ in range(2):
        answer = await service.post("/auth/logout", body, by=stale)
        assert (answer.status_code, set(answer.json())) == (200, {"message"})
    assert not await service.works(user)
    assert_problem(await service.refresh(user), 401, "invalid_refresh_token")
    assert await service.works(elsewhere)


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "something_else", None])
async def test_a_program_revokes_either_token(service: Service, which: str, hint: str | None) -> None:
    """RFC 7009 section 2.1: a wrong hint does not matter, and both tokens of the session become invalid."""
    user = service.people.user
    hinted = {} if hint is None else {"token_type_hint": hint}
    for _ in range(2):
        answer = await revoke(service, token=getattr(user, which), **hinted)
        assert (answer.status_code, set(answer.json())) == (200, {"message"})
    assert not await service.works(user)
    assert_problem(await service.refresh(user), 401, "invalid_refresh_token")
    assert await service.works(service.people.other)


async def test_other_parameters_of_a_revocation_are_ignored_however_many(service: Service) -> None:
    """RFC 7009 section 2.1: extensions add their own; white space around the token is what copying leaves."""
    user = service.people.user
    others = {f"extension{number}": "x" for number in range(50)}
    assert (await revoke(service, **others, token=f" {user.refresh_token}\n")).status_code == 200
    assert not await service.works(user)


async def test_an_unknown_token_is_revoked_already(service: Service) -> None:
    """RFC 7009 section 2.2."""
    for token in ("nonsense", "a.b.c", "bkr_" + "A" * 70, "x" * 5000):
        assert (await revoke(service, token=token)).status_code == 200
    for person in service.people:
        assert (await service.refresh(person)).status_code == (401 if person.name[0] in "BI" else 200)


async def test_revocation_takes_a_form_with_a_token(start_service: StartService) -> None:
    """And no headers of ours, where the client's apps must send them."""
    service = await start_service(require_client_headers=True)
    assert_problem(await revoke(service), 400, "validation_failed", "token")
    as_json = await service.post("/auth/revoke", {"token": service.people.user.refresh_token})
    assert_problem(as_json, 415, "form_expected")
    assert (await revoke(service, token=service.people.user.refresh_token)).status_code == 200
