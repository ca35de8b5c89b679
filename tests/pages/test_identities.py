"""A person signs in with an account elsewhere: npm's oidc-provider, in a real browser, to the end."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.pages.browser import DESKTOP, PHONE, Browser, Look, Size, Window
from tests.pages.site import PASSWORD, Site
from tests.pages.stranger import Stranger, acquainted, introduce
from tests.servers.processes import free_port

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


@pytest.fixture(scope="module")
def places() -> Iterator[tuple[Site, Stranger]]:
    with acquainted() as both:
        yield both


@contextmanager
def visited(browser: Browser, places: tuple[Site, Stranger], look: Look | None = None) -> Iterator[Window]:
    site, stranger = places
    with browser.window(site.url, look or Look(), others=[stranger.origin]) as window:
        yield window


def sign_in(window: Window, email: str) -> None:
    window.goto("/account/sign-in")
    window.evaluate("document.getElementById('email').focus()")
    window.type(email)
    window.fill("Password", PASSWORD)
    window.click("button", "Sign in")
    window.wait_for("Signed in as")


def go_on_as(window: Window, who: str) -> None:
    window.goto("/account/sign-in?next=/account/sessions")
    window.click("link", "Continue with Elsewhere")
    introduce(window, who)


@pytest.mark.parametrize("response_mode", ["query", "form_post"])
def test_continue_with_signs_a_new_person_in(browser: Browser, response_mode: str) -> None:
    """IDP-12: with `form_post` a form of another site answers, as at Apple, and the cookie comes with the redirect."""
    with acquainted(response_mode) as places, visited(browser, places) as window:
        go_on_as(window, "ann@example.com")
        window.wait_for("This device")
        assert window.url == f"{places[0].url}/account/sessions"
        window.goto("/account")
        assert "ann@example.com" in window.text
        assert window.evaluate("document.cookie") == ""

        # The provider remembers her; so does the service.
        window.click("button", "Sign out")
        window.wait_for_address("/account/sign-in")
        window.click("link", "Continue with Elsewhere")
        window.wait_for("ann@example.com")
        assert window.url == f"{places[0].url}/account"


def test_an_account_with_a_verified_address_is_joined(browser: Browser, places: tuple[Site, Stranger]) -> None:
    site = places[0]
    email = site.register()
    with visited(browser, places) as window:
        window.goto(site.letter(email, "verify-email").link)
        window.fill("Your password", PASSWORD)
        window.click("button", "Verify the address")
        window.wait_for("Your address is verified")
        go_on_as(window, email)
        window.wait_for("This device")
    assert site.signs_in(email, PASSWORD)


def test_an_address_that_a_stranger_registered_goes_to_its_owner(
    browser: Browser, places: tuple[Site, Stranger]
) -> None:
    """Account pre-hijacking: the password from before the proof is void."""
    site = places[0]
    email = site.register()
    with visited(browser, places) as window:
        go_on_as(window, email)
        window.wait_for("This device")
    assert not site.signs_in(email, PASSWORD)


def test_an_address_that_is_not_verified_elsewhere_opens_nothing(
    browser: Browser, places: tuple[Site, Stranger]
) -> None:
    with visited(browser, places) as window:
        go_on_as(window, "unproven@example.com")
        window.wait_for("The provider has not verified your email address.")
        assert window.violations() == []
        window.goto("/account")
        window.wait_for_address("/account/sign-in?next=%2Faccount")


def test_a_person_who_declines_reads_so(browser: Browser, places: tuple[Site, Stranger]) -> None:
    with visited(browser, places) as window:
        window.goto("/account/sign-in")
        window.click("link", "Continue with Elsewhere")
        window.click("button", "Cancel")
        window.wait_for("You did not complete the sign-in there.")
        assert window.violations() == []


def test_a_provider_that_is_away_leaves_the_other_ways_in(browser: Browser) -> None:
    with acquainted() as places, visited(browser, places) as window:
        places[1].stop()
        window.goto("/account/sign-in")
        window.click("link", "Continue with Elsewhere")
        window.wait_for("The provider is not available")
        assert window.violations() == []
        email = places[0].register()
        window.evaluate("document.getElementById('email').focus()")
        window.type(email)
        window.fill("Password", PASSWORD)
        window.click("button", "Sign in")
        window.wait_for("Signed in as")


def test_a_person_connects_an_account_and_disconnects_it(browser: Browser, places: tuple[Site, Stranger]) -> None:
    """IDP-12"""
    site = places[0]
    email = site.register()
    with visited(browser, places) as window:
        sign_in(window, email)
        window.click("link", "Linked accounts")
        window.click("button", "Connect Elsewhere")
        introduce(window, "unproven-second@example.org")
        window.wait_for("unproven-second@example.org")
        assert window.url == f"{site.url}/account/identities"
        window.screenshot("linked-accounts")
        assert window.violations() == []

        window.goto("/account")
        window.click("button", "Sign out")
        window.click("link", "Continue with Elsewhere")
        window.wait_for(email)

        window.click("link", "Linked accounts")
        window.click("button", "Disconnect", exact=False)
        window.wait_for("No account is linked yet.")
    assert site.signs_in(email, PASSWORD)


def test_the_last_way_in_stays(browser: Browser, places: tuple[Site, Stranger]) -> None:
    with visited(browser, places) as window:
        go_on_as(window, "last@example.com")
        window.wait_for("This device")
        window.goto("/account/identities")
        window.click("button", "Disconnect", exact=False)
        window.wait_for("This is the last way to sign in to this account")
        assert window.violations() == []
        window.click("link", "Linked accounts")
        window.wait_for("last@example.com")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("language", ["en", "ru"])
def test_axe_finds_nothing(
    browser: Browser, places: tuple[Site, Stranger], language: str, size: Size, scheme: str
) -> None:
    with visited(browser, places, Look(language, size, scheme)) as window:
        window.goto("/account/sign-in")
        window.screenshot("sign-in-with-providers")
        assert window.violations() == []
        window.click("link", "Continue with Elsewhere" if language == "en" else "Продолжить с Elsewhere")
        introduce(window, "axe@example.com")
        window.goto("/account/identities")
        window.screenshot("linked-accounts")
        assert window.violations() == []


def test_an_app_signs_in_through_the_browser(browser: Browser) -> None:
    """The app opens the start, and reads the code from the address that the browser ends on."""
    with app_page() as redirect, acquainted(APP_REDIRECTS=redirect) as places:
        site, stranger = places
        challenge = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
        query = urlencode({"redirect_uri": redirect, "code_challenge": challenge, "state": "of-the-app"})
        with browser.window(site.url, others=[stranger.origin, redirect.rpartition("/")[0]]) as window:
            window.goto(f"/api/v1/auth/identities/elsewhere/start?{query}")
            introduce(window, "app@example.com")
            window.wait_for("This is the app.")
            answer = parse_qs(urlsplit(window.url).query)
        assert answer["state"] == ["of-the-app"]
        body = {"code": answer["code"][0], "code_verifier": VERIFIER}
        signed_in = site.post("/auth/identities/exchange", body)
        assert signed_in["created"] is True
        assert signed_in["user"]["access_token"]


@contextmanager
def app_page() -> Iterator[str]:
    """The page of an app that is not ours, on a free port."""
    server = ThreadingHTTPServer(("127.0.0.1", free_port()), _AppPage)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}/signed-in"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _AppPage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b'<!doctype html><title>App</title><link rel="icon" href="data:,"><p>This is the app.')

    def log_message(self, *_: object) -> None:
        """The run has a log of its own."""
