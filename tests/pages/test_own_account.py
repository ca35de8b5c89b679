"""A person signs in on the hosted pages and manages their account there, in a real browser."""

import json

import pytest

from tests.pages.browser import DESKTOP, PHONE, Browser, Look, Size, Window
from tests.pages.site import PASSWORD, Site

NEW = "scarlet-heron-77"


def sign_in(window: Window, email: str, password: str = PASSWORD) -> None:
    window.goto("/account")
    window.wait_for_address("/account/sign-in?next=%2Faccount")
    window.evaluate("document.getElementById('email').focus()")
    window.type(email)
    window.fill("Password", password)
    window.click("button", "Sign in")


def test_a_person_signs_in_and_manages_the_account(browser: Browser, site: Site) -> None:
    email = site.register()
    with browser.window(site.url) as window:
        sign_in(window, email, "wrong-otter-41")
        window.wait_for("The email address or the password is wrong.")
        assert window.evaluate("document.getElementById('email').value") == email
        window.fill("Password", PASSWORD)
        window.click("button", "Sign in")
        window.wait_for(email)
        assert window.url == f"{site.url}/account"

        window.fill("Name", "Anna Karenina")
        window.click("button", "Save")
        window.wait_for("Your account")
        assert site.account(email)["name"] == "Anna Karenina"

        window.click("link", "Change the password")
        window.fill("Password", PASSWORD)
        window.fill("New password", NEW)
        window.click("button", "Change the password")
        window.wait_for("The password has been changed.")
        assert site.signs_in(email, NEW)
        assert not site.signs_in(email, PASSWORD)
        window.click("link", "Back to your account")

        window.click("link", "Devices")
        window.wait_for("This device")
        window.click("button", "Sign out all other devices")
        window.wait_for("This device")
        window.goto("/account")

        window.click("button", "Sign out")
        window.wait_for_address("/account/sign-in")
        window.goto("/account")
        window.wait_for_address("/account/sign-in?next=%2Faccount")


def test_a_mailed_code_signs_in(browser: Browser, site: Site) -> None:
    email = site.register()
    with browser.window(site.url) as window:
        window.goto("/account/sign-in?next=/account/sessions")
        window.evaluate("document.getElementById('code-email').focus()")
        window.type(email)
        window.click("button", "Send me a code")
        window.wait_for("eight digits is on its way")
        window.fill("Code", "00000000")
        window.click("button", "Sign in")
        window.wait_for("The link or code is invalid")
        window.fill("Code", site.letter(email, "sign-in-code").code)
        window.click("button", "Sign in")
        window.wait_for("This device")
        assert window.url == f"{site.url}/account/sessions"


def test_a_session_goes_on_when_its_access_token_is_gone(browser: Browser, site: Site) -> None:
    """The browser keeps the access token for 15 minutes; the pages renew it without a question."""
    email = site.register()
    with browser.window(site.url) as window:
        sign_in(window, email)
        window.wait_for(email)
        window.remove_cookie("access_token")
        window.goto("/account/password")
        window.wait_for("New password")
        window.remove_cookie("access_token")
        window.goto("/account/export")
        assert json.loads(window.text)["user"]["email"] == email


def test_the_account_is_deleted_with_the_password(browser: Browser, site: Site) -> None:
    email = site.register()
    with browser.window(site.url) as window:
        sign_in(window, email)
        window.click("link", "Delete the account")
        window.fill("Password", "wrong-otter-41")
        window.click("button", "Delete the account for good")
        window.wait_for("The current password is wrong.")
        assert site.signs_in(email, PASSWORD)
        window.fill("Password", PASSWORD)
        window.click("button", "Delete the account for good")
        window.wait_for("The account and everything personal is gone.")
        assert not site.signs_in(email, PASSWORD)


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("language", ["en", "ru"])
def test_axe_finds_nothing_on_the_pages_of_a_signed_in_person(
    browser: Browser, site: Site, language: str, size: Size
) -> None:
    email = site.register(language)
    with browser.window(site.url, Look(language, size)) as window:
        window.goto("/account/sign-in")
        window.evaluate(f"document.getElementById('email').value = '{email}'")
        window.evaluate(f"document.getElementById('password').value = '{PASSWORD}'")
        window.click("button", "Войти" if language == "ru" else "Sign in")
        window.wait_for(email)
        for name in ("", "/sessions", "/password", "/address", "/delete"):
            window.goto(f"/account{name}")
            window.screenshot(f"account{name.replace('/', '-')}")
            assert window.violations() == [], name
