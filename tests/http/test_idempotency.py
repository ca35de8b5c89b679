"""Requests that are sent twice: the second one gets the first response again."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.http.answers import assert_problem
from tests.http.conftest import StartService
from tests.http.landing import assert_harmless_page, link_of, press
from tests.http.service import PASSWORD, Json, Service

KEY = {"idempotency-key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
NINA: Json = {"name": "Nina", "email": "nina@example.org", "password": PASSWORD}
NEW = {"new_password": "scarlet-heron-77"}


def same(first: httpx.Response, again: httpx.Response) -> bool:
    cookies = [answer.headers.get_list("set-cookie") for answer in (first, again)]
    assert again.headers.get("idempotency-replayed") == "true"
    return (first.status_code, first.json(), cookies[0]) == (again.status_code, again.json(), cookies[1])


async def test_a_registration_that_is_sent_twice_makes_one_account(service: Service) -> None:
    """REL-19: and the same without a key is a conflict, as ever."""
    first = await service.post("/auth/register", NINA, headers=KEY)
    assert first.status_code == 201
    for key in (KEY["idempotency-key"], f'"{KEY["idempotency-key"]}"'):
        again = await service.post("/auth/register", NINA, headers={"idempotency-key": key}, peer="198.51.100.7")
        assert same(first, again)
    assert service.sql("SELECT count(*) FROM users WHERE email = 'nina@example.org'") == [(1,)]
    assert len(await service.mails("nina@example.org")) == 1
    assert_problem(await service.post("/auth/register", NINA), 409, "email_taken")


async def test_a_key_is_for_one_request(service: Service) -> None:
    """Another body with it is refused, and after five of them the response is forgotten: no password can be tried."""
    await service.post("/auth/register", NINA, headers=KEY)
    for guess in range(5):
        other = await service.post("/auth/register", NINA | {"password": f"violet-otter-{guess}"}, headers=KEY)
        assert_problem(other, 422, "idempotency_key_reused")
    assert_problem(await service.post("/auth/register", NINA, headers=KEY), 409, "email_taken")


async def test_a_key_is_for_one_caller_and_one_operation(service: Service) -> None:
    for person in (service.people.other, service.people.guest):
        answer = await service.delete("/auth/me", {"password": PASSWORD}, by=person, headers=KEY)
        assert answer.status_code == 200
        assert "idempotency-replayed" not in answer.headers
    body: Json = {"email": service.people.user.email}
    answer = await service.post("/auth/verify-email", body, headers=KEY)
    assert "idempotency-replayed" not in answer.headers


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "ключ".encode()])
async def test_a_key_has_visible_characters(service: Service, key: str | bytes) -> None:
    answer = await service.post("/auth/register", NINA, headers={"idempotency-key": key})
    assert_problem(answer, 400, "validation_failed", "Idempotency-Key")


async def test_what_was_refused_may_be_sent_again(service: Service) -> None:
    short = await service.post("/auth/register", NINA | {"password": "short"}, headers=KEY)
    assert_problem(short, 400, "validation_failed", "password")
    assert (await service.post("/auth/register", NINA, headers=KEY)).status_code == 201


async def test_a_response_is_kept_for_a_day(service: Service) -> None:
    await service.post("/auth/register", NINA, headers=KEY)
    service.clock.advance(timedelta(hours=24))
    assert_problem(await service.post("/auth/register", NINA, headers=KEY), 409, "email_taken")
    service.clock.advance(timedelta(hours=24))
    await service.application.services.upkeep.purge()
    assert service.sql("SELECT count(*) FROM kept_responses") == [(0,)]


async def test_twenty_of_one_request_at_once_are_carried_out_once(service: Service) -> None:
    """REL-18, REL-19"""
    answers = await asyncio.gather(*(service.post("/auth/register", NINA, headers=KEY) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["user"]["id"] for answer in answers}) == 1
    assert service.sql("SELECT count(*) FROM users WHERE email = 'nina@example.org'") == [(1,)]


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/auth/me"), ("POST", "/auth/me/delete")])
async def test_a_deletion_may_be_sent_twice(service: Service, method: str, path: str) -> None:
    """The account of the second one is gone; proxies that drop the body of DELETE have a POST."""
    user = service.people.user
    wrong = await service.ask(method, f"/api/v1{path}", {"password": "x"}, by=user, headers=KEY)
    assert_problem(wrong, 400, "incorrect_password")
    first = await service.ask(method, f"/api/v1{path}", {"password": PASSWORD}, by=user, headers=KEY)
    assert first.status_code == 200
    service.clock.advance(timedelta(minutes=20))
    assert same(first, await service.ask(method, f"/api/v1{path}", {"password": PASSWORD}, by=user, headers=KEY))
    assert_problem(await service.ask(method, f"/api/v1{path}", {"password": PASSWORD}, by=user), 401, "invalid_token")


async def test_a_confirmation_is_known_by_its_token_for_ten_minutes(service: Service) -> None:
    """REL-19: a double click, or a response that was lost."""
    user = service.people.user
    await service.post("/auth/reset-password", {"email": user.email})
    body = {"token": (await service.proof(user.email)).token, **NEW}
    first = await service.post("/auth/reset-password/confirm", body)
    assert first.status_code == 200
    assert same(first, await service.post("/auth/reset-password/confirm", body))
    other = await service.post("/auth/reset-password/confirm", body | {"new_password": "amber-walrus-58"})
    assert_problem(other, 400, "invalid_one_time_token")
    assert same(first, await service.post("/auth/reset-password/confirm", body))
    service.clock.advance(timedelta(minutes=10))
    late = await service.post("/auth/reset-password/confirm", body)
    assert_problem(late, 400, "invalid_one_time_token")


async def test_both_other_confirmations_too(service: Service) -> None:
    user = service.people.user
    verified = await service.proof(user.email)
    await service.post("/auth/change-email", {"new_email": "uma@example.org", "password": PASSWORD}, by=user)
    moved = await service.proof("uma@example.org")
    for path, proof in (("/auth/verify-email/confirm", verified), ("/auth/change-email/confirm", moved)):
        answers = await asyncio.gather(*(service.post(path, {"token": proof.token}, by=user) for _ in range(3)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.json()["message"] for answer in answers}) == 1


@pytest.mark.parametrize(
    ("button", "field"),
    [
        ("reset-password", {"password": "scarlet-heron-77"}),
        ("verify-email", {"password": PASSWORD}),
        ("verify-email/without-password", {}),
        ("change-email", {}),
    ],
)
async def test_a_button_that_is_pressed_twice_shows_success_twice(
    service: Service, button: str, field: dict[str, str]
) -> None:
    """REL-19: a browser sends the form again, or a program that scans mails was faster."""
    proof = await link_of(service, button.partition("/")[0])
    first = await press(service, button, None, token=proof.token, **field)
    mails = len(await service.mails())
    service.clock.advance(timedelta(minutes=10) - timedelta(seconds=1))
    again = await press(service, button, None, token=proof.token, **field)
    assert assert_harmless_page(again) == assert_harmless_page(first)
    assert again.headers.get_list("set-cookie") == first.headers.get_list("set-cookie")
    assert len(await service.mails()) == mails
    service.clock.advance(timedelta(seconds=1))
    late = await press(service, button, None, token=proof.token, **field)
    assert "idempotency-replayed" not in late.headers
    assert late.status_code == (200 if button.startswith("verify") else 400)


async def test_another_site_gets_no_cookie_from_a_response_that_was_kept(service: Service) -> None:
    """WEB-02: its link and password, which it has used before, in a browser of another person."""
    proof = await link_of(service, "reset-password")
    fields = {"token": proof.token, "password": "scarlet-heron-77"}
    assert "set-cookie" in (await press(service, "reset-password", None, **fields)).headers
    forged = await press(service, "reset-password", {"sec-fetch-site": "cross-site"}, **fields)
    assert "set-cookie" not in forged.headers
    assert_harmless_page(forged, 400)

    proof = await link_of(service, "reset-password")
    body = json.dumps({"token": proof.token, **NEW}).encode()
    path, kind = "/auth/reset-password/confirm", "content-type"
    assert (await service.post(path, content=body, headers={kind: "application/json"})).status_code == 200
    answer = await service.post(path, content=body, headers={kind: "text/plain"})
    assert_problem(answer, 415, "unsupported_media_type")
    assert "set-cookie" not in answer.headers


async def test_nothing_that_is_kept_can_be_read_or_outlives_its_account(start_service: StartService) -> None:
    service = await start_service()
    await service.post("/auth/register", NINA, headers=KEY)
    user = service.people.user
    await service.post("/auth/reset-password", {"email": user.email})
    body = {"token": (await service.proof(user.email)).token, **NEW}
    proof = (await service.post("/auth/reset-password/confirm", body)).json()["device_proof"]
    stored: list[Any] = service.sql("SELECT sealed_response FROM kept_responses")
    assert len(stored) == 2
    for secret in (proof, body["token"], NEW["new_password"], PASSWORD, KEY["idempotency-key"]):
        assert secret.encode() not in service.stored()
    (nina,) = [each for each in await service.users() if each["email"] == "nina@example.org"]
    assert (await service.delete(f"/users/{nina['id']}", by=service.people.admin)).status_code == 200
    assert service.sql("SELECT count(*) FROM kept_responses") == [(1,)]


async def test_a_response_about_an_account_that_an_administrator_made_goes_with_it(service: Service) -> None:
    admin, body = service.people.admin, NINA | {"role": "user"}
    first = await service.post("/users", body, by=admin, headers=KEY)
    assert same(first, await service.post("/users", body, by=admin, headers=KEY))
    kept = "SELECT count(*) FROM kept_responses"
    assert service.sql(kept) == [(1,)]
    assert (await service.delete(f"/users/{first.json()['id']}", by=admin)).status_code == 200
    assert service.sql(kept) == [(0,)]


async def test_one_key_deletes_two_accounts(service: Service) -> None:
    """The path is a part of the request."""
    for person in (service.people.user, service.people.other):
        answer = await service.delete(f"/users/{person.id}", by=service.people.admin, headers=KEY)
        assert answer.status_code == 200
        assert "idempotency-replayed" not in answer.headers
