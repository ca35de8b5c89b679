"""The later version that generated clients meet: each object in a response has one more member"""

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from tests.clients.later_version import later_version

ADDED = {"added_later": {"since": "1.9"}}
RESPONSES = {
    "/user": (200, "application/json", b'{"id": 1, "tags": ["a", {"name": "b"}], "session": {"ip": null}}'),
    "/users": (200, "application/json; charset=utf-8", b"[{}, []]"),
    "/refused": (404, "application/problem+json", b'{"error_code": "user_not_found", "errors": [{"field": "id"}]}'),
    "/page": (200, "text/html", b'<p>{"id": 1}</p>'),
    "/gone": (204, "", b""),
}


@contextmanager
def this_version() -> Iterator[int]:
    """The port of a server that sends `RESPONSES`, and to a POST what it received."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # The name that http.server looks for.
            status, media_type, content = RESPONSES[self.path]
            self._send(status, media_type, content, {"retry-after": "7"})

        def do_POST(self) -> None:
            received = self.rfile.read(int(self.headers["content-length"])).decode()
            self._send(201, "text/plain", f"{self.headers['authorization']} {received}".encode(), {})

        def _send(self, status: int, media_type: str, content: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "content-type": media_type, "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # The name is inherited.
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_port
        finally:
            server.shutdown()


def ask(port: int, method: str, path: str, body: str | None = None) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body, {"authorization": "Bearer x"})
    answer = connection.getresponse()
    content = answer.read().decode()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content


def test_every_object_in_json_has_one_more_member() -> None:
    with this_version() as port, later_version(port) as later:
        status, headers, content = ask(later, "GET", "/user")
        session = {"ip": None, **ADDED}
        assert json.loads(content) == {"id": 1, "tags": ["a", {"name": "b", **ADDED}], "session": session, **ADDED}
        assert (status, headers["retry-after"], headers["content-length"]) == (200, "7", str(len(content)))
        assert json.loads(ask(later, "GET", "/users")[2]) == [ADDED, []]
        status, headers, content = ask(later, "GET", "/refused")
        refused = {"error_code": "user_not_found", "errors": [{"field": "id", **ADDED}], **ADDED}
        assert (status, headers["content-type"]) == (404, "application/problem+json")
        assert json.loads(content) == refused


def test_everything_else_passes_as_it_is() -> None:
    with this_version() as port, later_version(port) as later:
        for path in ("/page", "/gone"):
            status, media_type, content = RESPONSES[path]
            answer = ask(later, "GET", path)
            assert (answer[0], answer[1]["content-type"], answer[2]) == (status, media_type, content.decode())
        assert ask(later, "POST", "/user", '{"name": "Anna"}')[::2] == (201, 'Bearer x {"name": "Anna"}')
