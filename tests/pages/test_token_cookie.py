"""A web app whose scripts never see a refresh token, with the API on another origin of the same site."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from tests.pages.browser import Browser, Window
from tests.pages.site import PASSWORD, Site

SCRIPT = """
(async () => {{
  const answer = await fetch("{api}/api/v1{path}", {{
    method: "POST",
    credentials: "include",
    headers: {headers},
    body: {body},
  }});
  return {{ status: answer.status, body: await answer.json(), cookies: document.cookie }};
}})()
"""


class App(BaseHTTPRequestHandler):
    """One empty page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>App</title><link rel=icon href=data:,>")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def app_served() -> Iterator[str]:
    """The address of a web app on a port of its own."""
    with ThreadingHTTPServer(("127.0.0.1", 0), App) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


def post(window: Window, site: Site, path: str, body: object = None, **headers: str) -> Any:
    """What a script of the page gets from the API, and the cookies that it sees."""
    sent = headers if body is None else {"content-type": "application/json", **headers}
    content = "undefined" if body is None else json.dumps(json.dumps(body))
    return window.evaluate(SCRIPT.format(api=site.url, path=path, headers=json.dumps(sent), body=content))


def test_a_session_lives_on_without_a_readable_refresh_token(browser: Browser, site: Site) -> None:
    """WEB-01, WEB-02: sign in, reload, refresh, sign out."""
    credentials = {"email": site.register(), "password": PASSWORD}
    with app_served() as app, browser.window(app, others=(site.url,)) as window:
        assert window.goto("/") == 200
        signed_in = post(window, site, "/auth/login", credentials, **{"x-token-transport": "cookie"})
        assert signed_in["status"] == 200
        assert signed_in["body"]["user"]["refresh_token"] == ""
        assert signed_in["cookies"] == ""

        assert window.goto("/") == 200
        for refreshed in [post(window, site, "/auth/refresh") for _ in range(3)]:
            assert refreshed["status"] == 200
            assert refreshed["body"]["user"]["refresh_token"] == ""
            assert refreshed["cookies"] == ""
        bearer = f"Bearer {post(window, site, '/auth/refresh')['body']['user']['access_token']}"

        assert post(window, site, "/auth/logout", authorization=bearer)["status"] == 200
        ended = post(window, site, "/auth/refresh", **{"x-token-transport": "cookie"})
        assert (ended["status"], ended["body"]["error_code"]) == (401, "not_authenticated")


def test_a_page_of_another_site_has_no_part_in_the_session(browser: Browser, site: Site) -> None:
    """WEB-02: the browser itself keeps the cookie back."""
    credentials = {"email": site.register(), "password": PASSWORD}
    with app_served() as app:
        other = app.replace("localhost", "127.0.0.1")
        with browser.window(other, others=(site.url, app)) as window:
            window.goto(f"{app}/")
            assert post(window, site, "/auth/login", credentials, **{"x-token-transport": "cookie"})["status"] == 200
            window.goto("/")
            refused = post(window, site, "/auth/refresh", **{"x-token-transport": "cookie"})
            assert (refused["status"], refused["body"]["error_code"]) == (401, "not_authenticated")
            window.goto(f"{app}/")
            assert post(window, site, "/auth/refresh")["status"] == 200
