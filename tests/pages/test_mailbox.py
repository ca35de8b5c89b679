"""/dev/mailbox in a browser: a developer finds the mail that a test of the app has caused."""

from tests.pages.browser import DESKTOP, Browser, Look
from tests.pages.site import Site


def test_a_mail_appears_by_itself_and_shows_its_parts(browser: Browser, site: Site) -> None:
    with browser.window(site.url, Look(size=DESKTOP)) as window:
        window.goto("/dev/mailbox")
        email = site.register()
        window.wait_for(email)
        window.screenshot("mailbox-list")
        window.click("link", email, exact=False)
        letter = site.letter(email, "verify-email")
        window.wait_for(letter.code)
        assert window.title.startswith(letter.subject)
        assert letter.code in "".join(window.frame_text.split()), "the HTML part is shown"
        assert window.violations() == []
        window.screenshot("mailbox-mail")
        window.click("link", letter.link, exact=False)
        assert window.url == f"{site.url}{letter.link}"


def test_a_search_leaves_the_mails_that_have_each_word(browser: Browser, site: Site) -> None:
    one, other = site.register(), site.register()
    site.letter(one, "verify-email")
    site.letter(other, "verify-email")
    with browser.window(site.url, Look(size=DESKTOP)) as window:
        window.goto("/dev/mailbox")
        window.fill("Search", other)
        window.press("Enter")
        window.wait_for("1 mail")
        assert other in window.text
        assert one not in window.text
        window.click("link", "Show all mails")
        window.wait_for(one)


def test_the_source_of_a_mail_is_what_a_mail_server_would_receive(browser: Browser, site: Site) -> None:
    email = site.register()
    site.letter(email, "verify-email")
    with browser.window(site.url, Look(size=DESKTOP)) as window:
        window.goto(f"/dev/mailbox?search={email}")
        window.click("link", email, exact=False)
        window.click("link", "Source")
        window.wait_for("MIME-Version: 1.0")
        assert f"To: {email}" in window.text
