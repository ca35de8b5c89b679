"""PUT /auth/password, and the life of an account without a password"""

import asyncio
from collections import Counter
from datetime import timedelta

import httpx
import pytest

from tests.http.answers import assert_problem, assert_refused_field
from tests.http.service import Person, Service, Tokens, tokens_in

NEW = "scarlet-heron-77"


async def by_mail(service: Service, person: Person) -> Tokens:
    """A session of a person whose account has no password, signed in with a mailed code just now."""
    await service.change(
        "UPDATE users SET password_hash = NULL, email_verified = ? WHERE email = ?", True, person.email
    )
    await service.post("/auth/sign-in-code", {"email": person.email})
    body = {"email": person.email, "code": (await service.proof(person.email)).code}
    return tokens_in(await service.post("/auth/sign-in-code/confirm", body))


async def add(service: Service, by: Tokens, new: str = NEW) -> httpx.Response:
    return await service.put("/auth/password", {"new_password": new}, by=by)


async def test_an_account_without_a_password_adds_one(service: Service) -> None:
    """PW-12: mailed and recorded; sessions go on, and the next time it is a change."""
    user = service.people.user
    tokens = await by_mail(service, user)
    answer = await add(service, tokens)
    assert (answer.status_code, set(answer.json())) == (200, {"message"})
    assert await service.works(tokens)
    assert await service.works(user)
    assert (await service.log_in(user.email, NEW)).status_code == 200
    assert (await service.mails(user.email))[0]["subject"]
    assert any(mail["subject"].endswith("has a password now") for mail in await service.mails(user.email))
    (event,) = await service.events("&type=password.added")
    assert (event["actor_id"], event["details"]) == (user.id, {})
    assert_problem(await add(service, tokens, "amber-walrus-58"), 409, "password_exists")
    assert (await service.log_in(user.email, NEW)).status_code == 200


async def test_the_sign_in_must_be_fresh(service: Service) -> None:
    """SES-06: the refusal says that a mailed code helps, and it does."""
    user = service.people.user
    tokens = await by_mail(service, user)
    service.clock.advance(timedelta(minutes=10))
    assert assert_problem(await add(service, tokens), 403, "reauthentication_required")["methods"] == ["mail"]
    assert service.sql("SELECT password_hash FROM users WHERE email = ?", user.email) == [(None,)]
    assert (await add(service, await by_mail(service, user))).status_code == 200


@pytest.mark.parametrize(
    ("new", "reason"),
    [("", "required"), ("short-7", "password_too_short"), ("password1", "password_too_common"),
     ("uma@example.com", "password_too_personal")],
)  # fmt: skip
async def test_a_weak_password_is_refused(service: Service, new: str, reason: str) -> None:
    """PW-05, PW-06"""
    tokens = await by_mail(service, service.people.user)
    assert_refused_field(await add(service, tokens, new), "new_password", reason)
    assert (await add(service, tokens)).status_code == 200


async def test_of_fifty_passwords_at_once_one_is_added(service: Service) -> None:
    """REL-18"""
    user = service.people.user
    tokens = await by_mail(service, user)
    chosen = [f"scarlet-heron-{number}" for number in range(100, 150)]
    answers = await asyncio.gather(*(add(service, tokens, new) for new in chosen))
    statuses = [answer.status_code for answer in answers]
    assert Counter(statuses) == {200: 1, 409: 49}
    assert (await service.log_in(user.email, chosen[statuses.index(200)])).status_code == 200
    assert len(await service.events("&type=password.added")) == 1


async def test_an_account_without_a_password_moves_and_leaves(service: Service) -> None:
    """SES-06: it changes its address and deletes itself after a fresh sign-in with a mail, and only then."""
    user = service.people.user
    tokens = await by_mail(service, user)
    service.clock.advance(timedelta(minutes=10))
    for answer in (
        await service.post("/auth/change-email", {"new_email": "moved@example.com"}, by=tokens),
        await service.delete("/auth/me", {}, by=tokens),
    ):
        assert assert_problem(answer, 403, "reauthentication_required")["methods"] == ["mail"]
    fresh = await by_mail(service, user)
    moving = await service.post("/auth/change-email", {"new_email": "moved@example.com"}, by=fresh)
    assert moving.status_code == 200
    token = (await service.proof("moved@example.com")).token
    assert (await service.post("/auth/change-email/confirm", {"token": token})).status_code == 200
    assert (await service.get("/auth/me", by=fresh)).json()["email"] == "moved@example.com"
    assert (await service.delete("/auth/me", {}, by=fresh)).status_code == 200
    assert service.sql("SELECT count(*) FROM users WHERE email = ?", "moved@example.com") == [(0,)]
