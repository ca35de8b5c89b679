"""POST /auth/verify-email and /auth/verify-email/confirm"""

from datetime import timedelta

import httpx
import pytest

from tests.http.answers import assert_problem, assert_refused_field
from tests.http.service import PASSWORD, Service, Tokens, tokens_in

MARIA = "maria@example.com"
INVALID = (400, "invalid_one_time_token")


async def newcomer(service: Service, email: str = MARIA) -> Tokens:
    """A person registers with an address, which need not be their own, and signs in."""
    body = {"name": "Maria", "email": email, "password": PASSWORD}
    assert (await service.post("/auth/register", body)).status_code == 201
    return tokens_in(await service.log_in(email))


async def confirm(service: Service, by: Tokens | None = None, **proof: object) -> httpx.Response:
    return await service.post("/auth/verify-email/confirm", proof, by=by)


async def is_verified(service: Service, email: str = MARIA) -> bool:
    (user,) = [user for user in await service.users() if user["email"] == email]
    return bool(user["email_verified"])


async def test_a_registration_mails_a_link_and_a_code(service: Service) -> None:
    """RST-13: until then the account is unverified."""
    await newcomer(service)
    (mail,) = await service.mails(MARIA)
    assert (len(mail["links"]), len(mail["codes"])) == (1, 1)
    assert mail["links"][0] in mail["text"]
    assert not await is_verified(service)


@pytest.mark.parametrize("by_code", [True, False])
async def test_the_own_session_keeps_password_and_sessions(service: Service, by_code: bool) -> None:
    maria = await newcomer(service)
    phone = tokens_in(await service.log_in(MARIA))
    proof = await service.proof(MARIA)
    claim = {"email": MARIA, "code": proof.code} if by_code else {"token": proof.token}
    assert (await confirm(service, maria, **claim)).status_code == 200
    assert await is_verified(service)
    assert await service.works(maria)
    assert await service.works(phone)
    assert (await service.log_in(MARIA)).status_code == 200


async def test_the_password_proves_the_registrant_too(service: Service) -> None:
    maria = await newcomer(service)
    answer = await confirm(service, token=(await service.proof(MARIA)).token, password=PASSWORD)
    assert answer.status_code == 200
    assert await service.works(maria)
    assert (await service.log_in(MARIA)).status_code == 200


async def test_who_only_reads_the_mailbox_ends_what_the_registrant_planted(service: Service) -> None:
    """REG-06: an attacker has registered the victim's address and waits."""
    attacker = await newcomer(service)
    moving = {"new_email": "attacker@example.com", "password": PASSWORD}
    verify = await service.proof(MARIA)
    await service.post("/auth/change-email", moving, by=attacker)
    planted = await service.proof("attacker@example.com")
    assert (await confirm(service, token=verify.token)).status_code == 200

    assert await is_verified(service)
    assert not await service.works(attacker)
    assert_problem(await service.refresh(attacker), 401, "invalid_refresh_token")
    assert_problem(await service.log_in(MARIA), 401, "invalid_credentials")
    assert_problem(await service.post("/auth/change-email/confirm", {"token": planted.token}), *INVALID)

    reset = await service.proof(MARIA)
    body = {"token": reset.token, "new_password": "scarlet-heron-77"}
    assert (await service.post("/auth/reset-password/confirm", body)).status_code == 200
    assert (await service.log_in(MARIA, "scarlet-heron-77")).status_code == 200


async def test_a_reset_ends_what_the_registrant_planted(service: Service) -> None:
    """REG-06"""
    attacker = await newcomer(service)
    await service.post("/auth/reset-password", {"email": MARIA})
    body = {"token": (await service.proof(MARIA)).token, "new_password": "scarlet-heron-77"}
    assert (await service.post("/auth/reset-password/confirm", body)).status_code == 200
    assert await is_verified(service)
    assert not await service.works(attacker)
    assert_problem(await service.log_in(MARIA), 401, "invalid_credentials")


@pytest.mark.parametrize("who", ["other", "banned", "stale", "cookie of another site"])
async def test_another_s_session_proves_nothing(service: Service, who: str) -> None:
    """REG-06, WEB-02"""
    attacker = await newcomer(service)
    token = (await service.proof(MARIA)).token
    headers: dict[str, str | bytes] = {}
    if who == "cookie of another site":
        headers = {"cookie": f"access_token={attacker.access_token}", "sec-fetch-site": "cross-site"}
    elif who == "stale":
        headers = {"authorization": "Bearer stale.token.here"}
    else:
        headers = {"authorization": f"Bearer {getattr(service.people, who).access_token}"}
    answer = await service.post("/auth/verify-email/confirm", {"token": token}, headers=headers)
    assert answer.status_code == 200
    assert not await service.works(attacker)


async def test_a_mistyped_password_is_an_error_to_try_again(service: Service) -> None:
    maria = await newcomer(service)
    token = (await service.proof(MARIA)).token
    answer = await confirm(service, token=token, password="wrong-otter-41")
    assert_problem(answer, 400, "incorrect_password")
    assert not await is_verified(service)
    assert await service.works(maria)
    assert (await confirm(service, token=token, password=PASSWORD)).status_code == 200
    assert await service.works(maria)
    assert (await service.log_in(MARIA)).status_code == 200


@pytest.mark.parametrize("by_code", [True, False])
async def test_confirming_twice_says_that_the_address_is_verified(service: Service, by_code: bool) -> None:
    """The app sends a request again when the response got lost; a person presses twice."""
    maria = await newcomer(service)
    proof = await service.proof(MARIA)
    claim = {"email": MARIA, "code": proof.code} if by_code else {"token": proof.token}
    assert (await confirm(service, maria, **claim)).status_code == 200
    for password in (None, PASSWORD, "wrong-otter-41"):
        answer = await confirm(service, None, **claim, password=password)
        assert (answer.status_code, answer.json()) == (200, {"message": "The address is verified already."})
    assert await service.works(maria)
    assert (await service.log_in(MARIA)).status_code == 200


async def test_a_token_lives_for_a_day(service: Service) -> None:
    """RST-13"""
    maria = await newcomer(service)
    first = (await service.proof(MARIA)).token
    service.clock.advance(timedelta(hours=24))
    assert_problem(await confirm(service, token=first), *INVALID)
    assert (await service.post("/auth/verify-email", {"email": MARIA})).status_code == 200
    second = (await service.proof(MARIA)).token
    service.clock.advance(timedelta(hours=24, seconds=-1))
    maria = tokens_in(await service.log_in(MARIA))
    assert_problem(await confirm(service, maria, token=first), *INVALID)
    assert (await confirm(service, maria, token=second)).status_code == 200
    # Its response is given again for ten minutes.
    service.clock.advance(timedelta(minutes=10))
    assert_problem(await confirm(service, maria, token=second), *INVALID)


async def test_asking_again_tells_nothing(service: Service) -> None:
    """RST-01, RST-13: waiting, verified, unknown and banned look the same; one of them gets a mail."""
    await newcomer(service)
    await newcomer(service, "done@example.com")
    await confirm(service, token=(await service.proof("done@example.com")).token, password=PASSWORD)
    before = len(await service.mails())
    emails = [MARIA, "done@example.com", "nobody@example.com", service.people.banned.email]
    answers = [await service.post("/auth/verify-email", {"email": email}) for email in emails]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert len({tuple(sorted(set(answer.headers))) for answer in answers}) == 1
    mails = await service.mails()
    assert [mail["to"] for mail in mails[: len(mails) - before]] == [MARIA]


async def test_a_banned_user_verifies_nothing(service: Service) -> None:
    """RST-13"""
    await newcomer(service)
    token = (await service.proof(MARIA)).token
    (maria,) = [user for user in await service.users() if user["email"] == MARIA]
    await service.patch(f"/users/{maria['id']}", {"status": "banned"}, by=service.people.admin)
    assert_problem(await confirm(service, token=token), *INVALID)
    assert not await is_verified(service)


async def test_a_guest_becomes_nothing_more(service: Service) -> None:
    """AZ-13: not by verification, and not by reset."""
    guest = service.people.guest
    claim = {"role": "admin", "status": "active", "token": (await service.proof(guest.email)).token}
    assert (await confirm(service, guest, **claim)).status_code == 200
    await service.post("/auth/reset-password", {"email": guest.email, "role": "admin"})
    claim = {**claim, "token": (await service.proof(guest.email)).token, "new_password": "scarlet-heron-77"}
    assert (await service.post("/auth/reset-password/confirm", claim)).status_code == 200
    assert (await service.user(guest.id))["role"] == "guest"


@pytest.mark.parametrize(
    ("claim", "field", "reason"),
    [
        ({}, "token", "required"),
        ({"email": MARIA}, "token", "required"),
        ({"code": "12345678"}, "token", "required"),
        ({"token": ""}, "token", "invalid_token"),
        ({"token": "a" * 201}, "token", "invalid_token"),
        ({"token": "токен"}, "token", "invalid_token"),
        ({"token": "a" * 43, "code": "12345678"}, "token", "contradiction"),
        ({"email": MARIA, "code": "1234567"}, "code", "invalid_code"),
        ({"email": MARIA, "code": "123456789"}, "code", "invalid_code"),
        ({"email": MARIA, "code": "१२३४५६७"}, "code", "invalid_code"),
        ({"email": MARIA, "code": "1234567O"}, "code", "invalid_code"),
        ({"email": "no address", "code": "12345678"}, "email", "invalid_email"),
        ({"token": 1}, "token", "invalid_value"),
    ],
)
async def test_an_invalid_proof_is_reported(
    service: Service, claim: dict[str, object], field: str, reason: str
) -> None:
    assert_refused_field(await confirm(service, None, **claim), field, reason)
