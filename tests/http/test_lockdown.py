"""POST /auth/lockdown, and the page of the button "This wasn't me" """

import asyncio
from collections import Counter
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.http.answers import assert_problem
from tests.http.conftest import StartService
from tests.http.landing import HOSTILE, NEW, assert_harmless_page, press, show
from tests.http.service import PASSWORD, Person, Service, tokens_in

ELSEWHERE = {"user-agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"}


async def button_of(service: Service, person: Person) -> tuple[str, str]:
    """Sign in from a new device; the link of its mail, and the token in it."""
    assert (await service.log_in(person.email, headers=ELSEWHERE)).status_code == 200
    mail = (await service.mails(person.email))[0]
    (link,) = mail["links"]
    assert mail["codes"] == []
    return link, parse_qs(urlsplit(link).query)["token"][0]


async def test_the_other_browser_is_signed_out_on_its_next_request(service: Service) -> None:
    """And the owner comes back with a reset by mail."""
    user = service.people.user
    link, token = await button_of(service, user)
    assert urlsplit(link).path == "/account/lockdown"
    assert token.encode() not in service.stored()
    thief = tokens_in(await service.log_in(user.email, headers=ELSEWHERE))
    assert await service.works(thief)

    text = assert_harmless_page(await show(service, link))
    assert "for <bdi>u•••@example.com</bdi>" in text
    assert await service.works(thief)
    text = assert_harmless_page(await press(service, "lockdown", token=token))
    assert "Your account is locked" in text

    for tokens in (thief, user):
        assert_problem(await service.get("/auth/me", by=tokens), 401, "invalid_token")
        assert_problem(await service.refresh(tokens), 401, "invalid_refresh_token")
    assert_problem(await service.log_in(user.email, "wrong-password-1"), 401, "invalid_credentials")
    assert_problem(await service.log_in(user.email), 403, "account_locked")
    seen = await service.user(user.id)
    assert seen["locked_at"] is not None
    assert "sign_in.failed" in [event["type"] for event in await service.events()]

    reset = {"token": (await service.proof(user.email)).token, "new_password": NEW}
    assert (await service.post("/auth/reset-password/confirm", reset)).status_code == 200
    back = tokens_in(await service.log_in(user.email, NEW))
    me = (await service.get("/auth/me", by=back)).json()
    assert "locked_at" not in me
    assert (await service.user(user.id))["locked_at"] is None
    dead = assert_harmless_page(await show(service, link), 400)
    assert 'action="/account/reset-password/new-mail"' in dead


async def test_an_app_locks_with_the_token_or_with_its_session(service: Service) -> None:
    user, other = service.people.user, service.people.other
    _, token = await button_of(service, user)
    answer = await service.post("/auth/lockdown", {"token": token})
    assert answer.json()["message"].startswith("The account is locked.")
    assert not await service.works(user)

    answer = await service.post("/auth/lockdown", by=other)
    assert answer.status_code == 200
    assert not await service.works(other)
    assert_problem(await service.log_in(other.email), 403, "account_locked")
    for body in (None, {}, {"token": None}):
        assert_problem(await service.post("/auth/lockdown", body), 401, "not_authenticated")
    assert_problem(await service.post("/auth/lockdown", {"token": "a" * 43}), 400, "invalid_one_time_token")


async def test_it_takes_less_than_200_milliseconds(service: Service) -> None:
    _, token = await button_of(service, service.people.user)
    answer = await service.post("/auth/lockdown", {"token": token})
    assert answer.status_code == 200
    assert answer.elapsed < timedelta(milliseconds=200)


async def test_a_page_of_another_site_locks_no_one(service: Service) -> None:
    user = service.people.user
    cookie = {"cookie": f"access_token={user.access_token}", "sec-fetch-site": "cross-site"}
    answer = await service.post("/auth/lockdown", {}, headers=cookie)
    assert answer.status_code in (401, 403)
    assert await service.works(user)


async def test_fifty_presses_at_once_lock_it_once(service: Service) -> None:
    _, token = await button_of(service, service.people.user)
    answers = await asyncio.gather(*(service.post("/auth/lockdown", {"token": token}) for _ in range(50)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 400: 49}
    locked = [event for event in await service.events() if event["type"] == "user.locked"]
    assert len(locked) == 1


async def test_the_mail_to_the_former_address_brings_the_account_back(service: Service) -> None:
    user = service.people.user
    body = {"new_email": "thief@example.net", "password": PASSWORD}
    assert (await service.post("/auth/change-email", body, by=user)).status_code == 200
    proof = await service.proof("thief@example.net")
    assert (await service.post("/auth/change-email/confirm", {"token": proof.token})).status_code == 200
    (link,) = (await service.mails(user.email))[0]["links"]
    token = parse_qs(urlsplit(link).query)["token"][0]
    assert (await service.post("/auth/lockdown", {"token": token})).status_code == 200
    seen = await service.user(user.id)
    assert (seen["email"], seen["email_verified"]) == (user.email, True)
    reset = {"token": (await service.proof(user.email)).token, "new_password": NEW}
    assert (await service.post("/auth/reset-password/confirm", reset)).status_code == 200
    assert (await service.log_in(user.email, NEW)).status_code == 200


async def test_the_page_speaks_russian(service: Service) -> None:
    link, _ = await button_of(service, service.people.user)
    parts = urlsplit(link)
    russian = {"accept-language": "ru"}
    answer = await service.ask("GET", f"{parts.path}?{parts.query}", headers=russian)
    assert "Это был не я" in assert_harmless_page(answer)
    dead = await service.ask("GET", f"{parts.path}?token=x", headers=russian)
    assert "Эта ссылка больше не действует" in assert_harmless_page(dead, 400)


@pytest.mark.parametrize("token", HOSTILE)
async def test_a_hostile_token_is_not_even_shown(service: Service, token: str) -> None:
    """WEB-08"""
    text = assert_harmless_page(await press(service, "lockdown", token=token), 400)
    assert 'name="token"' not in text


async def test_the_link_leads_here_even_where_other_links_lead_into_the_app(start_service: StartService) -> None:
    service = await start_service(app_url="https://app.example.com/account")
    link, _ = await button_of(service, service.people.user)
    assert link.startswith("http://localhost:8080/account/lockdown?token=")
