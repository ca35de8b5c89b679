"""POST /auth/reauthenticate with a code from a mail, which is how an account without a password proves its presence"""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from tests.http.answers import assert_problem, assert_refused_field
from tests.http.conftest import StartService
from tests.http.passkey_scenes import add, on_the_web
from tests.http.service import PASSWORD, Person, Service, tokens_in

TEN_MINUTES = timedelta(minutes=10)
WRONG = "99999999"


async def without_password(service: Service) -> Person:
    """A person without a password, ten minutes after the sign-in."""
    user = service.people.user
    await service.change("UPDATE users SET password_hash = NULL, email_verified = ? WHERE email = ?", True, user.email)
    service.clock.advance(TEN_MINUTES)
    return user


async def mailed_code(service: Service, person: Person) -> str:
    assert (await service.post("/auth/sign-in-code", {"email": person.email})).status_code == 200
    return (await service.proof(person.email)).code


async def test_a_mailed_code_lets_an_account_without_a_password_delete_itself(service: Service) -> None:
    user = await without_password(service)
    answer = await service.delete("/auth/me", by=user)
    assert assert_problem(answer, 403, "reauthentication_required")["methods"] == ["mail"]
    code = await mailed_code(service, user)
    fresh = tokens_in(await service.post("/auth/reauthenticate", {"code": f" {code[:4]} {code[4:]} "}, by=user))
    assert (fresh.claims["sid"], fresh.claims["acr"]) == (user.claims["sid"], "aal1")
    assert "mail" in fresh.claims["amr"]
    again = await service.post("/auth/reauthenticate", {"code": code}, by=user)
    assert_problem(again, 400, "invalid_one_time_token")
    confirm = await service.post("/auth/sign-in-code/confirm", {"email": user.email, "code": code})
    assert_problem(confirm, 400, "invalid_one_time_token")
    assert (await service.delete("/auth/me", by=user)).status_code == 200


@pytest.mark.parametrize("code", ["1234567", "123456789", "1234567a", "", "½2345678"])
async def test_a_code_has_six_digits_or_eight(service: Service, code: str) -> None:
    answer = await service.post("/auth/reauthenticate", {"code": code}, by=service.people.user)
    assert_refused_field(answer, "code", "invalid_typed_code")


async def test_six_digits_are_those_of_an_app(service: Service) -> None:
    answer = await service.post("/auth/reauthenticate", {"code": "123456"}, by=service.people.user)
    assert_problem(answer, 400, "incorrect_factor")
    assert await service.works(service.people.user)


async def test_one_of_fifty_requests_with_one_code_succeeds(start_service: StartService) -> None:
    service = await start_service(rate_limits=False)
    user = await without_password(service)
    code = await mailed_code(service, user)
    asked = (service.post("/auth/reauthenticate", {"code": code}, by=user) for _ in range(50))
    answers = await asyncio.gather(*asked)
    assert Counter(answer.status_code for answer in answers) == {200: 1, 400: 49}
    assert len(await service.events("&type=sign_in.repeated")) == 1


async def test_fifty_guesses_at_once_get_five_tries(start_service: StartService) -> None:
    service = await start_service(rate_limits=False)
    user = await without_password(service)
    code = await mailed_code(service, user)
    asked = (service.post("/auth/reauthenticate", {"code": WRONG}, by=user) for _ in range(50))
    answers = await asyncio.gather(*asked)
    assert Counter(answer.status_code for answer in answers) == {400: 50}
    assert service.sql("SELECT wrong_codes FROM users WHERE email = ?", user.email) == [(5,)]
    answer = await service.post("/auth/reauthenticate", {"code": code}, by=user)
    assert_problem(answer, 400, "invalid_one_time_token")
    assert await service.works(user)


async def test_guesses_count_for_the_network_and_leave_the_password_alone(start_service: StartService) -> None:
    service = await start_service(rate_limits=True)
    user = service.people.user
    for _ in range(30):
        answer = await service.post("/auth/reauthenticate", {"code": WRONG}, by=user)
        assert_problem(answer, 400, "invalid_one_time_token")
    assert_problem(await service.post("/auth/reauthenticate", {"code": WRONG}, by=user), 429, "rate_limited")
    confirm = await service.post("/auth/sign-in-code/confirm", {"email": user.email, "code": WRONG})
    assert_problem(confirm, 429, "rate_limited")
    tokens_in(await service.post("/auth/reauthenticate", {"password": PASSWORD}, by=user))


async def test_the_refusal_names_a_passkey_where_the_account_has_one(service: Service) -> None:
    user = service.people.user
    await add(service, on_the_web(), user)
    answer = await service.delete("/auth/me", by=user)
    assert assert_problem(answer, 403, "reauthentication_required")["methods"] == ["pwd", "passkey"]
    other = await service.delete("/auth/me", by=service.people.other)
    assert assert_problem(other, 403, "reauthentication_required")["methods"] == ["pwd"]


@pytest.mark.parametrize(("language", "word"), [("en", "digits"), ("ru", "цифр")])
async def test_the_refusal_of_a_code_speaks_the_language_of_the_client(
    service: Service, language: str, word: str
) -> None:
    how = {"by": service.people.user, "headers": {"accept-language": language}}
    answer = await service.post("/auth/reauthenticate", {"code": "1"}, **how)
    assert word in answer.json()["errors"][0]["message"]
