"""/docs in a browser."""

import pytest

from tests.pages.browser import DESKTOP, PHONE, Browser, Look
from tests.pages.site import Site


# The page speaks English and is light, in whatever way the browser asks.
@pytest.mark.parametrize("look", [Look("en", PHONE, "light"), Look("ru", DESKTOP, "dark")], ids=lambda look: look.name)
def test_the_documentation_calls_the_service(browser: Browser, site: Site, look: Look) -> None:
    """WEB-07: its server is the address that clients use."""
    with browser.window(site.url, look) as window:
        assert window.goto("/docs") == 200
        window.click("button", "GET /health Check that the service responds")
        window.click("button", "Execute")
        window.wait_for("Server response")
        window.screenshot("docs-call", full=False)
        assert f"{site.url}/health" in window.text
        assert '"status": "ok"' in window.text
        assert window.violations() == []
