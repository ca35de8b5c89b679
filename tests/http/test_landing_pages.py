"""/account/…: the pages that mailed links lead to"""

import re
from html import unescape
from urllib.parse import quote, urlencode, urlsplit

import httpx
import pytest

from tests.http.answers import assert_safe_headers
from tests.http.conftest import StartService
from tests.http.service import PASSWORD, Service

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
    """RST-08, ERR-03"""
    user = service.people.user
    await service.post("/auth/reset-password", {"email": user.email})
    token = (await service.proof(user.email)).token
    for password in ("short-7", "", "password1"):
        page = assert_harmless_page(await press(service, "reset-password", token=token, password=password), 400)
        assert token in page
        assert not password or f'"{password}"' not in page
    assert (await press(service, "reset-password", token=token, password=NEW)).status_code == 200


@pytest.mark.parametrize("password", ["пароль с пробелами", "a+b&c=d%20e", "  spaces kept  ", "日本語のパスワード"])
async def test_a_password_arrives_as_it_was_typed(service: Service, password: str) -> None:
    """PW-04"""
    user = service.people.user
    await service.post("/auth/reset-password", {"email": user.email})
    token = (await service.proof(user.email)).token
    assert (await press(service, "reset-password", token=token, password=password)).status_code == 200
    assert (await service.log_in(user.email, password)).status_code == 200


async def test_an_address_is_verified_with_the_password_or_without(service: Service) -> None:
    """REG-06: without, what the registrant planted ends, and the page says so."""
    for email, password, keeps in (("a@example.com", PASSWORD, True), ("b@example.com", "", False)):
        await service.post("/auth/register", {"name": "Nina", "email": email, "password": PASSWORD})
        proof = await service.proof(email)
        page = assert_harmless_page(await press(service, "verify-email", token=proof.token, password=password))
        assert ("choose a new password" in page) is not keeps
        assert (await service.log_in(email)).status_code == (200 if keeps else 401)


async def test_a_mistyped_password_can_be_typed_again(service: Service) -> None:
    await service.post("/auth/register", {"name": "Nina", "email": "nina@example.com", "password": PASSWORD})
    token = (await service.proof("nina@example.com")).token
    page = assert_harmless_page(await press(service, "verify-email", token=token, password="wrong-otter-41"), 400)
    assert token in page
    assert_harmless_page(await press(service, "verify-email", token=token, password=PASSWORD))
    assert (await service.log_in("nina@example.com")).status_code == 200


async def test_a_session_in_the_browser_makes_no_difference(service: Service) -> None:
    """REG-06, WEB-02: the page asks for no cookie, so no other site can lend it one."""
    body = {"name": "Nina", "email": "nina@example.com", "password": PASSWORD}
    await service.post("/auth/register", body)
    attacker = (await service.log_in(body["email"])).json()["user"]["access_token"]
    token = (await service.proof(body["email"])).token
    await press(service, "verify-email", {"cookie": f"access_token={attacker}"}, token=token)
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
async def test_a_hostile_token_is_only_shown(service: Service, page: str, token: str) -> None:
    """WEB-08, RST-11"""
    for answer in (
        await service.ask("GET", f"/account/{page}?token={quote(token)}&next=//evil.example"),
        await press(service, page, token=token, password=NEW, next="//evil.example"),
    ):
        text = assert_harmless_page(answer, 200 if answer.request.method == "GET" else 400)
        value = re.findall(r'name="token" value="([^"]*)"', text)
        assert [unescape(one) for one in value] == [token]
        assert re.findall(r'action="([^"]*)"', text) == [f"/account/{page}"]
        assert "location" not in answer.headers


async def test_a_page_without_a_token_is_a_page(service: Service) -> None:
    for page in PAGES:
        for query in ("", "?token", "?token="):
            assert_harmless_page(await service.ask("GET", f"/account/{page}{query}"))
        for query in ("?token=a&token=b", "?%FF=%FF&token=%FF"):
            assert_harmless_page(await service.ask("GET", f"/account/{page}{query}"), 400)


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
    answer = await service.ask("GET", "/account/reset-password?token=x", headers={"accept-language": language})
    assert word in assert_harmless_page(answer)
    assert f'<html lang="{language or "en"}">' in answer.text
    refused = await press(service, "reset-password", {"accept-language": language}, token="x", password=NEW)
    assert ("недействительны" in assert_harmless_page(refused, 400)) == (language == "ru")


async def test_a_deep_link_is_offered_as_a_button(start_service: StartService) -> None:
    """RST-11: mailed links lead to the page, which leads on into the app."""
    service = await start_service(app_url="bukhindor://account")
    user = service.people.user
    await service.post("/auth/reset-password", {"email": user.email})
    proof = await service.proof(user.email)
    assert proof.link.startswith("http://localhost:8080/account/reset-password?token=")
    page = assert_harmless_page(await show(service, proof.link))
    assert f'href="bukhindor://account/reset-password?token={proof.token}"' in page
    hostile = await service.ask("GET", f"/account/reset-password?token={quote(HOSTILE[0])}")
    assert f"reset-password?token={quote(HOSTILE[0], safe='')}" in unescape(assert_harmless_page(hostile))


async def test_an_app_that_is_a_web_page_gets_the_links_itself(start_service: StartService) -> None:
    """RST-09"""
    service = await start_service(app_url="https://app.example.com")
    user = service.people.user
    headers = {"host": "evil.example", "origin": "https://evil.example"}
    await service.post("/auth/reset-password", {"email": user.email}, headers=headers)
    link = (await service.proof(user.email)).link
    assert link.startswith("https://app.example.com/reset-password?token=")
