"""One URL, one resource: an address is written in one way, and no other way leads to what answers there"""

from collections.abc import Iterator
from urllib.parse import unquote

import pytest

from bukhindor.web.edge.plain_path import plain_path
from tests.http.databases import SqliteDatabases
from tests.http.hostile_requests import HostileRequest
from tests.http.service import PASSWORD, People
from tests.http.strict_client import StrictAnswer, ask
from tests.http.target import served

CLOSE = (b"connection", b"close")
PREFLIGHT = [(b"origin", b"http://localhost:3000"), (b"access-control-request-method", b"GET")]
PLACES = [
    "/api/v1/auth/me", "/v1/auth/me", "/health", "/health/live", "/api/health", "/api/health/ready",
    "/.well-known/jwks.json", "/openapi.json", "/docs", "/docs/docs.js", "/account/assets/page.css",
    "/account/reset-password", "/dev/mailbox", "/dev/mailbox.json",
]  # fmt: skip
PREFIXES = ["/", "//", "/.", "/..", "/x/..", "/%2e", "/;", "/%00", "/\\", "%2f", "/%2f"]
SUFFIXES = [
    "//", "///", "/.", "/./", "/..", "/../", "/;", ";", ";x", ";x=1/", "%2f", "/%2f", "%00", "%20", "%0a", "%", "%ff",
    "\\", "/%2e", "%2e", "%3b", "%3f", "%23", "%c0%af", "*", ",", "@", "'", '"', "|", "{x}", "[", "&a=1", ":", "=", "+",
    "!", "^",
]  # fmt: skip


class Served:
    """A service behind its own server."""

    def __init__(self, port: int, people: People) -> None:
        self.port = port
        self.people = people

    def ask(
        self, method: str, target: str, headers: list[tuple[bytes, bytes]] | None = None, body: bytes = b""
    ) -> StrictAnswer:
        """One request of a person who is signed in."""
        request = HostileRequest(method.encode(), target.encode(), [CLOSE, *(headers or [])], body)
        (answer,) = ask(self.port, request.encoded(self.people.user.access_token), [method.encode()])
        return answer


@pytest.fixture(scope="module")
def service(sqlite_databases: SqliteDatabases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(sqlite_databases, tmp_path_factory.mktemp("served")) as (_, port):
        yield Served(port, sqlite_databases.people)


def other_ways(path: str) -> list[str]:
    """What reads like a path to a user, and is not that path."""
    slashes = [at for at, letter in enumerate(path) if letter == "/"]
    inserted = [path[:at] + extra + path[at:] for at in slashes for extra in ("/", "/.", "/x/..", ";", "%2f")]
    encoded = [f"{path[:at]}%{ord(path[at]):02x}{path[at + 1 :]}" for at in range(1, len(path))]
    around = [prefix + path for prefix in PREFIXES] + [path + suffix for suffix in SUFFIXES]
    return [way for way in (*inserted, *encoded, *around) if way.startswith("/")]


@pytest.mark.parametrize("path", PLACES)
def test_another_way_to_write_an_address_is_no_address(service: Served, path: str) -> None:
    """LGN-08, AZ-09: a proxy in front may read it in its own way, and never finds another resource than it thinks."""
    # The page of a mailed link says that its link is dead, since there is no token.
    assert service.ask("GET", path).status == (400 if path == "/account/reset-password" else 200)
    for way in other_ways(path):
        for method, headers in (("GET", []), ("HEAD", []), ("POST", []), ("OPTIONS", []), ("OPTIONS", PREFLIGHT)):
            answer = service.ask(method, way, headers)
            assert answer.status == 404, (method, way)
            if unquote(way).startswith("/account/"):
                assert answer.header(b"content-type") == b"text/html; charset=utf-8"
            else:
                assert answer.header(b"content-type") == b"application/problem+json; charset=utf-8"
                assert (b'"error_code":"not_found"' in answer.body) == (method != "HEAD")
            assert answer.header(b"allow") == answer.header(b"location") == b""


@pytest.mark.parametrize("target", ["//", "///", "/.", "/..", "/%2f", "*", "http://localhost//"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_no_path_at_all_is_no_address(service: Served, method: str, target: str) -> None:
    """LGN-08"""
    assert service.ask(method, target).status == 404


@pytest.mark.parametrize("target", ["/", "http://localhost"])
def test_the_root_is_the_page_of_a_development_installation(service: Served, target: str) -> None:
    """RFC 9112 section 3.2.1: an empty path is sent as the root."""
    assert b"text/html" in service.ask("GET", target).header(b"content-type")
    assert service.ask("OPTIONS", target).header(b"allow") == b"GET, HEAD"
    assert service.ask("POST", target).status == 405


@pytest.mark.parametrize("target", ["//api/v1/auth/login", "http://localhost//api/v1/auth/login", "/v1//auth/login"])
def test_nothing_happens_at_another_way_to_write_an_address(service: Served, target: str) -> None:
    """LGN-08: no sign-in, and no sign-out."""
    credentials = f'{{"email": "{service.people.user.email}", "password": "{PASSWORD}"}}'.encode()
    answer = service.ask("POST", target, body=credentials)
    assert (answer.status, answer.header(b"set-cookie")) == (404, b"")
    assert service.ask("POST", target.replace("login", "logout")).status == 404
    assert service.ask("GET", "/api/v1/auth/me").status == 200


@pytest.mark.parametrize("path", PLACES)
def test_one_slash_at_the_end_is_the_same_address(service: Served, path: str) -> None:
    for method in ("GET", "HEAD", "OPTIONS", "PUT"):
        plain, slashed = service.ask(method, path), service.ask(method, f"{path}/")
        if method != "PUT":
            assert plain.body == slashed.body
        assert plain.status == slashed.status != 404
        assert plain.header(b"allow") == slashed.header(b"allow")


@pytest.mark.parametrize("target", ["/api/v1/auth/me#", "/api/v1/auth/me#x", "/health?a#b", "/#/api/v1/auth/me"])
def test_a_fragment_is_no_part_of_a_request(service: Served, target: str) -> None:
    """RFC 9112 section 3.2. What was cut off here would be part of the name to a proxy."""
    answer = service.ask("GET", target)
    assert (answer.status, b'"error_code":"malformed_request"' in answer.body) == (400, True)


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        (b"/a", "/a"),
        (b"/a/", "/a"),
        (b"/a/b-c_d~e.f/", "/a/b-c_d~e.f"),
        (b"/.a/...", "/.a/..."),
        (b"/a\n", ""),
        (b"/a/\n", ""),
        (b"/", "/"),
        (b"", ""),
        (b"a", ""),
        (b"/a//", ""),
        (b"/a/.", ""),
        (b"/../a", ""),
        (b"/\xd1\x8f", ""),
    ],
)
def test_a_path_is_plain_or_none(raw: bytes, plain: str) -> None:
    assert plain_path(raw) == plain
