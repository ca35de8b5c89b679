"""/docs in a browser."""

from tests.pages.browser import DESKTOP, Browser, Look
from tests.pages.site import Site


def test_the_documentation_calls_the_service(browser: Browser, site: Site) -> None:
    """WEB-07: its server is the address that clients use."""
    with browser.window(site.url, Look(size=DESKTOP)) as window:
        assert window.goto("/docs") == 200
        window.click("button", "GET /health Tell that the service answers")
        window.click("button", "Execute")
        window.wait_for("Server response")
        window.screenshot("docs-call", full=False)
        assert f"{site.url}/health" in window.text
        assert '"status": "ok"' in window.text
