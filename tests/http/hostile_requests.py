"""Requests made to hurt: to every route, with raw bytes and nasty fragments wherever a client can put them."""

import json
import re
from dataclasses import dataclass, field

from hypothesis import strategies as st

from bukhindor.web.addresses import ALIASES
from bukhindor.web.app import rows
from tests.http.service import PASSWORD, PUBLIC_URL

ROWS = rows(with_home=True, with_mailbox=True)
OPERATIONS = [(row.method, row.path) for row in ROWS]
UNKNOWN_ID = "01890a5d-ac96-774b-bcce-b302099a8057"

FRAGMENTS = [
    b"http://[", b"https://[::1", b"[::1", b"]", b"[", b"//", b"/", b"\\", b"..", b"%", b"%2", b"%ff", b"%00", b"%2f",
    b"%2e", b"%c0%af", b"%ed%a0%80", b"%f0%9f%98%80", b"\x00", b"\x01", b"\x7f", b"\x80", b"\x85", b"\xff",
    b"\xc0\xaf", b"\xed\xa0\x80", "ключ".encode(), b"\x1b[31m", b"\t", b" ", b";", b";q=", b";q=nan", b";q=inf",
    b";q=1e999", b"q=-1", b"en", b"ru", b",", b",,", b"=", b"==", b'"', b'"\\', b"'", b"&", b"?", b"#", b"@", b":",
    b":99999", b"*", b"$Version=1", b"access_token=", b"__Host-access_token=", b"Bearer", b"bearer ", b"null", b"nan",
    b"-1", b"0", b"0x", b"1_0", b"1e999", b"9" * 400, b"9" * 5000, b"{}", b"{0}", b"%s", b"%(a)s", b"${a}", b"<b>",
    b"::ffff:1.2.3.4", b"fe80::1%a", b"00-", b"0" * 32, b"f" * 16, b"-01", b"ff-", b"localhost", b"charset", b"utf-8",
    b"utf-16", b"--", b"a" * 130,
]  # fmt: skip


# What HTTP allows in no header (RFC 9110 section 5.5), and what in no target: one of them ends the connection.
FORBIDDEN = frozenset(range(32)) - frozenset(b"\t") | {127}
_NOT_IN_TARGETS = FORBIDDEN | frozenset(b"\t #") | frozenset(range(128, 256))


def without(characters: frozenset[int], raw: bytes) -> bytes:
    return bytes(character for character in raw if character not in characters)


def often_without(characters: frozenset[int]) -> st.SearchStrategy[bytes]:
    """Nasty bytes that get past the server most of the time. Ends of lines would make two requests of one."""
    parts = st.sampled_from(FRAGMENTS) | st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=8), max_size=4).map(
        b"".join
    )
    passing = parts.map(lambda raw: without(characters, raw))
    return st.one_of(passing, passing, passing, parts.map(lambda raw: without(frozenset(b"\r\n"), raw)))


in_headers, in_targets = often_without(FORBIDDEN), often_without(_NOT_IN_TARGETS)

# Every header that the service or its server reads, with values that it knows, so that nasty ones meet good ones.
HEADERS: dict[bytes, list[bytes]] = {
    b"accept": [b"*/*", b"text/html"],
    b"accept-encoding": [b"gzip", b"identity;q=0"],
    b"accept-language": [b"ru", b"en;q=0.5, ru;q=0.7", b"ru-RU,ru;q=0.9"],
    b"access-control-request-headers": [b"authorization"],
    b"access-control-request-method": [b"GET", b"PATCH"],
    b"authorization": [b"Bearer x", b"Bearer a.b.c", b"Basic eA==", b"Bearer"],
    b"connection": [b"close", b"keep-alive", b"upgrade"],
    b"content-encoding": [b"identity", b"gzip"],
    b"content-length": [b"0", b"1", b"+1", b"1, 1"],
    b"content-type": [
        b"application/json", b'application/json; charset="utf-8"', b"application/x-www-form-urlencoded",
        b"multipart/form-data; boundary=x", b"application/problem+json",
    ],
    b"cookie": [b"access_token=x", b"a=b; access_token=a.b.c", b'access_token="x'],
    b"expect": [b"100-continue"],
    b"forwarded": [b"for=1.2.3.4"],
    b"host": [b"localhost:8080", b"a"],
    b"if-none-match": [b"*"],
    b"origin": [PUBLIC_URL.encode(), b"http://localhost:3000", b"https://evil.example", b"null"],
    b"range": [b"bytes=0-1"],
    b"referer": [PUBLIC_URL.encode()],
    b"sec-fetch-site": [b"same-origin", b"cross-site", b"none"],
    b"traceparent": [
        b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", b"00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-00",
    ],
    b"tracestate": [b"a=b"],
    b"transfer-encoding": [b"chunked", b"gzip"],
    b"upgrade": [b"websocket", b"h2c"],
    b"user-agent": [b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"],
    b"x-app-type": [b"ios", b"web"],
    b"x-app-version": [b"1.0.0+7"],
    b"x-device-id": [b"7c9e6679-7425"],
    b"x-device-proof": [b"x"],
    b"x-forwarded-for": [b"198.51.100.7", b"127.0.0.2, 127.0.0.3", b"127.0.0.1," * 700, b"2001:db8::1"],
    b"x-real-ip": [b"198.51.100.7"],
    b"x-request-id": [b"a-1"],
}  # fmt: skip

# What the server itself reads. It ends the connection when that makes no sense.
FRAMING = frozenset({b"connection", b"content-length", b"expect", b"host", b"transfer-encoding", b"upgrade"})

QUERY_NAMES = sorted({name for e in ROWS if e.query for name in e.query.__struct_fields__} | {"token"})
GOOD_QUERY_VALUES = [
    b"1",
    b"asc",
    b"name",
    b"admin",
    b"active",
    b"2026-01-31T12:00:00Z",
    b"0001-01-01T00:00:00%2B23:59",
]

_BODY_FIELDS = {
    "email": "uma@example.com", "password": PASSWORD, "name": "Anna", "new_email": "new@example.org",
    "new_password": "scarlet-heron-77", "refresh_token": "bkr_x",
}  # fmt: skip
_PROOF = {"token": "x", "new_password": "scarlet-heron-77"}
GOOD_BODIES = [
    json.dumps(_BODY_FIELDS).encode(),
    json.dumps(_PROOF).encode(),
    b"{}",
    b"token=x&password=violet-otter-41",
]


@dataclass(frozen=True)
class HostileRequest:
    """`way` says how the request is signed, by `who`."""

    method: bytes
    target: bytes
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    who: str | None = None
    way: str = "bearer"

    def encoded(self, token: str) -> bytes:
        """On the wire, with what every client sends besides, and with the token unless that is empty."""
        headers = self.headers[:]
        names = {name for name, _ in headers}
        if b"host" not in names:
            headers.insert(0, (b"host", b"localhost:8080"))
        if self.body and not names & {b"content-length", b"transfer-encoding"}:
            headers.append((b"content-length", b"%d" % len(self.body)))
        if self.body and b"content-type" not in names:
            headers.append((b"content-type", b"application/json"))
        if token and self.way == "bearer":
            headers.insert(0, (b"authorization", b"Bearer " + token.encode()))
        elif token:
            headers.insert(0, (b"cookie", b"access_token=" + token.encode()))
        lines = [b"%b %b HTTP/1.1" % (self.method, self.target), *(b"%b: %b" % header for header in headers)]
        return b"\r\n".join([*lines, b"", self.body])


def names_of(path: str) -> list[str]:
    """The addresses that lead to a path: its own, and those that a front end's proxy makes of it."""
    others = [alias + path.removeprefix(target) for alias, target in ALIASES if path.startswith(target)]
    return [path, *others]


_QUERY_PAIRS = st.tuples(
    st.sampled_from([name.encode() for name in QUERY_NAMES]) | in_targets,
    st.sampled_from(GOOD_QUERY_VALUES) | in_targets,
).map(b"=".join)


def hostile_requests(ids: list[str]) -> st.SearchStrategy[HostileRequest]:
    """Requests whose paths name these ids at times."""

    # What the server itself reads ends the connection when it is not valid.
    names_of_headers = [*sorted(HEADERS.keys() - FRAMING) * 4, *sorted(FRAMING)]

    @st.composite
    def targets(draw: st.DrawFn, template: str) -> bytes:
        words = [*ids, UNKNOWN_ID, "reset-password", "docs.js"]
        path = draw(st.sampled_from(names_of(template))).encode()
        while parameter := re.search(rb"\{[a-z_]+\}", path):
            value = draw(st.sampled_from([word.encode() for word in words]) | in_targets)
            path = path[: parameter.start()] + value + path[parameter.end() :]
        if draw(st.integers(0, 9)) == 0:
            place = draw(st.integers(0, len(path)))
            path = path[:place] + draw(st.sampled_from(FRAGMENTS)) + path[place:]
        pairs = draw(st.lists(_QUERY_PAIRS, max_size=3))
        return path + b"?" + b"&".join(pairs) if pairs else path

    @st.composite
    def requests(draw: st.DrawFn) -> HostileRequest:
        own_method, template = draw(st.sampled_from(OPERATIONS))
        others = st.sampled_from(["HEAD", "OPTIONS", "GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
        method = own_method if draw(st.integers(0, 4)) else draw(others)
        names = draw(st.lists(st.sampled_from(names_of_headers), max_size=6))
        headers = [(name, draw(st.sampled_from(HEADERS[name]) | in_headers)) for name in names]
        # What proves a person's will is left out where it would end the account.
        bodies = [b"", b"{}"] if method == "DELETE" else [b"", *GOOD_BODIES]
        body = draw(st.sampled_from(bodies) | in_headers)
        who = draw(st.sampled_from([None, "admin", "user"]))
        way = draw(st.sampled_from(["bearer", "cookie"]))
        return HostileRequest(method.encode(), draw(targets(template)), headers, body, who, way)

    return requests()


heads = st.lists(
    st.sampled_from([*FRAGMENTS, b"\r\n", b"\r", b"\n", b"\r\n\r\n", b"GET ", b" HTTP/1.1", b"Host: a"])
    | st.sampled_from([name + b": " for name in HEADERS])
    | st.binary(max_size=8),
    max_size=12,
).map(b"".join)
"""Heads of no form at all."""
