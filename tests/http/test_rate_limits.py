"""Limits: what is counted, against what, and what it does not touch"""

import asyncio
from datetime import timedelta
from ipaddress import ip_network

import httpx
import pytest

from bukhindor.domain.rate_limit import Limit, Limits
from tests.http.answers import assert_problem
from tests.http.conftest import StartService
from tests.http.service import PASSWORD, Service, Tokens, tokens_in

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
    """LGN-04: of strangers; then even their right one waits, a quarter of an hour at most; other accounts don't."""
    user = limited.people.user
    for number in range(10):
        answer = await limited.log_in(user.email, WRONG, peer=f"198.51.{number}.7")
        assert_problem(answer, 401, "invalid_credentials")
    assert_limited(await limited.log_in(user.email, WRONG, peer="198.51.100.77"), 900, 10)
    assert_limited(await limited.log_in(user.email, peer="192.0.2.1"), 900, 10)
    assert (await limited.log_in(limited.people.other.email)).status_code == 200


async def test_an_unknown_address_is_limited_like_a_known_one(limited: Service) -> None:
    """LGN-01"""
    await exhaust(limited, "nobody@example.com")
    assert_limited(await limited.log_in("nobody@example.com", WRONG), 900, 10)


async def test_signed_in_clients_go_on_and_the_mailbox_helps(limited: Service) -> None:
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
    assert event["details"] == {"limit": "failed_sign_ins_per_account", "route": "POST /api/v1/auth/login"}


async def test_a_refused_request_does_not_count_again(limited: Service) -> None:
    """The client sends a 429 three more times."""
    await exhaust(limited, limited.people.user.email)
    waits = [int((await limited.log_in(limited.people.user.email)).headers["retry-after"]) for _ in range(20)]
    assert max(waits) == waits[0]
    assert (await limited.log_in(limited.people.other.email)).status_code == 200


async def test_a_registration_that_was_not_tried_does_not_count(limited: Service) -> None:
    """REG-09: a form with mistakes makes no account, and asks about none."""
    body = {"name": "Nina", "email": "n@example.com", "password": "password123"}
    for _ in range(40):
        assert_problem(await limited.post("/auth/register", body), 400, "validation_failed", "password")
    assert (await limited.post("/auth/register", body | {"password": PASSWORD})).status_code == 201


async def test_thirty_registrations_in_an_hour(limited: Service) -> None:
    """REG-09, REG-04: taken addresses count as well, so no client can probe many."""
    for number in range(30):
        email = f"n{number}@example.com" if number % 2 else limited.people.user.email
        body = {"name": "Nina", "email": email, "password": PASSWORD}
        assert (await limited.post("/auth/register", body)).status_code in (201, 409)
    body = {"name": "Nina", "email": "one-more@example.com", "password": PASSWORD}
    assert_limited(await limited.post("/auth/register", body), 3600, 30)
    assert_limited(await limited.ask("POST", "/v1/auth/register", body), 3600, 30)
    assert (await limited.post("/auth/register", body, peer="198.51.100.7")).status_code == 201


@pytest.mark.parametrize("path", ["/auth/reset-password", "/auth/verify-email", "/auth/sign-in-code"])
async def test_one_mail_a_minute_however_often_it_is_asked_for(limited: Service, path: str) -> None:
    """RST-12, REL-19: and every response is the same."""
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
        page = await limited.ask("POST", "/account/change-email", content=b"token=wrong&password=wrong", headers=form)
        assert page.status_code == 400
    await limited.post("/auth/reset-password", {"email": limited.people.user.email})
    right = {"token": (await limited.proof(limited.people.user.email)).token, "new_password": NEW}
    wrong = {"token": "one-more", "new_password": NEW}
    assert_limited(await limited.post("/auth/reset-password/confirm", wrong), 300, 30)
    guess = {"email": limited.people.user.email, "code": "00000000", "new_password": NEW}
    for path in ("/auth/reset-password/confirm", "/auth/sign-in-code/confirm"):
        assert_limited(await limited.post(path, guess), 300, 30)
    page = await limited.ask("POST", "/account/reset-password", content=b"token=x&password=y", headers=form)
    assert (page.status_code, page.headers["content-type"]) == (429, "text/html; charset=utf-8")
    assert 1 <= int(page.headers["retry-after"]) <= 300
    # A link can't be guessed: neighbours who try block no one else's link.
    assert (await limited.post("/auth/reset-password/confirm", right)).status_code == 200


async def test_a_flood_at_a_page_is_written_down(limited: Service) -> None:
    """LOG-02"""
    form = {"content-type": "application/x-www-form-urlencoded"}
    for _ in range(32):
        await limited.ask("POST", "/account/verify-email", content=b"token=wrong&password=wrong", headers=form)
    (event,) = await limited.events("&type=limit.hit")
    assert event["details"] == {"limit": "guesses_per_network", "route": "POST /account/verify-email"}


@pytest.mark.parametrize(
    "path", ["/auth/reset-password", "/auth/forgot-password", "/auth/verify-email", "/auth/sign-in-code"]
)
async def test_a_network_has_twenty_mails_a_minute_sent(limited: Service, path: str) -> None:
    """RST-12, SES-07: for any addresses; another network goes on."""
    for number in range(20):
        assert (await limited.post(path, {"email": f"person{number}@example.com"})).status_code == 200
    assert_limited(await limited.post(path, {"email": "one-more@example.com"}), 60, 20)
    assert_limited(await limited.post("/auth/reset-password", {"email": limited.people.user.email}), 60, 20)
    assert (await limited.post(path, {"email": "one-more@example.com"}, peer="198.51.100.7")).status_code == 200


async def test_a_wider_network_gets_five_times_as_much(limited: Service) -> None:
    """RST-12, LGN-07: a /24 of IPv4 and a /48 of IPv6, however many addresses of it are used."""
    for peer in ("198.51.100.{}", "2001:db8:1:{:x}::1"):
        for number in range(100):
            answer = await limited.post("/auth/reset-password", {"email": "x@example.com"}, peer=peer.format(number))
            assert answer.status_code == 200
        answer = await limited.post("/auth/reset-password", {"email": "x@example.com"}, peer=peer.format(200))
        assert_limited(answer, 60, 100)
    answer = await limited.post("/auth/reset-password", {"email": "x@example.com"}, peer="198.51.101.1")
    assert answer.status_code == 200


async def test_what_a_wider_network_is_refused_does_not_count_against_the_client(limited: Service) -> None:
    """A refused request counts nowhere: the client sends a 429 three more times."""
    for number in range(100):
        await limited.post("/auth/verify-email", {"email": "x@example.com"}, peer=f"198.51.100.{number}")
    for _ in range(30):
        await limited.post("/auth/verify-email", {"email": "x@example.com"}, peer="198.51.100.200")
    (event,) = await limited.events("&type=limit.hit")
    assert event["details"]["limit"] == "mails_per_network_wider"


async def test_requests_about_unknown_addresses_are_counted_and_not_stored(limited: Service) -> None:
    """SES-07, LOG-02: one event for each network and minute."""
    for number in range(15):
        peer = f"198.51.100.{number % 3}"
        await limited.post("/auth/reset-password", {"email": f"person{number}@example.com"}, peer=peer)
        await limited.log_in(f"person{number}@example.com", WRONG, peer=peer)
    for type in ("password.reset_asked", "sign_in.failed"):
        events = await limited.events(f"&type={type}")
        assert sorted((event["ip"], event["attempts"]) for event in events) == [
            (f"198.51.100.{number}", 5) for number in range(3)
        ]


async def test_a_session_gets_sixty_generations_in_five_minutes(limited: Service) -> None:
    """RT-11: the next one waits, and nothing is lost; another session goes on."""
    user = limited.people.user
    elsewhere = await limited.signed_in(user)
    newest: Tokens = user
    for _ in range(60):
        newest = tokens_in(await limited.refresh(newest))
    for _ in range(3):
        assert_limited(await limited.refresh(newest), 300, 60)
    assert await limited.works(newest)
    assert (await limited.refresh(elsewhere)).status_code == 200


async def test_a_hundred_refreshes_with_one_token_count_once(limited: Service) -> None:
    """RT-04, RT-11: all get the same successor, also with limits on."""
    user = limited.people.user
    answers = await asyncio.gather(*(limited.refresh(user) for _ in range(100)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({tokens_in(answer).refresh_token for answer in answers}) == 1


async def test_refused_refreshes_of_a_network_never_refuse_a_valid_one(limited: Service) -> None:
    """RT-11: a carrier puts thousands of phones behind one address."""
    for _ in range(100):
        assert_problem(await limited.refresh("bkr_" + "A" * 70), 401, "invalid_refresh_token")
    assert_limited(await limited.refresh("bkr_" + "A" * 70), 900, 100)
    assert (await limited.refresh(limited.people.user)).status_code == 200
    assert_problem(await limited.refresh("bkr_" + "A" * 70, peer="198.51.100.7"), 401, "invalid_refresh_token")


async def test_an_account_is_exported_ten_times_an_hour(limited: Service) -> None:
    """DOS-07: other accounts go on."""
    user = limited.people.user
    for _ in range(10):
        assert (await limited.get("/auth/me/export", by=user)).status_code == 200
    assert_limited(await limited.get("/auth/me/export", by=user), 3600, 10)
    assert (await limited.get("/auth/me/export", by=limited.people.other)).status_code == 200


async def test_the_operator_changes_a_figure(start_service: StartService) -> None:
    """CFG-02: for the network and the wider one; the response says the figure that holds."""
    mine = Limits(Limit("mails_per_network", 2, timedelta(seconds=30)))
    service = await start_service(rate_limits=True, limits=mine)
    for _ in range(2):
        assert (await service.post("/auth/verify-email", {"email": "x@example.com"})).status_code == 200
    assert_limited(await service.post("/auth/verify-email", {"email": "x@example.com"}), 30, 2)


async def test_ten_wrong_codes_in_a_day_leave_the_link(limited: Service) -> None:
    """RST-02, RST-12: the person gets a mail, and a day later codes work again."""
    user = limited.people.user
    guess = {"email": user.email, "code": "00000000", "new_password": NEW}
    for number in range(10):
        if number % 5 == 0:
            await limited.post("/auth/reset-password", {"email": user.email}, peer=f"192.0.{number}.1")
            await limited.change("UPDATE one_time_tokens SET failed_tries = 0")
        answer = await limited.post("/auth/reset-password/confirm", guess, peer=f"192.0.{number}.1")
        assert_problem(answer, 400, "invalid_one_time_token")
    assert "off for a day" in (await limited.mails(user.email))[0]["subject"]
    await limited.change("UPDATE one_time_tokens SET failed_tries = 0")
    proof = await limited.proof(user.email)
    right = {"email": user.email, "code": proof.code, "new_password": NEW}
    assert_problem(await limited.post("/auth/reset-password/confirm", right), 400, "invalid_one_time_token")
    link = {"token": proof.token, "new_password": NEW}
    assert (await limited.post("/auth/reset-password/confirm", link)).status_code == 200
    assert len(await limited.events("&type=mailbox_proof.codes_disabled")) == 1
