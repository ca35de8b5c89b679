"""Second factors and passkeys on the hosted pages"""

import re
from datetime import timedelta

import pyotp
import pytest

from tests.http.conftest import StartService
from tests.http.service import Service
from tests.http.test_own_pages import FORM_TOKEN, Tab

SECRET = re.compile(r"<code>([A-Z2-7]{32})</code>")
FACTOR = re.compile(r'name="factor" value="([0-9a-f-]{36})"')
RECOVERY = re.compile(r"<code>([0-9A-Z]{5}-[0-9A-Z]{5})</code>")
MFA_TOKEN = re.compile(r'name="mfa_token" value="([^"]+)"')


@pytest.fixture
async def tab(service: Service) -> Tab:
    """A browser in which the user is signed in."""
    tab = Tab(service)
    assert (await tab.sign_in(service.people.user.email)).status_code == 303
    return tab


def found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    assert match is not None, text
    return match[1]


async def enrol(tab: Tab) -> tuple[pyotp.TOTP, list[str]]:
    """Add an authenticator app; return it and the recovery codes."""
    shown = (await tab.submit("/account/factors", name="Pixel 10")).text
    app = pyotp.TOTP(found(SECRET, shown))
    form = {"form_token": found(FORM_TOKEN, shown), "factor": found(FACTOR, shown), "code": code_of(tab, app)}
    answer = await tab.ask("POST", "/account/factors/confirm", form)
    assert answer.status_code == 200, answer.text
    return app, RECOVERY.findall(answer.text)


def code_of(tab: Tab, app: pyotp.TOTP) -> str:
    return app.at(tab.service.clock.now())


async def test_an_app_is_added_and_its_recovery_codes_are_shown_once(tab: Tab) -> None:
    _, codes = await enrol(tab)
    assert len(set(codes)) == 10
    page = (await tab.get("/account/factors")).text
    assert "Pixel 10" in page
    assert codes[0] not in page


async def test_a_wrong_code_confirms_nothing_and_shows_no_secret_again(tab: Tab) -> None:
    shown = (await tab.submit("/account/factors", name="Pixel 10")).text
    form = {"form_token": found(FORM_TOKEN, shown), "factor": found(FACTOR, shown), "code": "000000"}
    answer = await tab.ask("POST", "/account/factors/confirm", form)
    assert (answer.status_code, SECRET.search(answer.text)) == (400, None)
    assert found(FACTOR, answer.text) == form["factor"]
    assert "Pixel 10" not in (await tab.get("/account/factors")).text


async def test_adding_an_app_needs_a_fresh_sign_in(tab: Tab) -> None:
    """The page leads to the sign-in and back."""
    tab.service.clock.advance(timedelta(minutes=11))
    answer = await tab.submit("/account/factors", name="Pixel 10")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/sign-in?next=%2Faccount%2Ffactors")


async def test_the_second_factor_is_asked_for_after_the_password(tab: Tab) -> None:
    app, codes = await enrol(tab)
    service = tab.service
    email = service.people.user.email
    service.clock.advance(timedelta(minutes=1))
    other = Tab(service)
    half = await other.sign_in(email, next="/account/sessions")
    assert half.status_code == 200
    assert other.cookies == {}
    token = found(MFA_TOKEN, half.text)
    form = {"mfa_token": token, "next": "/account/sessions"}
    wrong = await other.ask("POST", "/account/sign-in/factor", {**form, "code": "000000"})
    assert (wrong.status_code, found(MFA_TOKEN, wrong.text)) == (400, token)
    answer = await other.ask("POST", "/account/sign-in/factor", {**form, "code": code_of(tab, app)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/sessions")
    assert (await other.get("/account")).status_code == 200

    third = Tab(service)
    token = found(MFA_TOKEN, (await third.sign_in(email)).text)
    answer = await third.ask("POST", "/account/sign-in/factor", {"mfa_token": token, "recovery_code": codes[0]})
    assert answer.status_code == 303
    again = Tab(service)
    token = found(MFA_TOKEN, (await again.sign_in(email)).text)
    answer = await again.ask("POST", "/account/sign-in/factor", {"mfa_token": token, "recovery_code": codes[0]})
    assert (answer.status_code, again.cookies) == (400, {})


async def test_a_sign_in_that_has_expired_begins_again(service: Service) -> None:
    answer = await Tab(service).ask("POST", "/account/sign-in/factor", {"mfa_token": "x", "code": "123456"})
    assert answer.status_code == 400
    assert 'name="password"' in answer.text


async def test_recovery_codes_are_replaced_and_an_app_is_removed(tab: Tab) -> None:
    _, codes = await enrol(tab)
    renewed = await tab.submit("/account/factors/recovery-codes", "/account/factors")
    assert renewed.status_code == 200
    assert set(codes).isdisjoint(RECOVERY.findall(renewed.text))
    factor = found(FACTOR, (await tab.get("/account/factors")).text)
    for id_, status in (("nonsense", 404), (factor, 303), (factor, 404)):
        assert (await tab.submit("/account/factors/remove", "/account/factors", factor=id_)).status_code == status
    assert "Pixel 10" not in (await tab.get("/account/factors")).text


async def test_what_is_no_passkey_of_mine_is_not_found(tab: Tab) -> None:
    assert "passkeys.js" in (await tab.get("/account/passkeys")).text
    for path in ("/account/passkeys/remove", "/account/passkeys/rename"):
        for passkey in ("nonsense", "01890a5d-ac96-774b-bcce-b302099a8057"):
            answer = await tab.submit(path, "/account", passkey=passkey, name="Pixel 10")
            assert answer.status_code == 404


async def test_who_must_add_a_factor_is_led_to_the_page_that_adds_one(start_service: StartService) -> None:
    service = await start_service(mfa_required="all")
    tab = Tab(service)
    await tab.sign_in(service.people.user.email)
    for path in ("/account/password", "/account/address", "/account/delete"):
        answer = await tab.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/account/factors")
    for path in ("/account", "/account/sessions", "/account/passkeys", "/account/factors"):
        assert (await tab.get(path)).status_code == 200
    await enrol(tab)
    assert (await tab.get("/account/password")).status_code == 200
