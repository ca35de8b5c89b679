"""Signing in with the link of a mail, from the mail to a signed-in browser."""

from tests.pages.browser import DESKTOP, Browser, Look
from tests.pages.site import Site

ME = "/api/v1/auth/me"


def test_a_person_signs_a_browser_in_with_the_keyboard_alone(browser: Browser, site: Site) -> None:
    """Opening the link signs no one in; the button does, once."""
    email = site.register()
    site.post("/auth/sign-in-code", {"email": email})
    link = site.letter(email, "sign-in-code").link
    with browser.window(site.url, Look(size=DESKTOP)) as window:
        window.goto(link)
        assert window.goto(ME) == 401
        window.goto(link)
        assert window.violations() == []
        window.screenshot("sign-in-code")
        window.tab_to('button "Sign in in this browser"')
        window.press("Enter")
        window.wait_for("You are signed in")
        assert window.violations() == []
        window.screenshot("sign-in-code-done")
        assert window.evaluate("document.cookie") == "", "no script can read a token"
        assert window.goto(ME) == 200
        window.wait_for(email)
        window.goto("/account")
        window.wait_for("Your account")
        assert window.goto(link) == 400
        window.wait_for("This link does not work any more.")
        window.fill("Your email address", email)
        window.click("button", "Send a new mail")
        window.wait_for("Check your mail")
