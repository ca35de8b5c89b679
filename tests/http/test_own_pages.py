"""The hosted pages: signing in, the session of a browser that renews itself, and forms that only our pages can send"""

import re
from datetime import timedelta
from urllib.parse import urlencode

import httpx
import pytest

from tests.http.service import PASSWORD, Service

OWN = {"sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded"}
FORM_TOKEN = re.compile(r'name="form_token" value="([\w-]{43})"')


class Tab:
    """A browser with its cookies."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.cookies: dict[str, str] = {}

    async def ask(self, method: str, path: str, form: dict[str, str] | None = None, **headers: str) -> httpx.Response:
        sent = {name: value for name, value in OWN.items() if form is not None or name != "content-type"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        content = None if form is None else urlencode(form).encode()
        answer = await self.service.ask(method, path, content=content, headers=sent)
        for line in answer.headers.get_list("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
            if not value:
                del self.cookies[name]
        return answer

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.ask("GET", path, None, **headers)

    async def sign_in(self, email: str, password: str = PASSWORD, **form: str) -> httpx.Response:
        return await self.ask("POST", "/account/sign-in", {"email": email, "password": password, **form})

    async def submit(self, path: str, opened: str = "", **form: str) -> httpx.Response:
        """Open a page and send its form."""
        found = FORM_TOKEN.search((await self.get(opened or path)).text)
        assert found is not None
        return await self.ask("POST", path, {"form_token": found[1], **form})


@pytest.fixture
async def tab(service: Service) -> Tab:
    """A browser in which the user is signed in."""
    tab = Tab(service)
    assert (await tab.sign_in(service.people.user.email)).status_code == 303
    return tab


async def test_a_browser_keeps_both_tokens_where_no_script_reads_them(service: Service) -> None:
    tab = Tab(service)
    answer = await tab.sign_in(service.people.user.email)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    lines = answer.headers.get_list("set-cookie")
    assert {line.partition("=")[0] for line in lines} == {"access_token", "refresh_token", "device_proof"}
    assert all("HttpOnly" in line for line in lines)
    assert "bkr_" not in answer.text
    assert service.people.user.email in (await tab.get("/account")).text


@pytest.mark.parametrize("following", ["https://evil.example", "//evil.example", "/account/../docs", "/docs", ""])
async def test_the_sign_in_leads_to_no_other_site(service: Service, following: str) -> None:
    """RST-11."""
    answer = await Tab(service).sign_in(service.people.user.email, next=following)
    assert answer.headers["location"] == "/account"
    shown = await Tab(service).get(f"/account/sign-in?{urlencode({'next': following})}")
    assert "evil" not in shown.text


async def test_a_wrong_password_shows_the_form_again_and_no_cookie(service: Service) -> None:
    """LGN-01: the same for an unknown address."""
    tab = Tab(service)
    wrong = await tab.sign_in(service.people.user.email, "wrong-otter-41")
    unknown = await tab.sign_in("unknown@example.com")
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert "The email address or the password is wrong." in wrong.text
    assert wrong.text.replace(service.people.user.email, "unknown@example.com") == unknown.text
    assert tab.cookies == {}


async def test_a_form_of_another_site_signs_in_no_visitor(service: Service) -> None:
    """WEB-02, login CSRF (OWASP ASVS 5.0 section 3.5.1)."""
    form = {"email": service.people.user.email, "password": PASSWORD}
    for site in ("cross-site", "same-site"):
        answer = await Tab(service).ask("POST", "/account/sign-in", form, sec_fetch_site=site)
        assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)


async def test_an_expired_access_token_is_renewed_on_the_way(tab: Tab) -> None:
    """SES-09: two pages that are opened at once get the same successor, so the session lives on."""
    before = dict(tab.cookies)
    tab.service.clock.advance(timedelta(minutes=16))
    assert (await tab.get("/account")).status_code == 200
    renewed = dict(tab.cookies)
    assert renewed["refresh_token"] != before["refresh_token"]
    tab.cookies = before
    assert (await tab.get("/account/sessions")).status_code == 200
    assert tab.cookies["refresh_token"] == renewed["refresh_token"]


async def test_the_api_renews_no_session(tab: Tab) -> None:
    """An app does that itself, with a request that only it can send."""
    tab.service.clock.advance(timedelta(minutes=16))
    assert (await tab.get("/api/v1/auth/me")).status_code == 401


async def test_without_a_session_the_pages_lead_to_the_sign_in(service: Service) -> None:
    for path in ("/account", "/account/sessions", "/account/password", "/account/address", "/account/delete"):
        answer = await Tab(service).get(path)
        assert (answer.status_code, answer.headers["location"]) == (
            303,
            f"/account/sign-in?{urlencode({'next': path})}",
        )


async def test_a_link_of_another_site_opens_the_page_once_more(service: Service) -> None:
    """The browser sends a strict cookie only then."""
    answer = await Tab(service).get("/account/sessions", sec_fetch_site="cross-site")
    assert answer.status_code == 200
    assert '<meta http-equiv="refresh" content="0; url=/account/sessions">' in answer.text


@pytest.mark.parametrize("token", ["", "a" * 43, "я"])
async def test_a_form_without_the_token_of_the_session_changes_nothing(tab: Tab, token: str) -> None:
    """SES-09, WEB-02: not even with Sec-Fetch-Site: same-origin."""
    for path, form in (
        ("/account/profile", {"name": "Eve"}),
        ("/account/delete", {"password": PASSWORD}),
        ("/account/sessions", {}),
        ("/account/sign-out", {}),
    ):
        answer = await tab.ask("POST", path, {**form, "form_token": token})
        assert answer.status_code == 403
    assert (await tab.get("/account")).status_code == 200


async def test_the_token_of_another_session_is_refused(tab: Tab) -> None:
    other = Tab(tab.service)
    await other.sign_in(tab.service.people.user.email)
    found = FORM_TOKEN.search((await other.get("/account")).text)
    assert found is not None
    answer = await tab.ask("POST", "/account/profile", {"form_token": found[1], "name": "Eve"})
    assert answer.status_code == 403
    assert "This page was open for too long" in answer.text


async def test_a_form_from_another_site_changes_nothing_even_with_the_token(tab: Tab) -> None:
    found = FORM_TOKEN.search((await tab.get("/account")).text)
    assert found is not None
    form = {"form_token": found[1], "name": "Eve"}
    assert (await tab.ask("POST", "/account/profile", form, sec_fetch_site="cross-site")).status_code == 403
    assert "Eve" not in (await tab.get("/account")).text


async def test_a_form_after_the_access_token_expired_is_carried_out(tab: Tab) -> None:
    found = FORM_TOKEN.search((await tab.get("/account")).text)
    assert found is not None
    tab.service.clock.advance(timedelta(minutes=16))
    answer = await tab.ask("POST", "/account/profile", {"form_token": found[1], "name": "Bea", "language": "ru"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert 'value="Bea"' in (await tab.get("/account")).text


async def test_the_profile_is_refused_in_the_page(tab: Tab) -> None:
    answer = await tab.submit("/account/profile", "/account", name="", language="ru")
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text


async def test_another_device_is_signed_out(tab: Tab) -> None:
    service, user = tab.service, tab.service.people.user
    answer = await tab.submit("/account/sessions", session=user.session_id)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/sessions")
    assert not await service.works(user)
    assert (await tab.get("/account")).status_code == 200
    again = await tab.ask("POST", "/account/sessions", {"form_token": "", "session": "nonsense"})
    assert again.status_code == 403
    assert (await Tab(service).get("/account")).status_code == 303


async def test_what_is_no_session_of_mine_is_not_found(tab: Tab) -> None:
    await tab.service.signed_in(tab.service.people.user)
    for session in ("nonsense", tab.service.people.other.session_id):
        assert (await tab.submit("/account/sessions", session=session)).status_code == 404
    assert await tab.service.works(tab.service.people.other)


async def test_all_other_devices_are_signed_out_and_this_one_stays(tab: Tab) -> None:
    user = tab.service.people.user
    assert (await tab.submit("/account/sessions")).status_code == 303
    assert not await tab.service.works(user)
    assert (await tab.get("/account")).status_code == 200


async def test_the_password_is_changed_and_this_browser_stays_signed_in(tab: Tab) -> None:
    user = tab.service.people.user
    wrong = {"current_password": "wrong-otter-41", "new_password": "scarlet-heron-77"}
    answer = await tab.submit("/account/password", **wrong)
    assert answer.status_code == 400
    assert "The current password is wrong." in answer.text
    answer = await tab.submit("/account/password", **{**wrong, "current_password": PASSWORD})
    assert answer.status_code == 200
    assert (await tab.service.log_in(user.email, "scarlet-heron-77")).status_code == 200
    assert (await tab.get("/account")).status_code == 200
    assert not await tab.service.works(user)


async def test_another_address_is_asked_for_with_the_password(tab: Tab) -> None:
    without = await tab.submit("/account/address", new_email="moved@example.com")
    assert (without.status_code, without.headers["location"]) == (303, "/account/sign-in?next=%2Faccount%2Faddress")
    assert await tab.service.mails("moved@example.com") == []
    wrong = await tab.submit("/account/address", new_email="moved@example.com", password="wrong-otter-41")
    assert (wrong.status_code, 'value="moved@example.com"' in wrong.text) == (400, True)
    answer = await tab.submit("/account/address", new_email="moved@example.com", password=PASSWORD)
    assert answer.status_code == 200
    assert len(await tab.service.mails("moved@example.com")) == 1


async def test_the_account_is_deleted_and_its_cookies_go(tab: Tab) -> None:
    wrong = await tab.submit("/account/delete", password="wrong-otter-41")
    assert wrong.status_code == 400
    answer = await tab.submit("/account/delete", password=PASSWORD)
    assert (answer.status_code, tab.cookies) == (200, {})
    assert (await tab.service.log_in(tab.service.people.user.email)).status_code == 401


async def test_signing_out_ends_the_session(tab: Tab) -> None:
    kept = dict(tab.cookies)
    answer = await tab.submit("/account/sign-out", "/account")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/sign-in")
    assert set(tab.cookies) == {"device_proof"}
    tab.cookies = kept
    assert (await tab.get("/account")).status_code == 303


async def test_a_banned_person_learns_it_at_the_sign_in_and_on_the_pages(tab: Tab) -> None:
    service, user = tab.service, tab.service.people.user
    await service.patch(f"/users/{user.id}", {"status": "banned"}, by=service.people.admin)
    assert (await tab.get("/account")).status_code == 303
    answer = await Tab(service).sign_in(user.email)
    assert answer.status_code == 403
    assert "This account is banned." in answer.text


async def test_a_mailed_code_signs_in(service: Service) -> None:
    tab, email = Tab(service), service.people.user.email
    asked = await tab.ask("POST", "/account/sign-in/code", {"email": email, "next": "/account/password"})
    unknown = await tab.ask("POST", "/account/sign-in/code", {"email": "unknown@example.com", "next": ""})
    assert (asked.status_code, unknown.status_code) == (200, 200)
    code = (await service.proof(email)).code
    wrong = {"email": email, "code": "1", "next": "/account/password"}
    assert (await tab.ask("POST", "/account/sign-in/code/confirm", wrong)).status_code == 400
    answer = await tab.ask("POST", "/account/sign-in/code/confirm", {**wrong, "code": code})
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/password")
    assert (await tab.get("/account")).status_code == 200


async def test_the_pages_speak_russian(tab: Tab) -> None:
    for path in ("/account", "/account/sessions", "/account/password", "/account/address", "/account/delete"):
        assert 'lang="ru"' in (await tab.get(path, accept_language="ru")).text


async def test_an_account_without_a_password_gets_its_first_one(tab: Tab) -> None:
    service, user = tab.service, tab.service.people.user
    await service.change(f"UPDATE users SET password_hash = NULL WHERE email = '{user.email}'")
    shown = (await tab.get("/account/password")).text
    assert "This account has no password yet." in shown
    assert 'name="current_password"' not in shown
    answer = await tab.submit("/account/password", new_password="scarlet-heron-77")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert (await service.log_in(user.email, "scarlet-heron-77")).status_code == 200
