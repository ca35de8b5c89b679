"""POST /auth/login"""

import asyncio
import time
from datetime import timedelta
from typing import Any

import bcrypt
import pytest

from tests.http.answers import assert_problem, assert_refused_field, assert_safe_headers
from tests.http.conftest import StartService
from tests.http.service import PASSWORD, Service, tokens_in

WRONG = "violet-otter-42"
BCRYPT = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
WEAK_ARGON2ID = "$argon2id$v=19$m=8,t=1,p=1$"


async def test_the_right_password_gives_tokens(service: Service) -> None:
    answer = await service.log_in(service.people.user.email)
    assert answer.status_code == 200
    assert_safe_headers(answer)
    assert set(answer.json()) == {"message", "user"}
    tokens = answer.json()["user"]
    lives = {"expires_in", "refresh_expires_in"}
    assert set(tokens) == {"access_token", "refresh_token", "token_type", "device_proof"} | lives
    assert (tokens["token_type"], tokens["expires_in"], tokens["refresh_expires_in"]) == ("Bearer", 900, 30 * 86_400)
    assert await service.works(tokens["access_token"])


async def test_the_moment_of_sign_in_is_kept(service: Service) -> None:
    service.clock.advance(timedelta(hours=1))
    await service.log_in(service.people.user.email)
    assert (await service.user(service.people.user.id))["last_login_at"] == "2026-03-01T13:00:00.250000Z"


@pytest.mark.parametrize("spelling", ["UMA@Example.COM", "  uma@example.com ", "ｕｍａ@example.com"])
async def test_the_address_may_be_spelled_otherwise(service: Service, spelling: str) -> None:
    """LGN-11"""
    assert (await service.log_in(spelling)).status_code == 200


async def test_all_failures_look_the_same(service: Service) -> None:
    """LGN-01, LGN-03: unknown, wrong, banned and inactive with a wrong password, and an account without one."""
    people = service.people
    await service.change("UPDATE users SET password_hash = NULL WHERE email = ?", people.other.email)
    emails = ["nobody@example.com", people.user.email, people.banned.email, people.inactive.email, people.other.email]
    answers = [await service.log_in(email, WRONG, headers={"x-request-id": "same"}) for email in emails]
    for answer in answers:
        assert_problem(answer, 401, "invalid_credentials")
        assert answer.headers["www-authenticate"] == 'Bearer realm="bukhindor"'
        assert "set-cookie" not in answer.headers
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(answer.headers.items()) for answer in answers}) == 1
    assert service.sql("SELECT count(*) FROM user_sessions") == [(4,)]


@pytest.mark.parametrize(("who", "error_code"), [("banned", "account_banned"), ("inactive", "account_inactive")])
async def test_a_status_is_reported_only_after_the_right_password(service: Service, who: str, error_code: str) -> None:
    """LGN-03"""
    answer = await service.log_in(getattr(service.people, who).email)
    assert_problem(answer, 403, error_code)
    assert "www-authenticate" not in answer.headers
    assert "set-cookie" not in answer.headers


async def test_an_unknown_address_takes_as_long_as_a_wrong_password(start_service: StartService) -> None:
    """LGN-02: no hash is left out, which would take a thirtieth; also for an account without a password.

    What is compared is the work of this process: hashes stand back behind everything that the machine has to do.
    """
    service = await start_service(hash_memory_kib=19_456, hash_iterations=2)
    people = service.people
    await service.change("UPDATE users SET password_hash = NULL WHERE email = ?", people.other.email)
    emails = ["nobody@example.com", people.user.email, people.other.email]
    spent: dict[str, list[float]] = {email: [] for email in emails}
    for _ in range(7):
        for email in emails:
            begin = time.process_time()
            await service.log_in(email, WRONG)
            spent[email].append(time.process_time() - begin)
    # What goes on beside it only adds to a time, so the shortest tells most.
    times = sorted(min(times) for times in spent.values())
    assert times[-1] < 4 * times[0]


@pytest.mark.parametrize("password", ["", None, " ", 0, [], {}, False])
@pytest.mark.parametrize("stored", [None, ""])
async def test_an_account_without_a_password_is_never_signed_in(
    service: Service, password: object, stored: str | None
) -> None:
    """PW-13"""
    await service.change("UPDATE users SET password_hash = ? WHERE email = ?", stored, service.people.user.email)
    answer = await service.post("/auth/login", {"email": service.people.user.email, "password": password})
    assert answer.status_code in (400, 401)


@pytest.mark.parametrize("stored", [BCRYPT, BCRYPT.replace("$2b$", "$2a$")], ids=["2b", "2a"])
async def test_an_older_hash_is_renewed(start_service: StartService, stored: str) -> None:
    """PW-09"""
    service = await start_service(hash_memory_kib=16)
    email = service.people.user.email
    await service.change("UPDATE users SET password_hash = ? WHERE email = ?", stored, email)
    assert_problem(await service.log_in(email, WRONG), 401, "invalid_credentials")
    assert stored_hash(service, email) == stored
    assert (await service.log_in(email)).status_code == 200
    renewed = stored_hash(service, email)
    assert renewed.startswith("$argon2id$v=19$m=16,t=1,p=1$")
    assert (await service.log_in(email)).status_code == 200
    assert stored_hash(service, email) == renewed


async def test_a_weaker_hash_of_today_s_kind_is_renewed(start_service: StartService) -> None:
    """PW-09"""
    service = await start_service(hash_memory_kib=16)
    email = service.people.user.email
    assert stored_hash(service, email).startswith(WEAK_ARGON2ID)
    assert (await service.log_in(email)).status_code == 200
    assert stored_hash(service, email).startswith("$argon2id$v=19$m=16,t=1,p=1$")


@pytest.mark.parametrize(
    "stored", ["$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHRzYWx0$" + "A" * 43, "$2b$31$" + "a" * 53, "plain", "$"]
)
async def test_a_hash_that_asks_for_too_much_never_matches(service: Service, stored: str) -> None:
    """PW-14"""
    await service.change("UPDATE users SET password_hash = ? WHERE email = ?", stored, service.people.user.email)
    assert_problem(await service.log_in(service.people.user.email), 401, "invalid_credentials")


async def test_no_user_has_to_change_an_old_password(service: Service) -> None:
    """PW-11"""
    service.clock.advance(timedelta(days=400))
    assert (await service.log_in(service.people.user.email)).status_code == 200


async def test_two_logins_in_the_same_moment_share_nothing(service: Service) -> None:
    """LGN-13, RT-09: and the first goes on."""
    first, second = [tokens_in(await service.log_in(service.people.user.email)) for _ in range(2)]
    assert first.access_token != second.access_token
    assert first.refresh_token != second.refresh_token
    assert first.session_id != second.session_id
    assert first.claims["jti"] != second.claims["jti"]
    assert await service.works(first)
    assert await service.works(second)
    assert (await service.refresh(first)).status_code == 200


@pytest.mark.parametrize("bearer", ["", "x", "a.b.c", "x" * 5000, "null", "undefined"])
async def test_a_stale_token_does_not_hinder_signing_in(service: Service, bearer: str) -> None:
    answer = await service.log_in(service.people.user.email, headers={"authorization": f"Bearer {bearer}"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["email", "password"]),
        ({"email": "uma@example.com"}, ["password"]),
        ({"email": "uma@example.com", "password": None}, ["password"]),
        ({"email": "uma@example.com", "password": [PASSWORD]}, ["password"]),
        ({"email": ["uma@example.com"], "password": PASSWORD}, ["email"]),
        ({"email": "uma", "password": "x" * 1025}, ["email", "password"]),
    ],
)
async def test_what_can_be_no_credentials_is_refused_before_any_hash(
    service: Service, body: object, fields: list[str]
) -> None:
    """PW-03, IN-05"""
    assert_problem(await service.post("/auth/login", body), 400, "validation_failed", *fields)


@pytest.mark.parametrize("password", ["x" * 200, "otter\u200b41", "cafe\u0301 otter 41"])
async def test_a_password_of_before_signs_in_whatever_may_be_chosen_today(service: Service, password: str) -> None:
    """The account came from another service, which took it and did not normalise."""
    email = service.people.user.email
    stored = bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4)).decode()
    await service.change("UPDATE users SET password_hash = ? WHERE email = ?", stored, email)
    for _ in range(2):
        assert (await service.post("/auth/login", {"email": email, "password": password})).status_code == 200
    ((renewed,),) = service.sql("SELECT password_hash FROM users WHERE email = ?", email)
    assert renewed != stored


async def test_a_megabyte_is_no_password(service: Service) -> None:
    """PW-03, IN-02"""
    answer = await service.log_in(service.people.user.email, "a" * 1024 * 1024)
    assert_problem(answer, 413, "body_too_large")
    assert answer.headers["connection"] == "close"


async def test_credentials_stand_in_the_body_only(service: Service) -> None:
    """LGN-14, WEB-03"""
    email = service.people.user.email
    assert_problem(await service.get(f"/auth/login?email={email}&password={PASSWORD}"), 405, "method_not_allowed")
    asked: Any = {"email": email}
    answer = await service.post(f"/auth/login?password={PASSWORD}", asked)
    assert_refused_field(answer, "password", "required")
    basic = {"authorization": "Basic dW1hQGV4YW1wbGUuY29tOnZpb2xldC1vdHRlci00MQ=="}
    assert_problem(await service.get("/auth/me", headers=basic), 401, "invalid_token")


async def test_a_full_hash_pool_refuses_at_once_and_says_when_to_come_back(start_service: StartService) -> None:
    """DOS-02"""
    # An unknown address costs a hash of today's parameters, here a slow one: the pool is full while the others come.
    service = await start_service(hash_memory_kib=65_536, hash_iterations=10, hash_workers=1, hash_queue=1)
    answers = await asyncio.gather(*(service.log_in(f"nobody{number}@example.com") for number in range(8)))
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {401, 503}
    for answer in answers:
        if answer.status_code == 503:
            assert_problem(answer, 503, "too_busy")
            assert int(answer.headers["retry-after"]) >= 1
    assert await service.works(service.people.user)


async def test_a_flood_from_one_address_blocks_no_other_sign_in(start_service: StartService) -> None:
    """DOS-02, DOS-07: thirty accounts from one address want more places than there are."""
    service = await start_service(hash_memory_kib=19_456, hash_iterations=2, hash_workers=1, hash_queue=31)
    people = (service.people.admin, service.people.user, service.people.other, service.people.guest)
    flood = [service.log_in(f"nobody{number % 30}@example.com", peer="198.51.100.7") for number in range(90)]
    others = [service.log_in(people[number % 4].email, peer=f"203.0.113.{number}") for number in range(20)]
    answers = await asyncio.gather(*flood, *others)
    assert [answer.status_code for answer in answers[90:]] == [200] * 20
    assert {answer.status_code for answer in answers[:90]} == {401, 503}


@pytest.mark.parametrize(
    "path",
    [
        "/API/v1/auth/login", "/api/v1/auth/LOGIN", "/api/v1/auth/login;x", "/api/v1/auth/login%00",
        "/api/v1//auth/login", "/api/v1/auth%2flogin", "/api/v1/auth/login%20", "/v1/v1/auth/login",
        "/api/v2/auth/login", "/auth/login", "/api/auth/login",
    ],
)  # fmt: skip
async def test_no_other_path_leads_to_signing_in(service: Service, path: str) -> None:
    """LGN-08"""
    answer = await service.ask("POST", path, {"email": "uma@example.com", "password": PASSWORD})
    assert_problem(answer, 404, "not_found")


@pytest.mark.parametrize("path", ["/api/v1/auth/login/", "/v1/auth/login/"])
async def test_a_slash_at_the_end_leads_to_the_very_same_endpoint(service: Service, path: str) -> None:
    """LGN-08: with and without slash alike, and never by a redirect."""
    credentials = {"email": "uma@example.com", "password": PASSWORD}
    answer = await service.ask("POST", f"http://localhost:8080{path}", credentials)
    assert answer.status_code == 200
    answer = await service.ask("GET", f"http://localhost:8080{path}")
    assert_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"


def stored_hash(service: Service, email: str) -> str:
    ((stored,),) = service.sql("SELECT password_hash FROM users WHERE email = ?", email)
    return str(stored)
