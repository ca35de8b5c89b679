"""/account/…: the pages that mailed links lead to"""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import quote, urlencode, urlsplit

import httpx
import pytest

from tests.http.answers import assert_problem, assert_safe_headers
from tests.http.conftest import StartService
from tests.http.service import PASSWORD, Proof, Service, tokens_in

NEW = "scarlet-heron-77"
FORM = "application/x-www-form-urlencoded"
PAGES = ("reset-password", "verify-email", "change-email")
HOSTILE = [
    '"><script>alert(1)</script>', "'><svg onload=alert(1)>", "</form><form action=//evil.example>",
    "javascript:alert(1)", "$content", "${title}", "a" * 4000, "\u202e", "я", "\x00", "%", "a&b=c#d",
]  # fmt: skip


async def show(service: Service, link: str, method: str = "GET") -> httpx.Response:
    """Open a link as a mail program would."""
    parts = urlsplit(link)
    return await service.ask(method, f"{parts.path}?{parts.query}")


async def link_of(service: Service, page: str) -> Proof:
    """The mail that leads the user of the service, or a new one, to a page."""
    user = service.people.user
    if page == "reset-password":
        await service.post("/auth/reset-password", {"email": user.email})
        return await service.proof(user.email)
    if page == "change-email":
        await service.post("/auth/change-email", {"new_email": "moved@example.com", "password": PASSWORD}, by=user)
        return await service.proof("moved@example.com")
    await service.post("/auth/register", {"name": "Nina", "email": "nina@example.com", "password": PASSWORD})
    return await service.proof("nina@example.com")


async def is_verified(service: Service, password: str) -> bool:
    """Whether Nina, who can sign in with this password, has proved her address."""
    tokens = tokens_in(await service.log_in("nina@example.com", password))
    return bool((await service.get("/auth/me", by=tokens)).json()["email_verified"])


async def press(service: Service, page: str, headers: dict[str, str] | None = None, **fields: str) -> httpx.Response:
    """Press the button of a page."""
    sent = {"content-type": FORM} | (headers or {})
    return await service.ask("POST", f"/account/{page}", content=urlencode(fields).encode(), headers=sent)


def assert_harmless_page(answer: httpx.Response, status: int = 200) -> str:
    """Assert that it is a page that runs nothing and loads nothing from elsewhere; its text."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    policy = set(answer.headers["content-security-policy"].split("; "))
    assert policy == {
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "form-action 'self'",
        "base-uri 'none'", "frame-ancestors 'none'",
    }  # fmt: skip
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert_safe_headers(answer)
    loaded = re.findall(r'<(?:img|script|link)\b[^>]* (?:src|href)="([^"]*)"', answer.text)
    assert loaded
    assert all(re.fullmatch(r"/favicon\.ico|/account/assets/[a-z.]+\?v=[0-9a-f]{12}", one) for one in loaded)
    bare = re.sub(r'"[^"]*"', '""', answer.text)
    assert not re.search(r"<script>|<svg|<iframe|\son\w+=|style=|http-equiv", bare, re.IGNORECASE)
    return answer.text


async def test_opening_a_link_changes_nothing(service: Service) -> None:
    """RST-10, WEB-03: neither do scanners that open it many times."""
    user = service.people.user
    await service.post("/auth/reset-password", {"email": user.email})
    proof = await service.proof(user.email)
    for method in ("GET", "HEAD", "GET"):
        answer = await show(service, proof.link, method)
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
    assert proof.token in assert_harmless_page(await show(service, proof.link))
    assert await service.works(user)
    assert (await press(service, "reset-password", token=proof.token, password=NEW)).status_code == 200
    assert not await service.works(user)


async def test_the_button_acts_once(service: Service) -> None:
    """RST-05, RST-08: and signs no one in."""
    user = service.people.user
    await service.post("/auth/reset-password", {"email": user.email})
    token = (await service.proof(user.email)).token
    answer = await press(service, "reset-password", token=token, password=NEW)
    assert "<form" not in assert_harmless_page(answer)
    assert "access_token" not in answer.headers["set-cookie"]
    assert (await service.log_in(user.email, NEW)).status_code == 200
    again = await press(service, "reset-password", token=token, password="amber-walrus-58")
    assert_harmless_page(again, 400)
    assert (await service.log_in(user.email, NEW)).status_code == 200


async def test_a_refused_password_can_be_chosen_again(service: Service) -> None:
    """RST-08, ERR-03: the error is announced, has the focus and stands beside the address."""
    proof = await link_of(service, "reset-password")
    for password in ("short-7", "", "password1"):
        page = assert_harmless_page(await press(service, "reset-password", token=proof.token, password=password), 400)
        assert proof.token in page
        assert not password or f'"{password}"' not in page
        assert re.search(r'role="alert" tabindex="-1" autofocus>[^<]+<', page)
        assert 'aria-invalid="true" aria-describedby="error note"' in page
        assert "<bdi>u•••@example.com</bdi>" in page
    assert (await press(service, "reset-password", token=proof.token, password=NEW)).status_code == 200


@pytest.mark.parametrize("password", ["пароль с пробелами", "a+b&c=d%20e", "  spaces kept  ", "日本語のパスワード"])
async def test_a_password_arrives_as_it_was_typed(service: Service, password: str) -> None:
    """PW-04"""
    user = service.people.user
    await service.post("/auth/reset-password", {"email": user.email})
    token = (await service.proof(user.email)).token
    assert (await press(service, "reset-password", token=token, password=password)).status_code == 200
    assert (await service.log_in(user.email, password)).status_code == 200


async def test_an_address_is_verified_with_the_password(service: Service) -> None:
    """REG-06: the registrant keeps password and sessions."""
    proof = await link_of(service, "verify-email")
    page = assert_harmless_page(await press(service, "verify-email", token=proof.token, password=PASSWORD))
    assert "Your address is verified" in page
    assert "<form" not in page
    assert await is_verified(service, PASSWORD)
    assert not [mail for mail in await service.mails("nina@example.com") if "password" in mail["subject"]]


@pytest.mark.parametrize("password", ["wrong-otter-41", "", "a" * 129])
async def test_a_wrong_password_destroys_nothing(service: Service, password: str) -> None:
    """REG-06: a typo is an error to try again, with the same link."""
    proof = await link_of(service, "verify-email")
    session = await service.log_in("nina@example.com")
    page = assert_harmless_page(await press(service, "verify-email", token=proof.token, password=password), 400)
    assert 'aria-invalid="true" aria-describedby="error"' in page
    assert "for <bdi>n•••@example.com</bdi>" in page
    assert proof.token in page
    assert await service.works(session.json()["user"]["access_token"])
    assert not await is_verified(service, PASSWORD)
    assert len(await service.mails("nina@example.com")) == 1
    assert (await press(service, "verify-email", token=proof.token, password=PASSWORD)).status_code == 200


async def test_a_person_who_did_not_register_says_so(service: Service) -> None:
    """REG-06: what the registrant planted ends, by a button of its own whose consequence stands beside it."""
    proof = await link_of(service, "verify-email")
    planted = (await service.log_in("nina@example.com")).json()["user"]["access_token"]
    page = assert_harmless_page(await show(service, proof.link))
    assert "the password of the account is removed, and all devices are signed out" in page
    assert re.findall(r'action="([^"]*)"', page) == ["/account/verify-email", "/account/verify-email/without-password"]
    assert await service.works(planted)
    page = assert_harmless_page(await press(service, "verify-email/without-password", token=proof.token))
    assert "A mail to choose a new password is on its way." in page
    assert not await service.works(planted)
    assert (await service.log_in("nina@example.com")).status_code == 401
    reset = await service.proof("nina@example.com")
    assert (await press(service, "reset-password", token=reset.token, password=NEW)).status_code == 200
    assert await is_verified(service, NEW)


@pytest.mark.parametrize("again", ["open", "press", "press without"])
@pytest.mark.parametrize(
    ("first", "fields"), [("verify-email", {"password": PASSWORD}), ("verify-email/without-password", {})]
)
async def test_a_used_verification_says_that_the_address_is_verified(
    service: Service, first: str, fields: dict[str, str], again: str
) -> None:
    """REG-06: pressing twice changes nothing more."""
    proof = await link_of(service, "verify-email")
    assert (await press(service, first, None, token=proof.token, **fields)).status_code == 200
    before = service.sql("SELECT id, password_hash FROM users"), len(await service.mails())
    answer = await {
        "open": lambda: show(service, proof.link),
        "press": lambda: press(service, "verify-email", token=proof.token, password="wrong-otter-41"),
        "press without": lambda: press(service, "verify-email/without-password", token=proof.token),
    }[again]()
    page = assert_harmless_page(answer)
    assert "Your address is already verified" in page
    assert "<form" not in page
    assert (service.sql("SELECT id, password_hash FROM users"), len(await service.mails())) == before


async def test_a_session_in_the_browser_makes_no_difference(service: Service) -> None:
    """REG-06, WEB-02: the page asks for no cookie, so no other site can lend it one."""
    body = {"name": "Nina", "email": "nina@example.com", "password": PASSWORD}
    await service.post("/auth/register", body)
    attacker = (await service.log_in(body["email"])).json()["user"]["access_token"]
    token = (await service.proof(body["email"])).token
    await press(service, "verify-email/without-password", {"cookie": f"access_token={attacker}"}, token=token)
    assert not await service.works(attacker)


async def test_an_address_is_changed(service: Service) -> None:
    """RST-14"""
    user = service.people.user
    await service.post("/auth/change-email", {"new_email": "moved@example.com", "password": PASSWORD}, by=user)
    proof = await service.proof("moved@example.com")
    assert 'type="password"' not in assert_harmless_page(await show(service, proof.link))
    assert_harmless_page(await press(service, "change-email", token=proof.token))
    assert (await service.get("/auth/me", by=user)).json()["email"] == "moved@example.com"


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("token", HOSTILE)
async def test_a_hostile_token_is_not_even_shown(service: Service, page: str, token: str) -> None:
    """WEB-08, RST-11"""
    for answer in (
        await service.ask("GET", f"/account/{page}?token={quote(token)}&next=//evil.example"),
        await press(service, page, token=token, password=NEW, next="//evil.example"),
    ):
        text = assert_harmless_page(answer, 400)
        assert 'name="token"' not in text
        assert "evil" not in text
        assert len(token) < 4 or token not in unescape(text)
        assert "location" not in answer.headers


@pytest.mark.parametrize("page", PAGES)
async def test_a_living_token_is_in_a_hidden_field_alone(service: Service, page: str) -> None:
    """RST-11: and no address that another site could read as the one before it holds it."""
    proof = await link_of(service, page)
    answer = await show(service, proof.link)
    text = assert_harmless_page(answer)
    hidden = f'<input type="hidden" name="token" value="{proof.token}">'
    assert text.count(proof.token) == text.count(hidden) >= 1
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert not re.search(r'(?:href|src|action)="(?:https?:)?//', text)


@pytest.mark.parametrize(
    ("page", "address"), [("reset-password", "u•••"), ("verify-email", "n•••"), ("change-email", "m•••")]
)
async def test_a_page_names_the_account_and_no_one_learns_its_address(
    service: Service, page: str, address: str
) -> None:
    proof = await link_of(service, page)
    text = assert_harmless_page(await show(service, proof.link))
    assert f"for <bdi>{address}@example.com</bdi>" in text
    assert not re.search(r"(?:uma|nina|moved)@example.com", text)


@pytest.mark.parametrize(("page", "kind"), [("reset-password", "new-password"), ("verify-email", "current-password")])
async def test_a_password_manager_knows_which_password_is_asked(service: Service, page: str, kind: str) -> None:
    text = assert_harmless_page(await show(service, (await link_of(service, page)).link))
    (field,) = re.findall(r'<input type="password"[^>]*>', text)
    assert f'autocomplete="{kind}"' in field
    assert '<label for="password">' in text
    assert re.search(r'<button type="button" class="reveal" hidden aria-controls="password"', text)


async def test_a_page_without_a_token_says_so(service: Service) -> None:
    for page in PAGES:
        for query in ("", "?token", "?token=", "?token=a&token=b", "?%FF=%FF&token=%FF"):
            text = assert_harmless_page(await service.ask("GET", f"/account/{page}{query}"), 400)
            assert "This link does not work any more." in text
            assert 'name="token"' not in text


@pytest.mark.parametrize("page", PAGES)
async def test_a_dead_link_is_reported_when_it_is_opened(service: Service, page: str) -> None:
    """An expired one; and opening it is counted as nothing."""
    proof = await link_of(service, page)
    service.clock.advance(timedelta(days=2))
    events = service.sql("SELECT count(*) FROM audit_events")
    for method in ("GET", "HEAD"):
        assert (await show(service, proof.link, method)).status_code == 400
    text = assert_harmless_page(await show(service, proof.link), 400)
    assert '<p class="error" id="error" role="alert" tabindex="-1" autofocus>This link does not work' in text
    assert "<title>Error: " in text
    assert 'type="password"' not in text
    assert service.sql("SELECT count(*) FROM audit_events") == events
    forms = [] if page == "change-email" else [f"/account/{page}/new-mail"]
    assert re.findall(r'action="([^"]*)"', text) == forms


@pytest.mark.parametrize("page", ["reset-password", "verify-email"])
async def test_a_new_mail_is_sent_from_the_page_of_a_dead_link(service: Service, page: str) -> None:
    """RST-04: and the page is the same for an address without an account."""
    proof = await link_of(service, page)
    email = "nina@example.com" if page == "verify-email" else service.people.user.email
    service.clock.advance(timedelta(days=2))
    mails = len(await service.mails())
    known = assert_harmless_page(await press(service, f"{page}/new-mail", email=email))
    unknown = assert_harmless_page(await press(service, f"{page}/new-mail", email="unknown@example.org"))
    assert known == unknown
    assert "Check your mail" in known
    assert email not in known
    assert len(await service.mails()) == mails + 1
    newer = await service.proof(email)
    assert newer.token != proof.token
    assert (await show(service, newer.link)).status_code == 200
    assert (await show(service, proof.link)).status_code == 400


@pytest.mark.parametrize("page", ["reset-password", "verify-email"])
@pytest.mark.parametrize("email", [each for each in HOSTILE if each != "я"])
async def test_a_hostile_address_for_a_new_mail_stays_a_value(service: Service, page: str, email: str) -> None:
    """WEB-08"""
    mails = await service.mails()
    text = assert_harmless_page(await press(service, f"{page}/new-mail", email=email, token="x"), 400)
    (field,) = re.findall(r'<input type="email" [^>]* value="([^"]*)"', text)
    assert unescape(field) == email
    assert 'aria-invalid="true" aria-describedby="error"' in text
    assert re.findall(r'action="([^"]*)"', text) == [f"/account/{page}/new-mail"]
    assert await service.mails() == mails


async def test_new_mails_are_limited_like_those_of_the_api(start_service: StartService) -> None:
    """RST-06: by network; the person can try again with the same form."""
    service = await start_service(rate_limits=True)
    statuses = [
        (await press(service, f"{page}/new-mail", email=f"person{number}@example.com")).status_code
        for number in range(10) for page in ("reset-password", "verify-email")
    ]  # fmt: skip
    assert set(statuses) == {200}
    answer = await press(service, "reset-password/new-mail", email="nina@example.com")
    text = assert_harmless_page(answer, 429)
    assert int(answer.headers["retry-after"]) > 0
    assert 'value="nina@example.com"' in text
    assert_problem(await service.post("/auth/reset-password", {"email": "nina@example.com"}), 429, "rate_limited")


async def test_the_link_of_a_banned_person_is_dead(service: Service) -> None:
    proof = await link_of(service, "reset-password")
    await service.patch(f"/users/{service.people.user.id}", {"status": "banned"}, by=service.people.admin)
    before = service.sql("SELECT id, password_hash FROM users")
    for answer in (
        await show(service, proof.link),
        await press(service, "reset-password", token=proof.token, password=NEW),
    ):
        assert 'type="password"' not in assert_harmless_page(answer, 400)
    assert service.sql("SELECT id, password_hash FROM users") == before


@pytest.mark.parametrize(
    "media_type", ["", "application/json", "text/plain", "multipart/form-data; boundary=x", "x", f"text/html, {FORM}"]
)
async def test_only_a_form_presses_the_button(service: Service, media_type: str) -> None:
    """IN-06, WEB-02"""
    user = service.people.user
    await service.post("/auth/reset-password", {"email": user.email})
    content = urlencode({"token": (await service.proof(user.email)).token, "password": NEW}).encode()
    headers = {"content-type": media_type} if media_type else {}
    answer = await service.ask("POST", "/account/reset-password", content=content, headers=headers)
    assert_harmless_page(answer, 415)
    assert await service.works(user)


@pytest.mark.parametrize(
    "content", [b"", b"&&&", b"token", b"=&=", b"\xff\xfe", b"token=%ff", b"a=1&" * 5000, b"token=a&token=b", b"{}"]
)
async def test_a_broken_form_is_refused(service: Service, content: bytes) -> None:
    """IN-03"""
    answer = await service.ask("POST", "/account/verify-email", content=content, headers={"content-type": FORM})
    assert_harmless_page(answer, 400)


async def test_a_form_is_no_larger_than_other_bodies(service: Service) -> None:
    """IN-02"""
    content = b"token=" + b"a" * 70_000
    answer = await service.ask("POST", "/account/verify-email", content=content, headers={"content-type": FORM})
    assert_harmless_page(answer, 413)


@pytest.mark.parametrize("path", ["/account/reset-password", "/account/verify-email", "/account/assets/page.css"])
async def test_other_methods_are_none(service: Service, path: str) -> None:
    """AZ-10"""
    for method in ("PUT", "DELETE", "PATCH", "TRACE"):
        answer = await service.ask(method, path)
        assert_harmless_page(answer, 405)
        assert answer.headers["allow"] == ("GET, HEAD" if path.endswith("css") else "GET, HEAD, POST")


async def test_no_header_of_a_browser_s_request_is_kept_unchecked(service: Service) -> None:
    """LOG-03: a device id that the API would refuse."""
    user = service.people.user
    await service.post("/auth/reset-password", {"email": user.email})
    token = (await service.proof(user.email)).token
    await press(service, "reset-password", {"x-device-id": "x" * 5000}, token=token, password=NEW)
    (event,) = await service.events("&type=password.reset")
    assert event["device_id"] is None


@pytest.mark.parametrize(
    ("language", "word"), [("ru", "Новый пароль"), ("en", "Choose a new password"), ("", "Choose")]
)
async def test_a_page_speaks_the_browser_s_language(service: Service, language: str, word: str) -> None:
    headers = {"accept-language": language}
    proof = await link_of(service, "reset-password")
    answer = await service.ask("GET", f"/account/reset-password?token={proof.token}", headers=headers)
    assert word in assert_harmless_page(answer)
    assert f'<html lang="{language or "en"}">' in answer.text
    refused = await press(service, "reset-password", headers, token="x", password=NEW)
    assert ("больше не действует" in assert_harmless_page(refused, 400)) == (language == "ru")


@pytest.mark.parametrize(("page", "fields"), [
    ("reset-password", {"password": NEW}), ("verify-email", {"password": PASSWORD}), ("change-email", {}),
])  # fmt: skip
async def test_success_leads_back_to_the_app(start_service: StartService, page: str, fields: dict[str, str]) -> None:
    service = await start_service(app_url="bukhindor://account")
    proof = await link_of(service, page)
    text = assert_harmless_page(await press(service, page, None, token=proof.token, **fields))
    assert '<a class="button" href="bukhindor://account">Go to the app</a>' in text
    assert proof.token not in text


async def test_a_deep_link_is_offered_as_a_button(start_service: StartService) -> None:
    """RST-11: mailed links lead to the page, which leads on into the app."""
    service = await start_service(app_url="bukhindor://account")
    user = service.people.user
    await service.post("/auth/reset-password", {"email": user.email})
    proof = await service.proof(user.email)
    assert proof.link.startswith("http://localhost:8080/account/reset-password?token=")
    page = assert_harmless_page(await show(service, proof.link))
    assert f'href="bukhindor://account/reset-password?token={proof.token}"' in page
    dead = await service.ask("GET", f"/account/reset-password?token={quote(HOSTILE[0])}")
    assert "bukhindor://account/reset-password" not in assert_harmless_page(dead, 400)


async def test_an_app_that_is_a_web_page_gets_the_links_itself(start_service: StartService) -> None:
    """RST-09"""
    service = await start_service(app_url="https://app.example.com")
    user = service.people.user
    headers = {"host": "evil.example", "origin": "https://evil.example"}
    await service.post("/auth/reset-password", {"email": user.email}, headers=headers)
    link = (await service.proof(user.email)).link
    assert link.startswith("https://app.example.com/reset-password?token=")
