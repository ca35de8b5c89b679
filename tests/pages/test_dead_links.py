"""Links that lead nowhere any more, or never did."""

import pytest

from tests.pages.browser import Browser, Look
from tests.pages.site import PASSWORD, Site

DEAD = {"en": "This link does not work any more.", "ru": "Эта ссылка больше не действует"}
DONE = {"en": "Your address has been changed", "ru": "Адрес изменён"}
CONFIRM = {"en": "Confirm the address", "ru": "Подтвердить адрес"}


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_used_link_says_so_when_it_is_opened(browser: Browser, site: Site, language: str) -> None:
    email = site.register(language)
    new = f"new-{email}"
    site.post("/auth/change-email", {"new_email": new, "password": PASSWORD}, token=site.sign_in(email))
    link = site.letter(new, "change-email").link
    with browser.window(site.url, Look(language)) as window:
        window.goto(link)
        window.click("button", CONFIRM[language])
        window.wait_for(DONE[language])
        assert window.goto(link) == 400
        window.wait_for(DEAD[language])
        assert window.evaluate("document.activeElement.id") == "error", "the focus is on the error"
        assert window.violations() == []
        window.screenshot("used-link")


def test_a_link_that_was_cut_off_leads_to_a_new_mail(browser: Browser, site: Site) -> None:
    email = site.register()
    site.post("/auth/reset-password", {"email": email})
    link = site.letter(email, "reset-password").link
    with browser.window(site.url) as window:
        assert window.goto(link[:-10]) == 400
        window.wait_for(DEAD["en"])
        assert window.violations() == []
        window.screenshot("cut-link")
        window.fill("Your email address", email)
        window.click("button", "Send a new mail")
        window.wait_for("Check your mail")
        assert window.violations() == []
        window.screenshot("new-mail")
    assert site.signs_in(email, PASSWORD)


def test_a_mistyped_password_can_be_typed_again_and_seen(browser: Browser, site: Site) -> None:
    email = site.register()
    with browser.window(site.url) as window:
        window.goto(site.letter(email, "verify-email").link)
        window.fill("Your password", "violet-otter-14")
        window.click("button", "Verify the address")
        window.wait_for("The current password")
        assert window.evaluate("document.activeElement.id") == "error", "the focus is on the error"
        assert window.violations() == []
        window.screenshot("mistyped-password")
        window.click("button", "Show password")
        window.fill("Your password", PASSWORD)
        assert window.evaluate("document.getElementById('password').type") == "text"
        window.screenshot("shown-password")
        window.click("button", "Verify the address")
        window.wait_for("Your password stays the same.")
        window.goto(site.letter(email, "verify-email").link)
        window.wait_for("Your address is already verified")
        assert window.violations() == []
    assert site.signs_in(email, PASSWORD)
