"""A new address, from the mail to the account that has moved."""

from tests.pages.browser import Browser, Look
from tests.pages.site import PASSWORD, Site


def test_a_person_confirms_a_new_address_on_a_phone_in_russian(browser: Browser, site: Site) -> None:
    email = site.register("ru")
    new = f"new-{email}"
    body = {"new_email": new, "password": PASSWORD}
    site.post("/auth/change-email", body, token=site.sign_in(email), language="ru")
    with browser.window(site.url, Look("ru")) as window:
        window.goto(site.letter(new, "change-email").link)
        window.click("button", "Подтвердить адрес")
        window.wait_for("Адрес изменён")
        assert window.violations() == []
        window.screenshot("change-email-done")
    assert site.signs_in(new, PASSWORD)
    assert not site.signs_in(email, PASSWORD)
