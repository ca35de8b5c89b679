"""POST /auth/sign-in-code and /auth/sign-in-code/confirm, and the page that the mailed link leads to"""

import re
import time
from datetime import timedelta

import httpx
import pytest

from tests.http.answers import assert_problem, assert_refused_field, assert_safe_headers
from tests.http.authenticator import complete, protected
from tests.http.conftest import StartService
from tests.http.landing import assert_harmless_page, press, show
from tests.http.service import PASSWORD, PUBLIC_URL, Person, Proof, Service, tokens_in

INVALID = (400, "invalid_one_time_token")
OWN_PAGE = {"sec-fetch-site": "same-origin"}


async def ask(service: Service, email: str, **how: object) -> httpx.Response:
    return await service.post("/auth/sign-in-code", {"email": email}, **how)


async def confirm(service: Service, headers: dict[str, str] | None = None, /, **proof: str) -> httpx.Response:
    return await service.post("/auth/sign-in-code/confirm", proof, headers=headers)


async def proof_for(service: Service, person: Person) -> Proof:
    await ask(service, person.email)
    return await service.proof(person.email)


async def verify(service: Service, person: Person) -> None:
    await service.change("UPDATE users SET email_verified = ? WHERE email = ?", True, person.email)


def sessions_of(service: Service, person: Person) -> int:
    query = "SELECT count(*) FROM user_sessions WHERE user_id = ?"
    found: int = service.sql(query, person.id.replace("-", ""))[0][0]
    return found


async def test_nothing_tells_who_has_an_account(service: Service) -> None:
    """RST-01: known, unknown, banned, inactive and asked for twice; no account is made."""
    people = service.people
    emails = [people.user.email, people.user.email, "nobody@example.com", people.banned.email, people.inactive.email]
    before = len(await service.mails())
    answers = [await ask(service, email, headers={"x-request-id": "same"}) for email in emails]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(answer.headers.items()) for answer in answers}) == 1
    assert {mail["to"] for mail in (await service.mails())[: len(await service.mails()) - before]} == {
        people.user.email
    }
    assert service.sql("SELECT count(*) FROM users WHERE email = ?", "nobody@example.com") == [(0,)]


async def test_an_unknown_address_takes_as_long_as_a_known_one(start_service: StartService) -> None:
    """RST-01, LGN-02: sixty pairs in turns differ by less than five milliseconds, though one of two writes a mail.

    What is compared is the work of this process; `make bench` measures what a client sees, over 500 pairs.
    """
    service = await start_service(rate_limits=False)
    spent: dict[bool, list[float]] = {True: [], False: []}
    for number in range(60):
        for is_known in (True, False):
            begin = time.process_time()
            await ask(service, service.people.user.email if is_known else f"nobody{number}@example.com")
            spent[is_known].append(time.process_time() - begin)
    assert abs(min(spent[True]) - min(spent[False])) < 0.005


@pytest.mark.parametrize("form", ["link", "code"])
async def test_a_proof_signs_in_as_a_password_does(service: Service, form: str) -> None:
    user = service.people.user
    await verify(service, user)
    proof = await proof_for(service, user)
    assert proof.link.startswith(f"{PUBLIC_URL}/account/sign-in-code?token=")
    device = {"x-device-id": "phone-1", "x-app-type": "ios", "x-app-version": "2.1"}
    given = {"token": proof.token} if form == "link" else {"email": user.email.upper(), "code": proof.code}
    answer = await confirm(service, device, **given)
    assert_safe_headers(answer)
    by_password = await service.log_in(user.email)
    assert (answer.status_code, answer.json().keys()) == (200, by_password.json().keys())
    assert answer.json()["user"].keys() == by_password.json()["user"].keys()
    names = [
        [cookie.partition("=")[0] for cookie in each.headers.get_list("set-cookie")] for each in (answer, by_password)
    ]
    assert names == [["access_token", "device_proof"]] * 2
    tokens = tokens_in(answer)
    assert await service.works(tokens)
    assert await service.works(user), "the other session goes on"
    (session,) = [
        each for each in (await service.get("/auth/sessions", by=tokens)).json()["sessions"] if each["current"]
    ]
    assert (session["device_id"], session["app_type"], session["app_version"]) == ("phone-1", "ios", "2.1")
    event = (await service.events("&type=sign_in.succeeded"))[1]
    assert (event["details"]["methods"], event["session_id"]) == ("mail", tokens.session_id)
    assert (await service.log_in(user.email)).status_code == 200, "the password is still valid"


async def test_the_refresh_token_can_be_in_a_cookie(service: Service) -> None:
    proof = await proof_for(service, service.people.user)
    answer = await confirm(service, {"x-token-transport": "cookie"}, token=proof.token)
    assert answer.json()["user"]["refresh_token"] == ""
    assert any(cookie.startswith("refresh_token=bkr_") for cookie in answer.headers.get_list("set-cookie"))


async def test_headers_that_are_not_understood_use_nothing_up(service: Service) -> None:
    proof = await proof_for(service, service.people.user)
    for header, value, code in (
        ("x-app-type", "fridge", "invalid_app_type"),
        ("x-token-transport", "air", "invalid_token_transport"),
    ):
        answer = await confirm(service, {header: value}, token=proof.token)
        problem = assert_problem(answer, 400, "validation_failed", answer.json()["errors"][0]["field"])
        assert problem["errors"][0]["error_code"] == code
    assert (await confirm(service, token=proof.token)).status_code == 200


async def test_a_proof_works_once_and_no_response_is_given_again(service: Service) -> None:
    """RST-05: a link in a browser's history must not hand out the tokens of that session."""
    user = service.people.user
    proof = await proof_for(service, user)
    key = {"idempotency-key": "the-same"}
    assert (await confirm(service, key, token=proof.token)).status_code == 200
    for _ in range(2):
        assert_problem(await confirm(service, key, token=proof.token), *INVALID)
    assert_problem(await confirm(service, email=user.email, code=proof.code), *INVALID)


async def test_a_proof_lives_for_ten_minutes(start_service: StartService) -> None:
    """RST-04"""
    service = await start_service(rate_limits=False)
    for margin, status in ((timedelta(seconds=-1), 200), (timedelta(0), 400)):
        for form in ("link", "code"):
            user = service.people.user
            proof = await proof_for(service, user)
            service.clock.advance(timedelta(minutes=10) + margin)
            given = {"token": proof.token} if form == "link" else {"email": user.email, "code": proof.code}
            assert (await confirm(service, **given)).status_code == status


async def test_five_wrong_codes_end_the_code_and_not_the_link(service: Service) -> None:
    """RST-12"""
    user = service.people.user
    proof = await proof_for(service, user)
    for number in range(5):
        wrong = f"{(int(proof.code) + 1 + number) % 10**8:08}"
        assert_problem(await confirm(service, email=user.email, code=wrong), *INVALID)
    assert_problem(await confirm(service, email=user.email, code=proof.code), *INVALID)
    assert (await confirm(service, token=proof.token)).status_code == 200


async def test_a_token_is_for_its_purpose_and_its_owner_alone(service: Service) -> None:
    """RST-07, JWT-08"""
    user, other = service.people.user, service.people.other
    await service.post("/auth/reset-password", {"email": user.email})
    reset = await service.proof(user.email)
    proof = await proof_for(service, user)
    assert_problem(await confirm(service, token=reset.token), *INVALID)
    assert_problem(await confirm(service, email=other.email, code=proof.code), *INVALID)
    assert_refused_field(await confirm(service, token=proof.token, email=other.email), "token", "contradiction")
    for path in ("/auth/reset-password/confirm", "/auth/verify-email/confirm", "/auth/change-email/confirm"):
        body = {"token": proof.token, "new_password": "scarlet-heron-77"}
        assert_problem(await service.post(path, body), *INVALID)
    for token in (user.access_token, user.refresh_token):
        assert (await confirm(service, token=token)).status_code == 400
    assert not await service.works(proof.token)
    assert tokens_in(await confirm(service, token=proof.token)).claims["sub"] == user.id


@pytest.mark.parametrize("who", ["banned", "inactive"])
async def test_a_status_is_reported_only_with_the_right_proof(service: Service, who: str) -> None:
    """LGN-03: a ban that came in while the mail was on its way."""
    user = service.people.user
    proof = await proof_for(service, user)
    await service.change("UPDATE users SET status = ? WHERE email = ?", who, user.email)
    wrong = await confirm(service, email=user.email, code="00000000" if proof.code != "00000000" else "00000001")
    assert_problem(wrong, *INVALID)
    refused = await confirm(service, token=proof.token)
    assert_problem(refused, 403, f"account_{who}")
    assert "set-cookie" not in refused.headers
    assert_problem(await confirm(service, token=proof.token), *INVALID)


async def test_the_mailbox_takes_a_planted_account_over(service: Service) -> None:
    """REG-06"""
    victim = {"name": "Nina", "email": "nina@example.com", "password": PASSWORD}
    await service.post("/auth/register", victim)
    planted = tokens_in(await service.log_in("nina@example.com"))
    await ask(service, "nina@example.com")
    tokens = tokens_in(await confirm(service, token=(await service.proof("nina@example.com")).token))
    assert (await service.get("/auth/me", by=tokens)).json()["email_verified"] is True
    assert not await service.works(planted)
    assert_problem(await service.refresh(planted), 401, "invalid_refresh_token")
    assert_problem(await service.log_in("nina@example.com"), 401, "invalid_credentials")
    assert any("reset-password" in link for mail in await service.mails("nina@example.com") for link in mail["links"])


async def test_opening_the_link_changes_nothing_and_its_button_signs_the_browser_in(service: Service) -> None:
    """RST-10, WEB-03"""
    user = service.people.user
    await verify(service, user)
    proof = await proof_for(service, user)
    for method in ("GET", "HEAD", "GET"):
        answer = await show(service, proof.link, method)
        assert (answer.status_code, "set-cookie" in answer.headers) == (200, False)
    text = assert_harmless_page(await show(service, proof.link))
    assert "<bdi>u•••@example.com</bdi>" in text
    before = sessions_of(service, user)
    browser = OWN_PAGE | {"user-agent": "Mozilla/5.0 (Windows NT 10.0; rv:131.0) Gecko/20100101 Firefox/131.0"}
    done = await press(service, "sign-in-code", browser, token=proof.token)
    assert "You are signed in" in assert_harmless_page(done)
    assert "<form" not in done.text
    assert '<a class="button" href="/account">Your account</a>' in done.text
    assert sessions_of(service, user) == before + 1
    cookies = {cookie.partition("=")[0]: cookie for cookie in done.headers.get_list("set-cookie")}
    assert set(cookies) == {"access_token", "device_proof", "refresh_token"}
    assert all("HttpOnly" in cookie for cookie in cookies.values())
    assert not any(re.search(r"eyJ|bkr_|bkd_", part) for part in (done.text,))
    cookie = cookies["access_token"].partition(";")[0]
    me = await service.get("/auth/me", headers={"cookie": cookie})
    assert me.json()["email"] == user.email
    sessions = (await service.get("/auth/sessions", headers={"cookie": cookie})).json()["sessions"]
    assert [each["device_name"] for each in sessions if each["current"]] == ["Firefox on Windows"]
    again = await press(service, "sign-in-code", browser, token=proof.token)
    assert "does not work any more" in assert_harmless_page(again, 400)
    assert "set-cookie" not in again.headers
    assert sessions_of(service, user) == before + 1


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {},
    ],
    ids=str,
)
async def test_no_other_site_signs_a_browser_in(service: Service, headers: dict[str, str]) -> None:
    """WEB-02: an attacker's own link in a form would put the visitor into the attacker's account."""
    user = service.people.user
    proof = await proof_for(service, user)
    before = sessions_of(service, user)
    refused = await press(service, "sign-in-code", headers, token=proof.token)
    assert_harmless_page(refused, 403)
    assert "set-cookie" not in refused.headers
    assert sessions_of(service, user) == before
    own = await press(service, "sign-in-code", {"origin": PUBLIC_URL}, token=proof.token)
    assert own.status_code == 200, "the link is still good, also for a browser that sends no Sec-Fetch-Site"


async def test_a_browser_that_sends_no_fetch_metadata_shows_its_origin(service: Service) -> None:
    """The header of every response would make it `Origin: null`."""
    page = await show(service, (await proof_for(service, service.people.user)).link)
    assert '<meta name="referrer" content="strict-origin">' in page.text
    await service.post("/auth/reset-password", {"email": service.people.user.email})
    other = await show(service, (await service.proof(service.people.user.email)).link)
    assert 'name="referrer"' not in other.text


async def test_a_banned_person_reads_why_on_the_page(service: Service) -> None:
    user = service.people.user
    proof = await proof_for(service, user)
    await service.change("UPDATE users SET status = ? WHERE email = ?", "banned", user.email)
    refused = await press(service, "sign-in-code", OWN_PAGE, token=proof.token)
    assert "This account is banned." in assert_harmless_page(refused, 403)
    assert "set-cookie" not in refused.headers


async def test_a_dead_link_leads_to_a_new_mail(service: Service) -> None:
    user = service.people.user
    dead = await show(service, f"{PUBLIC_URL}/account/sign-in-code?token={'a' * 43}")
    assert 'action="/account/sign-in-code/new-mail"' in assert_harmless_page(dead, 400)
    sent = [await press(service, "sign-in-code/new-mail", email=to) for to in (user.email, "nobody@example.com")]
    assert [assert_harmless_page(answer) for answer in sent] == [sent[0].text] * 2
    assert (await service.proof(user.email)).link.startswith(f"{PUBLIC_URL}/account/sign-in-code?token=")


async def test_the_page_offers_the_app_and_a_web_app_gets_the_link_itself(start_service: StartService) -> None:
    """RST-11"""
    service = await start_service(app_url="bukhindor://account")
    proof = await proof_for(service, service.people.user)
    page = assert_harmless_page(await show(service, proof.link))
    assert f'href="bukhindor://account/sign-in-code?token={proof.token}"' in page
    done = assert_harmless_page(await press(service, "sign-in-code", OWN_PAGE, token=proof.token))
    assert '<a class="button" href="bukhindor://account">Go to the app</a>' in done
    assert '<a class="button second" href="/account">Your account</a>' in done
    web = await start_service(app_url="https://app.example.com")
    assert (await proof_for(web, web.people.user)).link.startswith("https://app.example.com/sign-in-code?token=")


@pytest.mark.parametrize("language", ["en", "ru"])
async def test_mail_and_page_are_in_the_person_s_language(service: Service, language: str) -> None:
    headers = {"accept-language": language}
    await ask(service, service.people.user.email, headers=headers)
    (mail, *_) = await service.mails(service.people.user.email)
    subjects = {"en": "Sign in to Bukhindor", "ru": "Вход без пароля — Bukhindor"}
    assert mail["subject"] == subjects[language]
    path = mail["links"][0].removeprefix(PUBLIC_URL)
    page = await service.ask("GET", path, headers=headers)
    assert {"en": "Sign in in this browser", "ru": "Войти в этом браузере"}[language] in assert_harmless_page(page)


async def test_a_listed_account_signs_in_with_its_fixed_code(start_service: StartService) -> None:
    """LOG-02: as often as it likes, without a mail, and marked; an administrator who is listed by mistake does not."""
    people = (await start_service()).people
    accounts = f"{people.user.email}:12345678,{people.admin.email}:12345678"
    service = await start_service(review_accounts=accounts)
    people = service.people
    before = len(await service.mails())
    for _ in range(3):
        assert (await ask(service, people.user.email)).status_code == 200
        answer = await confirm(service, email=people.user.email, code="1234 5678")
        assert tokens_in(answer).claims["sub"] == people.user.id
    new = (await service.mails())[: len(await service.mails()) - before]
    assert not [mail for mail in new if mail["codes"]]
    refused = await confirm(service, email=people.admin.email, code="12345678")
    assert_problem(refused, *INVALID)
    assert "set-cookie" not in refused.headers
    assert len(await service.events("&type=sign_in.review_code_used")) == 3
    (event,) = await service.events("&type=sign_in.review_code_refused")
    assert (event["subject_id"], event["details"]) == (people.admin.id, {"role": "admin"})
    for code in ("87654321", "00000000"):
        assert_problem(await confirm(service, email=people.user.email, code=code), *INVALID)
    assert_problem(await confirm(service, email=people.other.email, code="12345678"), *INVALID)


async def test_guesses_at_a_fixed_code_are_limited(start_service: StartService) -> None:
    """RST-12: ten of an account in a day; the response is that of a wrong code."""
    user = (await start_service()).people.user
    service = await start_service(review_accounts=f"{user.email}:12345678", rate_limits=True)
    email = service.people.user.email
    for number in range(10):
        wrong = await confirm(service, email=email, code=f"0000000{number}")
        assert_problem(wrong, *INVALID)
    assert_problem(await confirm(service, email=email, code="12345678"), *INVALID)
    service.clock.advance(timedelta(days=1))
    assert (await confirm(service, email=email, code="12345678")).status_code == 200


async def test_an_account_with_a_second_factor_is_half_signed_in(service: Service) -> None:
    """The response is that of a right password; the mailed proof is used up, and no cookie is set."""
    user = service.people.user
    await verify(service, user)
    app = await protected(service, user)
    proof = await proof_for(service, user)
    before = sessions_of(service, user)
    answer = await confirm(service, token=proof.token)
    assert (answer.status_code, answer.json()["error_code"]) == (403, "mfa_required")
    assert "set-cookie" not in answer.headers
    assert sessions_of(service, user) == before
    assert_problem(await confirm(service, token=proof.token), *INVALID)
    tokens = tokens_in(await complete(service, answer.json()["mfa_token"], code=app.code(service)))
    assert (tokens.claims["amr"], tokens.claims["acr"]) == (["mail", "otp"], "aal2")


async def test_a_stranger_does_not_learn_of_a_second_factor(service: Service) -> None:
    """Wrong codes look the same with and without one."""
    people = service.people
    await protected(service, people.user)
    for person in (people.user, people.other):
        await ask(service, person.email)
    same = {"x-request-id": "same"}
    answers = [
        await confirm(service, same, email=email, code="00000000")
        for email in (people.user.email, people.other.email, "nobody@example.com")
    ]
    assert len({(answer.status_code, answer.content) for answer in answers}) == 1
