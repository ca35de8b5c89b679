"""Limits: what is counted, against what, and what it does not touch"""

import asyncio
from ipaddress import ip_network

import httpx
import pytest

from tests.http.answers import assert_problem
from tests.http.conftest import StartService
from tests.http.service import PASSWORD, Service

WRONG = "wrong-otter-41"
NEW = "scarlet-heron-77"


@pytest.fixture
async def limited(start_service: StartService) -> Service:
    return await start_service(rate_limits=True)


def assert_limited(answer: httpx.Response, longest: int, hits: int) -> None:
    problem = assert_problem(answer, 429, "rate_limited")
    wait = int(answer.headers["retry-after"])
    assert 1 <= wait <= longest
    assert answer.headers["ratelimit-limit"] == str(hits)
    assert answer.headers["ratelimit-remaining"] == "0"
    assert answer.headers["ratelimit-reset"] == str(wait)
    assert problem["detail"]


async def exhaust(service: Service, email: str, **how: object) -> None:
    for _ in range(10):
        assert_problem(await service.log_in(email, WRONG, **how), 401, "invalid_credentials")


async def test_an_account_takes_ten_wrong_passwords_from_wherever_they_come(limited: Service) -> None:
    """LGN-04: then even the right one waits, a quarter of an hour at most; other accounts don't."""
    user = limited.people.user
    for number in range(10):
        answer = await limited.log_in(user.email, WRONG, peer=f"198.51.100.{number}")
        assert_problem(answer, 401, "invalid_credentials")
    assert_limited(await limited.log_in(user.email, WRONG, peer="198.51.100.77"), 900, 10)
    assert_limited(await limited.log_in(user.email, peer="192.0.2.1"), 900, 10)
    assert (await limited.log_in(limited.people.other.email)).status_code == 200


async def test_an_unknown_address_is_limited_like_a_known_one(limited: Service) -> None:
    """LGN-01"""
    await exhaust(limited, "nobody@example.com")
    assert_limited(await limited.log_in("nobody@example.com", WRONG), 900, 10)


async def test_whoever_is_signed_in_goes_on_and_the_mailbox_helps(limited: Service) -> None:
    """LGN-12"""
    user = limited.people.user
    await exhaust(limited, user.email)
    assert (await limited.refresh(user)).status_code == 200
    assert (await limited.post("/auth/reset-password", {"email": user.email})).status_code == 200
    body = {"token": (await limited.proof(user.email)).token, "new_password": NEW}
    assert (await limited.post("/auth/reset-password/confirm", body)).status_code == 200


@pytest.mark.parametrize("spelling", ["UMA@EXAMPLE.COM", " uma@example.com ", "Uma@Example.Com", "uma@ｅxample.com"])
async def test_however_an_address_is_spelled_it_is_one_account(limited: Service, spelling: str) -> None:
    """LGN-11"""
    await exhaust(limited, limited.people.user.email)
    answer = await limited.log_in(spelling, WRONG)
    assert answer.status_code in (400, 429)
    assert answer.status_code == 429 or answer.json()["errors"][0]["error_code"] == "invalid_email"


async def test_another_name_of_the_address_is_no_way_around(limited: Service) -> None:
    """LGN-08: it leads to the same counter. What is no name of it leads nowhere: test_one_address.py."""
    user = limited.people.user
    await exhaust(limited, user.email)
    credentials = {"email": user.email, "password": PASSWORD}
    for path in ("/v1/auth/login", "/api/v1/auth/login/", "/api/v1/auth/login?a=1", "/v1/auth/login/"):
        assert (await limited.ask("POST", path, credentials)).status_code == 429
    for path in ("/API/v1/auth/login", "/api/v1/auth/LOGIN", "/api/v1//auth/login", "/api/v1/auth%2flogin",
                 "/v1/auth/login;x", "http://localhost:8080//api/v1/auth/login", "/api/v1/auth/%6cogin",
                 "/api/v1/auth/%2e/login", "/api/v1/auth/login//"):  # fmt: skip
        assert_problem(await limited.ask("POST", path, credentials), 404, "not_found")


async def spray(service: Service, count: int, **how: object) -> list[int]:
    """One wrong password for many accounts."""
    emails = (f"person{number}@example.com" for number in range(count))
    return [(await service.log_in(email, WRONG, **how)).status_code for email in emails]


async def test_an_address_of_the_network_takes_one_hundred_wrong_passwords(limited: Service) -> None:
    """LGN-06, LGN-09: successes on an own account in between change nothing."""
    statuses = []
    for number in range(100):
        statuses.append((await limited.log_in(f"person{number}@example.com", WRONG)).status_code)
        if number % 10 == 0:
            assert (await limited.log_in(limited.people.other.email)).status_code == 200
    assert set(statuses) == {401}
    assert_limited(await limited.log_in("one-more@example.com", WRONG), 900, 100)
    assert_limited(await limited.log_in(limited.people.other.email), 900, 100)
    assert (await limited.log_in(limited.people.other.email, peer="198.51.100.7")).status_code == 200


async def test_an_own_success_clears_the_own_account_alone(limited: Service) -> None:
    """LGN-09"""
    user, other = limited.people.user, limited.people.other
    statuses = []
    for _ in range(5):
        for _ in range(4):
            statuses.append((await limited.log_in(user.email, WRONG)).status_code)
        await limited.log_in(other.email)
    assert statuses == [401] * 10 + [429] * 10


async def test_invented_addresses_share_one_counter(limited: Service) -> None:
    """LGN-07"""
    names = ("x-forwarded-for", "x-real-ip", "forwarded", "true-client-ip", "cf-connecting-ip")
    for number in range(100):
        headers = dict.fromkeys(names, f"192.0.2.{number}")
        await limited.log_in(f"person{number}@example.com", WRONG, headers=headers)
    headers = {"x-forwarded-for": "198.51.100.200"}
    assert_limited(await limited.log_in("one-more@example.com", WRONG, headers=headers), 900, 100)


async def test_behind_a_proxy_each_client_has_its_own_counter(start_service: StartService) -> None:
    """LGN-07: the right-most hop that is not ours, whatever stands left of it."""
    service = await start_service(rate_limits=True, trusted_proxies=(ip_network("10.0.0.0/8"),))
    for number in range(100):
        headers = {"x-forwarded-for": f"192.0.2.{number}, 198.51.100.7"}
        await service.log_in(f"person{number}@example.com", WRONG, headers=headers, peer="10.0.0.5")
    for client, status in (("198.51.100.7", 429), ("198.51.100.8", 401)):
        headers = {"x-forwarded-for": f"1.1.1.1, {client}"}
        answer = await service.log_in("one-more@example.com", WRONG, headers=headers, peer="10.0.0.5")
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("first", "same", "another"),
    [
        ("2001:db8:1:2::1", "2001:DB8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:3::1"),
        ("198.51.100.7", "::ffff:198.51.100.7", "198.51.100.8"),
        ("::ffff:c633:6407", "::FFFF:198.51.100.7", "::ffff:198.51.100.8"),
        ("2001:db8:1:2::1", "2001:0db8:0001:0002:0000:0000:0000:0001", "::1"),
    ],
)
async def test_one_customer_is_one_counter(limited: Service, first: str, same: str, another: str) -> None:
    """LGN-07: a /64 of IPv6; a mapped address is the IPv4 address."""
    await spray(limited, 100, peer=first)
    assert_limited(await limited.log_in("one-more@example.com", WRONG, peer=same), 900, 100)
    assert_problem(await limited.log_in("one-more@example.com", WRONG, peer=another), 401, "invalid_credentials")


async def test_of_fifty_at_once_ten_are_tried(limited: Service) -> None:
    """LGN-10"""
    user = limited.people.user
    answers = await asyncio.gather(*(limited.log_in(user.email, WRONG) for _ in range(50)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [401] * 10 + [429] * 40
    (row,) = limited.sql("SELECT failed_sign_ins FROM users WHERE email = ?", user.email)
    assert row == (10,)
    assert_limited(await limited.log_in(user.email), 900, 10)


async def test_a_flood_is_written_down_once(limited: Service) -> None:
    """LOG-02: of the refusals of one counter the first."""
    await exhaust(limited, limited.people.user.email)
    for _ in range(5):
        await limited.log_in(limited.people.user.email, WRONG)
    (event,) = await limited.events("&type=limit.hit")
    assert event["details"] == {"limit": "sign-in-account", "route": "POST /api/v1/auth/login"}


async def test_a_refused_request_does_not_count_again(limited: Service) -> None:
    """The client sends a 429 three more times."""
    await exhaust(limited, limited.people.user.email)
    waits = [int((await limited.log_in(limited.people.user.email)).headers["retry-after"]) for _ in range(20)]
    assert max(waits) == waits[0]
    assert (await limited.log_in(limited.people.other.email)).status_code == 200


async def test_thirty_registrations_in_an_hour(limited: Service) -> None:
    """REG-09, REG-04: taken addresses count as well, so nobody can ask for many."""
    for number in range(30):
        email = f"n{number}@example.com" if number % 2 else limited.people.user.email
        body = {"name": "Nina", "email": email, "password": PASSWORD}
        assert (await limited.post("/auth/register", body)).status_code in (201, 409)
    body = {"name": "Nina", "email": "one-more@example.com", "password": PASSWORD}
    assert_limited(await limited.post("/auth/register", body), 3600, 30)
    assert_limited(await limited.ask("POST", "/v1/auth/register", body), 3600, 30)
    assert (await limited.post("/auth/register", body, peer="198.51.100.7")).status_code == 201


@pytest.mark.parametrize("path", ["/auth/reset-password", "/auth/verify-email"])
async def test_one_mail_a_minute_however_often_it_is_asked_for(limited: Service, path: str) -> None:
    """RST-12, REL-19: and every answer is the same."""
    user = limited.people.user
    before = len(await limited.mails(user.email))
    emails = [user.email, user.email.upper(), user.email, user.email]
    answers = [await limited.post(path, {"email": email}, peer=f"192.0.2.{i}") for i, email in enumerate(emails)]
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, answers[0].text)}
    assert len(await limited.mails(user.email)) == before + 1


async def test_a_reset_of_another_name_counts_the_same(limited: Service) -> None:
    """RST-12"""
    user = limited.people.user
    before = len(await limited.mails(user.email))
    for path in ("/auth/reset-password", "/auth/forgot-password"):
        await limited.post(path, {"email": user.email})
    assert len(await limited.mails(user.email)) == before + 1


async def test_thirty_wrong_tokens_whichever_door_they_knock_at(limited: Service) -> None:
    """RST-12: the pages that links lead to share the counter."""
    form = {"content-type": "application/x-www-form-urlencoded"}
    for number in range(10):
        token = {"token": f"wrong{number}", "new_password": NEW}
        for path in ("/auth/reset-password/confirm", "/auth/verify-email/confirm"):
            assert_problem(await limited.post(path, token), 400, "invalid_one_time_token")
        page = await limited.ask("POST", "/account/change-email", content=b"token=wrong", headers=form)
        assert page.status_code == 400
    await limited.post("/auth/reset-password", {"email": limited.people.user.email})
    right = {"token": (await limited.proof(limited.people.user.email)).token, "new_password": NEW}
    assert_limited(await limited.post("/auth/reset-password/confirm", right), 300, 30)
    page = await limited.ask("POST", "/account/reset-password", content=b"token=x&password=y", headers=form)
    assert (page.status_code, page.headers["content-type"]) == (429, "text/html; charset=utf-8")
    assert 1 <= int(page.headers["retry-after"]) <= 300
    answer = await limited.post("/auth/reset-password/confirm", right, peer="198.51.100.7")
    assert answer.status_code == 200


async def test_a_flood_at_a_page_is_written_down(limited: Service) -> None:
    """LOG-02"""
    form = {"content-type": "application/x-www-form-urlencoded"}
    for _ in range(32):
        await limited.ask("POST", "/account/verify-email", content=b"token=wrong", headers=form)
    (event,) = await limited.events("&type=limit.hit")
    assert event["details"] == {"limit": "guess-ip", "route": "POST /account/verify-email"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/auth/change-password", {"current_password": WRONG, "new_password": NEW}),
        ("POST", "/auth/change-email", {"new_email": "moved@example.com", "password": WRONG}),
        ("DELETE", "/auth/me", {"password": WRONG}),
    ],
)
async def test_a_stolen_session_guesses_no_password(
    limited: Service, method: str, path: str, body: dict[str, str]
) -> None:
    """PW-12, SES-06: wrong passwords count like those of a sign-in."""
    user = limited.people.user
    for _ in range(10):
        answer = await limited.ask(method, f"/api/v1{path}", body, by=user)
        assert_problem(answer, 400, "incorrect_password")
    assert_limited(await limited.ask(method, f"/api/v1{path}", body, by=user), 900, 10)
    assert_limited(await limited.log_in(user.email), 900, 10)
