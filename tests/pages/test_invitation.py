"""From the mail of an invitation to an account, as the invited person sees it."""

from tests.pages.browser import DESKTOP, PHONE, Browser, Look
from tests.pages.site import PASSWORD, Site


def test_an_invited_person_creates_the_account_with_the_keyboard_alone(browser: Browser, site: Site) -> None:
    email = site.invite(name="Ann")
    with browser.window(site.url, Look(size=DESKTOP)) as window:
        window.goto(site.letter(email, "invitation").link)
        assert window.violations() == []
        window.screenshot("invitation")
        window.tab_to('textbox "Password"')
        window.type("password1")
        window.press("Enter")
        window.wait_for("common")
        assert window.violations() == []
        window.screenshot("invitation-refused")
        window.tab_to('textbox "Password" [invalid]')
        window.type(PASSWORD)
        window.press("Enter")
        window.wait_for("Your account is ready")
        assert window.violations() == []
        window.screenshot("invitation-done")
    account = site.account(email)
    assert (account["name"], account["email_verified"]) == ("Ann", True)


def test_the_page_is_whole_on_a_phone_in_russian_in_the_dark(browser: Browser, site: Site) -> None:
    email = site.invite(name="Анна", language="ru")
    with browser.window(site.url, Look("ru", PHONE, "dark")) as window:
        window.goto(site.letter(email, "invitation").link)
        assert window.violations() == []
        window.screenshot("invitation")
        window.goto("/account/invitation?token=unknown")
        assert window.violations() == []
        window.screenshot("invitation-dead")
