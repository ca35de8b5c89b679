"""From "This wasn't me" in a mail to an account that is locked, as a person sees it."""

import pytest

from tests.pages.browser import DESKTOP, PHONE, Browser, Look, Size
from tests.pages.site import PASSWORD, Site


@pytest.mark.parametrize(
    ("language", "size", "scheme", "button", "done"),
    [
        ("en", DESKTOP, "light", "This wasn't me: lock the account", "Your account is locked"),
        ("ru", PHONE, "dark", "Это был не я: закрыть вход", "Вход в учётную запись закрыт"),
    ],
)
def test_a_person_locks_the_account(
    browser: Browser, site: Site, language: str, size: Size, scheme: str, button: str, done: str
) -> None:
    email = site.register(language)
    site.sign_in(email)
    site.post("/auth/change-email", {"new_email": f"new-{email}", "password": PASSWORD}, token=site.sign_in(email))
    with browser.window(site.url, Look(language, size, scheme)) as window:
        window.goto(site.letter(email, "lockdown").link)
        assert window.violations() == []
        window.screenshot("lockdown")
        assert site.signs_in(email, PASSWORD)
        window.click("button", button)
        window.wait_for(done)
        assert window.violations() == []
        window.screenshot("lockdown-done")
        window.goto("/account/lockdown?token=unknown")
        assert window.violations() == []
        window.screenshot("lockdown-dead")
    assert not site.signs_in(email, PASSWORD)
