"""From a registration in the app to a verified address, as a person sees it who has read no documents."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pages.browser import Browser, Look
from tests.pages.site import PASSWORD, Site, served

LOGO = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40" width="40" height="40">
<circle cx="20" cy="20" r="18" fill="#8a3b12"/></svg>"""


@pytest.fixture(scope="module")
def bakery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A service with the name, color and logo of another team."""
    logo = Path(tmp_path_factory.mktemp("bakery"), "logo.svg")
    logo.write_text(LOGO)
    with served(PRODUCT_NAME="Пекарня", PRODUCT_COLOR="#8a3b12", PRODUCT_LOGO=str(logo)) as site:
        yield site


def test_a_person_verifies_the_address_on_a_phone_in_russian(browser: Browser, bakery: Site) -> None:
    email = bakery.register("ru")
    letter = bakery.letter(email, "verify-email")
    assert not bakery.account(email)["email_verified"]
    with browser.window(bakery.url, Look("ru")) as window:
        window.goto("/")
        window.screenshot("bakery-home")
        window.click("link", "Почтовый ящик разработчика")
        window.click("link", email, exact=False)
        assert window.title.startswith(letter.subject)
        assert "Пекарня" in letter.subject
        window.screenshot("bakery-mail")
        window.click("link", letter.link, exact=False)
        assert "Пекарня" in window.text
        assert window.evaluate("[...document.images].every((image) => image.naturalWidth > 0)"), "the logo is shown"
        assert "Bukhindor" not in window.text
        window.screenshot("bakery-verify-email")
        window.fill("Ваш пароль", PASSWORD)
        window.click("button", "Подтвердить адрес")
        window.wait_for("Адрес подтверждён")
        window.screenshot("bakery-verified")
    assert bakery.account(email)["email_verified"]
