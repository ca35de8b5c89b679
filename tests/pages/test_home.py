"""/ in development."""

import pytest

from tests.pages.browser import Browser, Look
from tests.pages.site import Site


@pytest.mark.parametrize(
    ("link", "path"),
    [
        ("API documentation", "/docs"),
        ("Development mailbox", "/dev/mailbox"),
        ("Health of the service", "/health/ready"),
    ],
)
def test_the_home_page_leads_to_what_a_developer_needs(browser: Browser, site: Site, link: str, path: str) -> None:
    with browser.window(site.url) as window:
        assert window.goto("/") == 200
        window.click("link", link)
        window.wait_for_address(path)


def test_an_unknown_page_says_so_in_the_language_of_the_browser(browser: Browser, site: Site) -> None:
    with browser.window(site.url, Look("ru")) as window:
        assert window.goto("/account/unknown") == 404
        assert "Такой страницы нет" in window.text
