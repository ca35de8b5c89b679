"""Links that lead nowhere any more, or never did."""

import pytest

from tests.pages.browser import Browser, Look
from tests.pages.site import PASSWORD, Site

INVALID = {
    "en": "The link or code is not valid, was used, or has expired",
    "ru": "Ссылка или код недействительны, уже использованы или устарели",
}
CONFIRM = {"en": "Confirm the address", "ru": "Подтвердить адрес"}


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_used_link_is_refused_in_the_page(browser: Browser, site: Site, language: str) -> None:
    email = site.register(language)
    new = f"new-{email}"
    site.post("/auth/change-email", {"new_email": new, "password": PASSWORD}, token=site.sign_in(email))
    link = site.letter(new, "change-email").link
    with browser.window(site.url, Look(language)) as window:
        for _ in range(2):
            window.goto(link)
            window.click("button", CONFIRM[language])
        window.wait_for(INVALID[language])
        assert window.violations() == []
        window.screenshot("used-link")


def test_a_link_that_was_cut_off_is_refused_in_the_page(browser: Browser, site: Site) -> None:
    email = site.register()
    site.post("/auth/reset-password", {"email": email})
    link = site.letter(email, "reset-password").link
    with browser.window(site.url) as window:
        window.goto(link[:-10])
        window.fill("New password", "copper-lantern-77")
        window.click("button", "Change the password")
        window.wait_for(INVALID["en"])
        assert window.violations() == []
        window.screenshot("cut-link")
    assert site.signs_in(email, PASSWORD)
