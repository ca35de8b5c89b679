"""POST /auth/reset-password and /auth/reset-password/confirm"""

import asyncio
from datetime import timedelta

import httpx
import pytest

from tests.http.answers import assert_problem, assert_refused_field
from tests.http.conftest import StartService
from tests.http.service import PASSWORD, PUBLIC_URL, Json, Person, Service

NEW = "scarlet-heron-77"
INVALID = (400, "invalid_one_time_token")


async def ask(service: Service, email: str, **how: object) -> httpx.Response:
    return await service.post("/auth/reset-password", {"email": email}, **how)


async def confirm(service: Service, new: str = NEW, **proof: object) -> httpx.Response:
    return await service.post("/auth/reset-password/confirm", {**proof, "new_password": new})


async def token_for(service: Service, person: Person) -> str:
    await ask(service, person.email)
    return (await service.proof(person.email)).token


async def opens(service: Service, person: Person, password: str) -> bool:
    return (await service.log_in(person.email, password)).status_code == 200


def without_request_id(answer: httpx.Response) -> tuple[int, Json, list[str]]:
    return answer.status_code, answer.json(), sorted(set(answer.headers) - {"x-request-id"})


@pytest.mark.parametrize("path", ["/auth/reset-password", "/auth/forgot-password"])
async def test_nothing_tells_who_has_an_account(service: Service, path: str) -> None:
    """RST-01: known, unknown, banned, inactive and asked for twice."""
    people = service.people
    emails = [people.user.email, people.user.email, "nobody@example.com", people.banned.email, people.inactive.email]
    answers = [without_request_id(await service.post(path, {"email": email})) for email in emails]
    assert answers[0][0] == 200
    assert all(answer == answers[0] for answer in answers)


async def test_only_an_active_account_gets_a_mail_and_at_the_stored_address(service: Service) -> None:
    """RST-01, REG-02"""
    people = service.people
    before = len(await service.mails())
    for email in ("nobody@example.com", people.banned.email, people.inactive.email, "  UMA@Example.COM "):
        await ask(service, email)
    new = (await service.mails())[: len(await service.mails()) - before]
    assert [mail["to"] for mail in new] == [people.user.email]


async def test_a_similar_address_is_another_one(service: Service) -> None:
    """REG-03: with a Cyrillic a."""
    before = len(await service.mails())
    assert (await ask(service, "umа@example.com")).status_code in (200, 400)
    assert len(await service.mails()) == before


async def test_the_link_sets_a_new_password(service: Service) -> None:
    """RST-08, SES-03: no session is started, all end, and a notice is mailed."""
    user = service.people.user
    phone = await service.signed_in(user)
    answer = await confirm(service, token=await token_for(service, user))
    assert (answer.status_code, set(answer.json())) == (200, {"message", "device_proof"})
    assert "access_token" not in answer.headers["set-cookie"]
    for tokens in (user, phone):
        assert not await service.works(tokens)
        assert_problem(await service.refresh(tokens), 401, "invalid_refresh_token")
    assert service.sql("SELECT count(*) FROM user_sessions WHERE user_id = ?", user.id.replace("-", "")) == [(0,)]
    assert await opens(service, user, NEW)
    assert not await opens(service, user, PASSWORD)
    assert await service.works(service.people.other)
    assert any("password" in mail["subject"] and not mail["codes"] for mail in await service.mails(user.email))


@pytest.mark.parametrize("blank", ["", " ", "-", "\u00a0"])
async def test_the_code_sets_a_new_password(service: Service, blank: str) -> None:
    user = service.people.user
    await ask(service, user.email)
    code = (await service.proof(user.email)).code
    typed = f"{blank}{code[:4]}{blank}{code[4:]}"
    answer = await confirm(service, email=user.email.upper(), code=typed)
    assert answer.status_code == 200
    assert await opens(service, user, NEW)
    assert (await service.user(user.id))["email_verified"] is True


async def test_a_token_is_long_random_and_kept_only_as_a_hash(start_service: StartService) -> None:
    """RST-02, RST-03"""
    service = await start_service(rate_limits=False)
    user = service.people.user
    proofs = []
    for _ in range(30):
        await ask(service, user.email)
        proofs.append(await service.proof(user.email))
    assert len({proof.token for proof in proofs}) == 30
    assert all(len(proof.token) == 43 for proof in proofs)
    assert all(len({proof.token[i] for proof in proofs}) > 5 for i in range(43))
    assert all(len(proof.code) == 8 and proof.code.isdigit() for proof in proofs)
    stored = service.stored()
    for proof in proofs:
        assert proof.token.encode() not in stored


async def test_a_token_lives_for_an_hour(service: Service) -> None:
    """RST-04"""
    for margin, status in ((timedelta(seconds=-1), 200), (timedelta(0), 400), (timedelta(seconds=1), 400)):
        token = await token_for(service, service.people.user)
        service.clock.advance(timedelta(hours=1) + margin)
        assert (await confirm(service, token=token)).status_code == status


async def test_a_token_works_once(service: Service) -> None:
    """RST-05"""
    user = service.people.user
    token = await token_for(service, user)
    code = (await service.proof(user.email)).code
    assert (await confirm(service, token=token)).status_code == 200
    assert_problem(await confirm(service, "amber-walrus-58", token=token), *INVALID)
    assert_problem(await confirm(service, "amber-walrus-58", email=user.email, code=code), *INVALID)
    assert await opens(service, user, NEW)


async def test_of_twenty_at_once_one_succeeds(service: Service) -> None:
    """RST-05, REL-18"""
    user = service.people.user
    token = await token_for(service, user)
    passwords = [f"scarlet-heron-{number}" for number in range(100, 120)]
    answers = await asyncio.gather(*(confirm(service, password, token=token) for password in passwords))
    statuses = [answer.status_code for answer in answers]
    assert sorted(statuses) == [200] + [400] * 19
    assert await opens(service, user, passwords[statuses.index(200)])


async def test_a_newer_token_ends_the_older(start_service: StartService) -> None:
    """RST-06"""
    service = await start_service(rate_limits=False)
    user = service.people.user
    older = await token_for(service, user)
    older_code = (await service.proof(user.email)).code
    newer = await token_for(service, user)
    assert_problem(await confirm(service, token=older), *INVALID)
    assert_problem(await confirm(service, email=user.email, code=older_code), *INVALID)
    assert (await confirm(service, token=newer)).status_code == 200


async def test_what_changes_the_account_ends_its_tokens(service: Service) -> None:
    """RST-06: password changed, address changed, banned and let in again, deleted."""
    people = service.people
    user, admin, path = people.user, people.admin, f"/users/{people.user.id}"

    token = await token_for(service, user)
    change = {"current_password": PASSWORD, "new_password": "amber-walrus-58"}
    assert (await service.post("/auth/change-password", change, by=user)).status_code == 200
    assert_problem(await confirm(service, token=token), *INVALID)

    token = await token_for(service, user)
    await service.patch(path, {"email": "moved@example.com"}, by=admin)
    assert_problem(await confirm(service, token=token), *INVALID)

    await ask(service, "moved@example.com")
    token = (await service.proof("moved@example.com")).token
    await service.patch(path, {"status": "banned"}, by=admin)
    assert_problem(await confirm(service, token=token), *INVALID)
    await service.patch(path, {"status": "active"}, by=admin)
    assert_problem(await confirm(service, token=token), *INVALID)

    await ask(service, "moved@example.com")
    token = (await service.proof("moved@example.com")).token
    await service.delete(path, by=admin)
    assert_problem(await confirm(service, token=token), *INVALID)


async def test_a_token_is_for_its_owner_alone(start_service: StartService) -> None:
    """RST-07: no matter which address stands beside it."""
    service = await start_service(rate_limits=False)
    user, other = service.people.user, service.people.other
    token = await token_for(service, user)
    code = (await service.proof(user.email)).code
    assert_refused_field(await confirm(service, token=token, email=other.email), "token", "contradiction")
    assert_problem(await confirm(service, email=other.email, code=code), *INVALID)
    for key in ("user_id", "userId", "id", "sub"):
        answer = await confirm(service, f"scarlet-heron-{key}", **{key: other.id, "token": token})
        assert answer.status_code == 200
        token = await token_for(service, user)
    assert await opens(service, other, PASSWORD)
    assert await service.works(other)


async def test_a_token_is_for_its_purpose_alone(service: Service) -> None:
    """RST-07, JWT-08, RT-10"""
    user = service.people.user
    moving = {"new_email": "moved@example.com", "password": PASSWORD}
    await service.post("/auth/verify-email", {"email": user.email})
    verify = await service.proof(user.email)
    await service.post("/auth/change-email", moving, by=user)
    change = await service.proof("moved@example.com")
    await ask(service, user.email)
    reset = await service.proof(user.email)
    foreign = {
        "/auth/reset-password/confirm": (verify, change),
        "/auth/verify-email/confirm": (reset, change),
        "/auth/change-email/confirm": (reset, verify),
    }
    for path, proofs in foreign.items():
        for proof in proofs:
            for claim in ({"token": proof.token}, {"email": user.email, "code": proof.code}):
                assert_problem(await service.post(path, {**claim, "new_password": NEW}), *INVALID)
        for token in (user.access_token, user.refresh_token):
            refused = await service.post(path, {"token": token, "new_password": NEW})
            assert refused.status_code == 400
    for proof in (verify, change, reset):
        assert not await service.works(proof.token)
        assert_problem(await service.refresh(proof.token), 401, "invalid_refresh_token")
    assert (await service.get("/auth/me", by=user)).json()["email"] == user.email
    assert (await confirm(service, token=reset.token)).status_code == 200


@pytest.mark.parametrize(
    ("new", "reason"),
    [("", "required"), ("short-7", "password_too_short"), ("password1", "password_too_common"),
     ("uma@example.com", "password_too_personal"), ("a" * 129, "password_too_long")],
)  # fmt: skip
async def test_a_refused_password_leaves_the_token_good(service: Service, new: str, reason: str) -> None:
    """RST-08, PW-05, PW-06"""
    user = service.people.user
    token = await token_for(service, user)
    assert_refused_field(await confirm(service, new, token=token), "new_password", reason)
    assert await service.works(user)
    assert (await confirm(service, token=token)).status_code == 200


HOSTS: list[dict[str, str]] = [
    {"host": "evil.example"},
    {"host": "a@evil.example"},
    {"host": "localhost:8080@evil.example"},
    {"x-forwarded-host": "evil.example", "x-forwarded-proto": "https"},
    {"forwarded": "host=evil.example;proto=https"},
    {"x-original-url": "https://evil.example/", "x-rewrite-url": "https://evil.example/"},
    {"origin": "https://evil.example", "referer": "https://evil.example/"},
]


@pytest.mark.parametrize("headers", HOSTS, ids=str)
async def test_links_lead_where_the_configuration_says(service: Service, headers: dict[str, str]) -> None:
    """RST-09, RST-11"""
    user = service.people.user
    aim = {"email": user.email, "redirect_url": "//evil.example", "callback": "javascript:alert(1)"}
    path = "/auth/reset-password?redirect_to=https://evil.example"
    assert (await service.post(path, aim, headers=headers)).status_code == 200
    mail = (await service.mails(user.email))[0]
    assert mail["links"][0].startswith(f"{PUBLIC_URL}/account/reset-password?token=")
    assert "evil" not in mail["text"] + mail["html"] + mail["subject"]
    absolute = await service.ask("POST", "http://evil.example/api/v1/auth/reset-password", {"email": user.email})
    assert absolute.status_code == 200
    assert "evil" not in (await service.mails(user.email))[0]["text"]


async def test_five_wrong_codes_end_the_code_and_not_the_link(service: Service) -> None:
    """RST-12"""
    user = service.people.user
    await ask(service, user.email)
    proof = await service.proof(user.email)
    for number in range(5):
        wrong = f"{(int(proof.code) + 1 + number) % 10**8:08}"
        assert_problem(await confirm(service, email=user.email, code=wrong), *INVALID)
    assert_problem(await confirm(service, email=user.email, code=proof.code), *INVALID)
    assert (await confirm(service, token=proof.token)).status_code == 200


async def test_an_administrator_has_a_mail_sent_and_chooses_nothing(service: Service) -> None:
    """RST-15"""
    people = service.people
    user, path = people.user, f"/users/{people.user.id}"
    answer = await service.post(f"{path}/reset-password", {"new_password": NEW, "password": NEW}, by=people.admin)
    assert (answer.status_code, set(answer.json())) == (200, {"message"})
    for method in (service.put, service.patch):
        assert (await method(path, {"password": NEW, "new_password": NEW}, by=people.admin)).status_code == 200
    assert await opens(service, user, PASSWORD)
    assert await service.works(user)
    assert (await confirm(service, token=(await service.proof(user.email)).token)).status_code == 200
    assert await opens(service, user, NEW)


async def test_a_request_that_is_sent_again_does_no_harm(service: Service) -> None:
    """REL-19: the client repeats what it got no response to."""
    user = service.people.user
    token = await token_for(service, user)
    first = await confirm(service, token=token)
    for _ in range(3):
        assert (await confirm(service, token=token)).json() == first.json()
    assert len(await service.events("&type=password.reset")) == 1
    assert await opens(service, user, NEW)
