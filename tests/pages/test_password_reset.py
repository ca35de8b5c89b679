"""A forgotten password, from the mail to a new one."""

from tests.pages.browser import DESKTOP, Browser, Look
from tests.pages.site import PASSWORD, Site

NEW = "copper-lantern-77"


def test_a_person_chooses_a_new_password_with_the_keyboard_alone(browser: Browser, site: Site) -> None:
    """What is refused is said where the person is, and nothing has changed by then."""
    email = site.register()
    site.post("/auth/reset-password", {"email": email})
    with browser.window(site.url, Look(size=DESKTOP)) as window:
        window.goto(site.letter(email, "reset-password").link)
        window.tab_to('textbox "New password"')
        window.type("password1")
        window.press("Enter")
        window.wait_for("common")
        assert window.violations() == []
        window.screenshot("reset-password-refused")
        assert site.signs_in(email, PASSWORD)
        window.tab_to('textbox "New password" [invalid]')
        window.type(NEW)
        window.tab_to('button "Change the password"')
        window.press("Enter")
        window.wait_for("Your password has been changed")
        assert window.violations() == []
        window.screenshot("reset-password-done")
    assert site.signs_in(email, NEW)
    assert not site.signs_in(email, PASSWORD)
