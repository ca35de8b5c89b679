"""Every page, in both languages, on a phone and on a desktop, light and dark: what axe finds, and a picture."""

import pytest

from tests.pages.browser import DESKTOP, PHONE, Browser, Look, Size
from tests.pages.site import PASSWORD, Site


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("language", ["en", "ru"])
def test_axe_finds_nothing(browser: Browser, site: Site, language: str, size: Size, scheme: str) -> None:
    email = site.register(language)
    site.post("/auth/reset-password", {"email": email})
    site.post("/auth/sign-in-code", {"email": email})
    site.post("/auth/change-email", {"new_email": f"new-{email}", "password": PASSWORD}, token=site.sign_in(email))
    letter = site.letter(email, "verify-email")
    pages = {
        "home": "/",
        "verify-email": letter.link,
        "reset-password": site.letter(email, "reset-password").link,
        "sign-in-code": site.letter(email, "sign-in-code").link,
        "change-email": site.letter(f"new-{email}", "change-email").link,
        "dead-link": "/account/reset-password?token=unknown",
        "no-token": "/account/verify-email",
        "unknown-page": "/account/unknown",
        "sign-in": "/account/sign-in",
        "forgotten": "/account/sign-in/forgotten",
        "mailbox": f"/dev/mailbox?search={email}",
        "mail": f"/dev/mailbox/{letter.number}",
    }
    with browser.window(site.url, Look(language, size, scheme)) as window:
        for name, address in pages.items():
            window.goto(address)
            window.screenshot(name)
            assert window.violations() == [], name
