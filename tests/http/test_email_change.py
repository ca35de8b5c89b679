"""POST /auth/change-email and /auth/change-email/confirm"""

import asyncio
from datetime import timedelta

import httpx
import pytest

from tests.http.answers import assert_problem, assert_refused_field
from tests.http.service import PASSWORD, Service, Tokens

NEW = "moved@example.com"
INVALID = (400, "invalid_one_time_token")


async def ask(service: Service, by: Tokens | None, new: str = NEW, password: str = PASSWORD) -> httpx.Response:
    return await service.post("/auth/change-email", {"new_email": new, "password": password}, by=by)


async def confirm(service: Service, **proof: object) -> httpx.Response:
    return await service.post("/auth/change-email/confirm", proof)


async def email_of(service: Service, by: Tokens) -> str:
    return str((await service.get("/auth/me", by=by)).json()["email"])


async def test_until_the_new_address_answers_the_old_one_stands(service: Service) -> None:
    """RST-14: and is notified."""
    user = service.people.user
    assert (await ask(service, user)).status_code == 200
    assert await email_of(service, user) == user.email
    assert (await service.log_in(user.email)).status_code == 200
    assert_problem(await service.log_in(NEW), 401, "invalid_credentials")
    assert len(await service.mails(NEW)) == 1
    told = (await service.mails(user.email))[0]
    assert told["codes"] == []
    assert ["/account/lockdown?" in link for link in told["links"]] == [True]
    assert NEW not in told["text"]


@pytest.mark.parametrize("by_code", [True, False])
async def test_the_new_address_confirms(service: Service, by_code: bool) -> None:
    """RST-14: verified with that; sessions go on, the old address is notified and no longer signs in."""
    user = service.people.user
    await ask(service, user, "Moved@Example.com")
    proof = await service.proof(NEW)
    claim = {"email": user.email, "code": proof.code} if by_code else {"token": proof.token}
    assert (await confirm(service, **claim)).status_code == 200
    me = (await service.get("/auth/me", by=user)).json()
    assert (me["email"], me["email_verified"]) == (NEW, True)
    assert (await service.log_in(NEW)).status_code == 200
    assert_problem(await service.log_in(user.email), 401, "invalid_credentials")
    assert "changed" in (await service.mails(user.email))[0]["subject"]
    service.clock.advance(timedelta(minutes=10))
    assert_problem(await confirm(service, **claim), *INVALID)


async def test_the_password_is_needed(service: Service) -> None:
    """RST-14, SES-06"""
    user = service.people.user
    before = len(await service.mails())
    assert_problem(await ask(service, user, password="wrong-otter-41"), 400, "incorrect_password")
    without = await service.post("/auth/change-email", {"new_email": NEW}, by=user)
    assert assert_problem(without, 403, "reauthentication_required")["methods"] == ["pwd"]
    assert_problem(await ask(service, None), 401, "not_authenticated")
    assert len(await service.mails()) == before


async def test_an_address_that_is_taken_looks_the_same_and_gets_no_mail(service: Service) -> None:
    """RST-14"""
    user, other = service.people.user, service.people.other
    before = len(await service.mails(other.email))
    free, taken = await ask(service, user), await ask(service, user, other.email)
    assert (taken.status_code, taken.json()) == (free.status_code, free.json())
    assert sorted(taken.headers) == sorted(free.headers)
    assert len(await service.mails(other.email)) == before
    assert_problem(await confirm(service, token=(await service.proof(NEW)).token), *INVALID)
    assert_refused_field(await ask(service, user, user.email.upper()), "new_email", "unchanged")


async def test_a_token_is_for_the_address_it_was_sent_to(service: Service) -> None:
    """RST-06, RST-14: a newer wish ends the older."""
    user = service.people.user
    await ask(service, user)
    older = await service.proof(NEW)
    await ask(service, user, "third@example.com")
    assert_problem(await confirm(service, token=older.token), *INVALID)
    newer = await service.proof("third@example.com")
    assert (await confirm(service, token=newer.token, new_email="fourth@example.com")).status_code == 200
    assert await email_of(service, user) == "third@example.com"


async def test_a_reset_ends_the_wish(service: Service) -> None:
    """RST-06: the owner takes the account back from an attacker who knew the password."""
    user = service.people.user
    await ask(service, user)
    planted = await service.proof(NEW)
    await service.post("/auth/reset-password", {"email": user.email})
    body = {"token": (await service.proof(user.email)).token, "new_password": "scarlet-heron-77"}
    assert (await service.post("/auth/reset-password/confirm", body)).status_code == 200
    assert_problem(await confirm(service, token=planted.token), *INVALID)
    assert (await service.user(user.id))["email"] == user.email


async def test_the_move_ends_the_tokens_of_the_old_address(service: Service) -> None:
    """RST-06: outstanding tokens end when the address is replaced."""
    user = service.people.user
    await service.post("/auth/reset-password", {"email": user.email})
    reset = await service.proof(user.email)
    await ask(service, user)
    assert (await confirm(service, token=(await service.proof(NEW)).token)).status_code == 200
    body = {"token": reset.token, "new_password": "scarlet-heron-77"}
    assert_problem(await service.post("/auth/reset-password/confirm", body), *INVALID)


async def test_of_two_who_want_one_address_the_first_to_confirm_gets_it(service: Service) -> None:
    """RST-05"""
    user, other = service.people.user, service.people.other
    proofs = []
    for person in (user, other):
        await ask(service, person)
        proofs.append(await service.proof(NEW))
    answers = await asyncio.gather(*(confirm(service, token=proof.token) for proof in proofs))
    assert sorted(answer.status_code for answer in answers) == [200, 400]
    assert sorted([await email_of(service, user), await email_of(service, other)]).count(NEW) == 1


async def test_no_user_moves_another_account(service: Service) -> None:
    """RST-07, AZ-08"""
    user, other = service.people.user, service.people.other
    body = {"new_email": NEW, "password": PASSWORD, "user_id": other.id, "email": other.email}
    assert (await service.post("/auth/change-email", body, by=user)).status_code == 200
    code = (await service.proof(NEW)).code
    assert_problem(await confirm(service, email=other.email, code=code), *INVALID)
    assert await email_of(service, other) == other.email
