"""/users/invitations, and the link of an invitation in an app and on its page"""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.http.answers import assert_problem, assert_refused_field
from tests.http.conftest import StartService
from tests.http.landing import HOSTILE, assert_harmless_page, press, show
from tests.http.service import PASSWORD, Json, Service, tokens_in

NINA = "nina@example.org"
INVITATION = {"id", "email", "role", "name", "language", "invited_by", "created_at", "expires_at"}


async def invite(service: Service, **parts: object) -> Json:
    answer = await service.post("/users/invitations", {"email": NINA} | parts, by=service.people.admin)
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()
    return found


async def link_to(service: Service, email: str = NINA) -> tuple[str, str]:
    """The link of the newest mail to an address, and its token."""
    link = (await service.mails(email))[0]["links"][0]
    return link, parse_qs(urlsplit(link).query)["token"][0]


async def accept(service: Service, token: str, **parts: object) -> Any:
    body = {"token": token, "name": "Nina", "password": PASSWORD} | parts
    return await service.post("/auth/invitations/accept", body)


async def test_an_invited_person_becomes_a_verified_user(service: Service) -> None:
    admin = service.people.admin
    invitation = await invite(service, role="guest", name="Nina N", language="ru")
    assert set(invitation) == INVITATION
    assert (invitation["email"], invitation["role"], invitation["invited_by"]) == (NINA, "guest", admin.id)
    (mail,) = await service.mails(NINA)
    assert mail["subject"] == "Приглашение — Bukhindor"
    assert "Nina N" in mail["text"]
    assert mail["codes"] == []
    link, token = await link_to(service)
    assert urlsplit(link).path == "/account/invitation"
    assert token.encode() not in service.stored()

    answer = await accept(service, token)
    assert answer.status_code == 201
    user = answer.json()["user"]
    assert (user["email"], user["name"], user["role"], user["language"]) == (NINA, "Nina", "guest", "ru")
    assert user["email_verified"]
    assert "set-cookie" not in answer.headers
    assert await service.works(tokens_in(await service.log_in(NINA)))
    assert (await service.get("/users/invitations", by=admin)).json() == {"invitations": []}
    types = [event["type"] for event in await service.events(f"&subject_id={user['id']}")]
    assert "invitation.accepted" in types


async def test_the_same_request_gets_the_first_response_again(service: Service) -> None:
    """And another one finds the link used."""
    await invite(service)
    _, token = await link_to(service)
    first, again = await accept(service, token), await accept(service, token)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert_problem(await accept(service, token, name="Someone else"), 400, "invalid_one_time_token")
    assert service.sql("SELECT count(*) FROM users WHERE email = ?", NINA) == [(1,)]


async def test_invitations_are_listed_and_withdrawn(service: Service) -> None:
    admin = service.people.admin
    first = await invite(service)
    service.clock.advance(timedelta(minutes=2))
    second = await invite(service, email="olga@example.org")
    listed = (await service.get("/users/invitations", by=admin)).json()["invitations"]
    assert listed == [second, first]

    _, token = await link_to(service)
    answer = await service.delete(f"/users/invitations/{first['id']}", by=admin)
    assert answer.json() == {"message": "The invitation has been withdrawn."}
    assert_problem(await accept(service, token), 400, "invalid_one_time_token")
    for unknown in (first["id"], "sessions", "x"):
        gone = await service.delete(f"/users/invitations/{unknown}", by=admin)
        assert_problem(gone, 404, "invitation_not_found")
    assert (await service.get("/users/invitations", by=admin)).json() == {"invitations": [second]}


async def test_the_path_is_no_user(service: Service) -> None:
    """`/users/{user_id}` beside it has other methods."""
    for method in ("PUT", "PATCH", "DELETE"):
        answer = await service.ask(method, "/api/v1/users/invitations", {}, by=service.people.admin)
        assert_problem(answer, 405, "method_not_allowed")


async def test_who_has_an_account_is_not_invited(service: Service) -> None:
    admin, user = service.people.admin, service.people.user
    answer = await service.post("/users/invitations", {"email": user.email}, by=admin)
    assert_problem(answer, 409, "email_taken")
    assert await service.mails(user.email) == await service.mails(user.email)
    assert service.sql("SELECT count(*) FROM invitations") == [(0,)]


async def test_an_account_that_came_first_is_not_touched(service: Service) -> None:
    await invite(service)
    _, token = await link_to(service)
    await service.post("/auth/register", {"name": "Nina", "email": NINA, "password": "scarlet-heron-77"})
    assert_problem(await accept(service, token), 409, "email_taken")
    assert_problem(await service.log_in(NINA), 401, "invalid_credentials")


async def test_an_administrator_is_invited_freshly_signed_in(service: Service) -> None:
    admin = service.people.admin
    service.clock.advance(timedelta(hours=1))
    fresh = await service.refreshed(admin)
    body = {"email": NINA, "role": "admin"}
    answer = await service.post("/users/invitations", body, by=fresh)
    assert (answer.status_code, answer.json()["error_code"]) == (403, "reauthentication_required")
    again = tokens_in(await service.log_in(admin.email))
    assert (await service.post("/users/invitations", body, by=again)).status_code == 201
    _, token = await link_to(service)
    assert (await accept(service, token)).json()["user"]["role"] == "admin"


async def test_fifty_acceptances_at_once_make_one_account(service: Service) -> None:
    await invite(service)
    _, token = await link_to(service)
    answers = await asyncio.gather(*(accept(service, token, name=f"Nina {n}") for n in range(50)))
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses[201] >= 1
    assert set(statuses) <= {201, 400}
    assert len({answer.json()["user"]["id"] for answer in answers if answer.status_code == 201}) == 1
    assert service.sql("SELECT count(*) FROM users WHERE email = ?", NINA) == [(1,)]


async def test_where_only_invited_people_register_a_stranger_does_not(start_service: StartService) -> None:
    service = await start_service(registration="invited")
    body = {"name": "Nina", "email": NINA, "password": PASSWORD}
    assert_problem(await service.post("/auth/register", body), 403, "registration_closed")
    await invite(service)
    assert_problem(await service.post("/auth/register", body), 403, "registration_closed")
    _, token = await link_to(service)
    assert (await accept(service, token)).status_code == 201


async def test_a_closed_registration_takes_no_invited_person_either(start_service: StartService) -> None:
    service = await start_service(registration="closed", blocked_email_domains="example.net")
    answer = await service.post("/users/invitations", {"email": NINA}, by=service.people.admin)
    assert_problem(answer, 403, "registration_closed")
    assert_problem(await accept(service, "a" * 43), 403, "registration_closed")


async def test_a_refused_domain_is_an_error_of_its_field(start_service: StartService) -> None:
    service = await start_service(blocked_email_domains="example.org")
    answer = await service.post("/users/invitations", {"email": NINA}, by=service.people.admin)
    assert_refused_field(answer, "email", "email_domain_not_accepted")


async def test_the_page_creates_the_account_with_its_button_alone(service: Service) -> None:
    await invite(service, name="Nina N")
    link, token = await link_to(service)
    before = service.sql("SELECT count(*) FROM audit_events")
    text = assert_harmless_page(await show(service, link))
    assert "for <bdi>n•••@example.org</bdi>" in text
    assert 'value="Nina N"' in text
    assert 'autocomplete="new-password"' in text
    assert service.sql("SELECT count(*) FROM audit_events") == before

    for name, password in ((" ", PASSWORD), ("Nina", "password1")):
        answer = await press(service, "invitation", token=token, name=name, password=password)
        text = assert_harmless_page(answer, 400)
        assert 'role="alert"' in text
        assert 'aria-invalid="true"' in text
    text = assert_harmless_page(await press(service, "invitation", token=token, name="Nina", password=PASSWORD))
    assert "Your account is ready" in text
    assert await service.works(tokens_in(await service.log_in(NINA)))
    dead = assert_harmless_page(await show(service, link), 400)
    assert "This invitation does not work any more." in dead
    assert 'name="token"' not in dead


async def test_the_page_speaks_russian(service: Service) -> None:
    await invite(service)
    link, _ = await link_to(service)
    parts = urlsplit(link)
    answer = await service.ask("GET", f"{parts.path}?{parts.query}", headers={"accept-language": "ru"})
    assert "Создать учётную запись" in assert_harmless_page(answer)
    dead = await service.ask("GET", f"{parts.path}?token=x", headers={"accept-language": "ru"})
    assert "приглашение больше не действует" in assert_harmless_page(dead, 400)


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_texts_do_nothing_on_the_page(service: Service, text: str) -> None:
    """WEB-08"""
    await invite(service)
    _, token = await link_to(service)
    answer = await press(service, "invitation", token=token, name=text, password="short")
    assert_harmless_page(answer, 400)
    assert_harmless_page(await press(service, "invitation", token=text, name="Nina", password=PASSWORD), 400)
    assert service.sql("SELECT count(*) FROM users WHERE email = ?", NINA) == [(0,)]


async def test_an_app_opens_its_own_page(start_service: StartService) -> None:
    service = await start_service(app_url="https://app.example.com/account")
    await invite(service)
    (mail,) = await service.mails(NINA)
    assert mail["links"][0].startswith("https://app.example.com/account/invitation?token=")


async def test_the_page_offers_the_app(start_service: StartService) -> None:
    service = await start_service(app_url="myapp://account")
    await invite(service)
    link, token = await link_to(service)
    assert f'href="myapp://account/invitation?token={token}"' in assert_harmless_page(await show(service, link))
