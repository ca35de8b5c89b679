"""What the server refuses before the application sees it, over real sockets."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.http.probe_server import ProbeApp, RunningServer, running
from tests.http.raw_client import Answer, connection, eventually, exchange, get, read_answer
from tests.http.strict_client import received

MEMBERS = {"type", "title", "status", "detail", "instance", "error", "code", "error_code", "request_id"}


@pytest.fixture(scope="module")
def served() -> Iterator[RunningServer]:
    with running(ProbeApp()) as server:
        yield server


@pytest.fixture
def app(served: RunningServer) -> ProbeApp:
    """The application of the shared server, with nothing seen yet."""
    served.app.forget()
    return served.app


def assert_problem(answer: Answer, status: int, error_code: str) -> None:
    problem = answer.problem
    assert answer.status == status
    assert set(problem) == MEMBERS
    assert problem["type"] == "about:blank"
    assert problem["status"] == problem["code"] == status
    assert problem["error"] == problem["detail"]
    assert problem["error_code"] == error_code
    assert answer.headers["content-type"] == "application/problem+json; charset=utf-8"
    assert answer.headers["connection"] == "close"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["strict-transport-security"].startswith("max-age=")
    assert answer.headers["vary"] == "Origin"
    assert answer.headers["x-request-id"] == problem["request_id"]
    assert "date" in answer.headers
    assert "server" not in answer.headers


def post(*headers: str, body: str = "", version: str = "1.1") -> bytes:
    return "\r\n".join([f"POST / HTTP/{version}", "Host: a", *headers, "", body]).encode("latin-1")


CHUNKED = "Transfer-Encoding: chunked"
END = "0\r\n\r\n"

REFUSED = {
    "not HTTP": b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
    "length and coding": post("Content-Length: 5", CHUNKED, body=END),
    "coding and length": post(CHUNKED, "Content-Length: 5", body=END),
    "two lengths": post("Content-Length: 4", "Content-Length: 5", body="abcd"),
    "the same length twice": post("Content-Length: 4", "Content-Length: 4", body="abcd"),
    "a list of lengths": post("Content-Length: 4, 4", body="abcd"),
    "a length with a sign": post("Content-Length: +4", body="abcd"),
    "an endless length": post("Content-Length: 99999999999999999999", body="abcd"),
    "space before the colon": post("Content-Length : 4", body="abcd"),
    "unknown coding": post("Transfer-Encoding: xchunked", body=END),
    "identity coding": post("Transfer-Encoding: identity", body=END),
    "two codings": post("Transfer-Encoding: gzip, chunked", body=END),
    "chunked not last": post("Transfer-Encoding: chunked, identity", body=END),
    "coding twice": post("Transfer-Encoding: identity", CHUNKED, body=END),
    "coding with a blank behind it": post("Transfer-Encoding: chunked ", body=END),
    "coding with a vertical tab": post("Transfer-Encoding: \x0bchunked", body=END),
    "quoted coding": post('Transfer-Encoding: "chunked"', body=END),
    "coding in HTTP/1.0": post(CHUNKED, body=END, version="1.0"),
    "bare LF everywhere": b"GET / HTTP/1.1\nHost: a\n\n",
    "bare LF after a header": b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
    "bare LF at the end": b"GET / HTTP/1.1\r\nHost: a\r\n\n",
    "bare CR": b"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
    "folded header": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n",
    "folded request line": b"GET / HTTP/1.1\r\n X: a\r\nHost: a\r\n\r\n",
    "NUL in a header": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
    "header without a name": b"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "host with a path": get(host="a/b"),
    "host with a query": get(host="x/health?"),
    "host with a fragment": get(host="a/docs#"),
    "host with a blank": get(host="a b"),
    "host with a backslash": get(host="a\\b"),
    "unknown version": b"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "tunnel": b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
    "space in the path": get("/a b"),
    "raw byte in the path": get("/\xff"),
    "no path": get("http://"),
    "fragment": get("/a#b"),
    "fragment of a query": get("/a?b#"),
}

REFUSED_CHUNKS = {
    "garbage in an extension": "1;a=\x01\r\nx\r\n" + END,
    "bare LF in an extension": "1;a\nx\r\n" + END,
    "line end in a quoted extension": '1;a="b\r\nx"\r\n' + END,
    "bare LF after the size": "1\nx\n0\n\n",
    "hexadecimal prefix": "0x1\r\nx\r\n" + END,
    "space after the size": "1 \r\nx\r\n" + END,
    "overflowing size": "f" * 17 + "\r\nx\r\n" + END,
    "more than the size": "1\r\nxy\r\n" + END,
}


@pytest.mark.parametrize("request_bytes", REFUSED.values(), ids=REFUSED.keys())
async def test_an_ambiguous_or_broken_request_is_refused_unseen(
    app: ProbeApp, served: RunningServer, request_bytes: bytes
) -> None:
    """IN-10, ERR-01, ERR-02: 400 and close; what follows on the connection is not taken for a request."""
    answers = await exchange(served.port, request_bytes + get("/smuggled"))

    assert len(answers) == 1
    assert_problem(answers[0], 400, "malformed_request")
    assert app.seen == []


HEADS = [
    b"HEAD /a#b HTTP/1.1\r\nHost: a\r\n\r\n",
    b"HEAD /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
    b"HEAD / HTTP/1.1\r\n\r\n",
]


@pytest.mark.parametrize("head", HEADS)
def test_a_refusal_of_head_has_no_body(app: ProbeApp, served: RunningServer, head: bytes) -> None:
    """RFC 9110 section 9.3.2: a client would take it for the next answer."""
    said = received(served.port, head)
    assert said.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert said.endswith(b"\r\n\r\n")
    assert b"connection: close\r\n" in said
    assert app.seen == []


@pytest.mark.parametrize("body", REFUSED_CHUNKS.values(), ids=REFUSED_CHUNKS.keys())
async def test_a_body_in_broken_chunks_is_refused(app: ProbeApp, served: RunningServer, body: str) -> None:
    """IN-10: the application hears of a disconnect, the client gets 400 and never a second response."""
    answers = await exchange(served.port, post(CHUNKED, body=body) + get("/smuggled"))

    assert len(answers) == 1
    assert_problem(answers[0], 400, "malformed_request")
    assert "GET /smuggled" not in app.seen
    await eventually(lambda: app.disconnected == len(app.seen))


async def test_proper_chunks_are_read_and_trailers_do_not_become_headers(app: ProbeApp, served: RunningServer) -> None:
    body = "2;name=value\r\nab\r\n1\r\nc\r\n0\r\nHost: evil\r\nX-Real-IP: 1.2.3.4\r\n\r\n"
    async with connection(served.port) as (reader, writer):
        writer.write(post(CHUNKED, body=body))
        answer = await read_answer(reader)

    assert answer.body == b"POST / abc"
    assert app.headers == [(b"host", b"a"), (b"transfer-encoding", b"chunked")]


@pytest.mark.parametrize("header", ["Host: a ", "Host:a\t"])
async def test_blanks_around_a_value_are_no_part_of_it(app: ProbeApp, served: RunningServer, header: str) -> None:
    """RFC 9110 section 5.5"""
    async with connection(served.port) as (reader, writer):
        writer.write(f"GET /x HTTP/1.1\r\n{header}\r\n\r\n".encode())
        answer = await read_answer(reader)

    assert (answer.status, answer.body) == (200, b"GET /x ")
    assert app.seen == ["GET /x"]


async def test_pipelined_requests_are_answered_in_their_order(served: RunningServer) -> None:
    """IN-10: a second request on the connection is never mis-attributed."""
    async with connection(served.port) as (reader, writer):
        writer.write(get("/slow/0.1") + post("Content-Length: 2", body="ab") + get("/last", "Connection: close"))
        answers = [await read_answer(reader) for _ in range(3)]

    assert [answer.body for answer in answers] == [b"GET /slow/0.1 ", b"POST / ab", b"GET /last "]


@pytest.mark.parametrize(
    "broken", [b"GARBAGE\r\n\r\n", post(CHUNKED, body="zz\r\n")], ids=["in the request line", "in the body"]
)
async def test_a_broken_request_waits_for_the_answers_before_it(
    app: ProbeApp, served: RunningServer, broken: bytes
) -> None:
    """IN-10: the 400 for the third request is not taken for the response to the first."""
    answers = await exchange(served.port, get("/slow/0.2") + get("/second") + broken)

    assert [answer.body for answer in answers[:2]] == [b"GET /slow/0.2 ", b"GET /second "]
    assert_problem(answers[2], 400, "malformed_request")
    assert app.seen == ["GET /slow/0.2", "GET /second"]


async def test_too_many_pipelined_requests_end_the_connection(app: ProbeApp, served: RunningServer) -> None:
    answers = await exchange(served.port, get("/slow/0.1") + get("/next") * 1000)

    assert [answer.status for answer in answers] == [200] * 6 + [503]
    assert_problem(answers[-1], 503, "too_busy")
    assert len(app.seen) == 6


async def test_bytes_after_a_closing_request_are_ignored(app: ProbeApp, served: RunningServer) -> None:
    answers = await exchange(served.port, get("/one", "Connection: close") + get("/two"))

    assert [answer.body for answer in answers] == [b"GET /one "]
    assert app.seen == ["GET /one"]


@pytest.mark.parametrize("protocol", ["websocket", "h2c"])
async def test_an_upgrade_is_not_made_and_its_body_is_not_a_request(
    app: ProbeApp, served: RunningServer, protocol: str
) -> None:
    """IN-10: the request counts as if it had not asked, in one piece or in two."""
    inner = get("/smuggled").decode()
    upgrade = ("Connection: Upgrade", f"Upgrade: {protocol}", f"Content-Length: {len(inner)}")
    whole = post(*upgrade, body=inner)
    async with connection(served.port) as (reader, writer):
        writer.write(whole + whole)
        answers = [await read_answer(reader), await read_answer(reader)]
        writer.write(whole[: -len(inner)])
        await asyncio.sleep(0.05)
        writer.write(inner.encode())
        answers.append(await read_answer(reader))

    assert [answer.body for answer in answers] == [b"POST / " + inner.encode()] * 3
    assert app.seen == ["POST /"] * 3


@pytest.mark.parametrize(
    ("request_bytes", "status", "error_code"),
    [
        (get("/", *[f"X-{n}: a" for n in range(100)]), 431, "headers_too_large"),
        (get("/", "X: " + "a" * 8200), 431, "headers_too_large"),
        (get("/", *[f"X-{n}: " + "a" * 1000 for n in range(33)]), 431, "headers_too_large"),
        (get("/", "Cookie: a=" + "a" * 16_500), 431, "headers_too_large"),
        (get("/", "X: " + "a" * 3_000_000), 431, "headers_too_large"),
        (b"\r\n" * 200_000, 431, "headers_too_large"),
        (get("/" + "a" * 8192), 414, "url_too_long"),
        (get("/" + "a" * 3_000_000), 414, "url_too_long"),
    ],
    ids=["count", "one", "total", "cookies", "endless one", "endless nothing", "url", "endless url"],
)
async def test_headers_and_urls_have_a_limit(
    app: ProbeApp, served: RunningServer, request_bytes: bytes, status: int, error_code: str
) -> None:
    """IN-09: and the client, still sending, gets to read why."""
    answers = await exchange(served.port, request_bytes)

    assert len(answers) == 1
    assert_problem(answers[0], status, error_code)
    assert app.seen == []


async def test_headers_and_urls_just_below_the_limit_pass(app: ProbeApp, served: RunningServer) -> None:
    headers = ["X: " + "a" * 8100, *[f"X-{n}: a" for n in range(90)], "Connection: close"]
    answers = await exchange(served.port, get("/" + "a" * 8100, *headers))

    assert [answer.status for answer in answers] == [200]


async def test_the_cookies_of_other_programs_do_not_lock_a_browser_out(app: ProbeApp, served: RunningServer) -> None:
    """16 KiB of them, beside headers of the usual size."""
    answers = await exchange(served.port, get("/", "Cookie: " + "a" * 16_384, "X: " + "a" * 8_000, "Connection: close"))

    assert [answer.status for answer in answers] == [200]


async def test_a_client_of_http_1_0_gets_no_100_continue(served: RunningServer) -> None:
    """RFC 9110 section 10.1.1: it would take that for the response."""
    expecting = post("Expect: 100-continue", "Content-Length: 2", version="1.0")
    async with connection(served.port) as (reader, writer):
        writer.write(expecting)
        await asyncio.sleep(0.05)
        writer.write(b"ab")
        answer = await read_answer(reader)

    assert (answer.status, answer.body) == (200, b"POST / ab")


async def test_the_answer_names_the_path_but_not_the_query(served: RunningServer) -> None:
    """ERR-02: a query may hold a token."""
    answers = await exchange(served.port, get("/confirm?token=secret", "X: " + "a" * 9000))

    assert answers[0].problem["instance"] == "/confirm"
    assert b"secret" not in answers[0].body


@pytest.mark.parametrize("target", ["http://evil/path", "http://evil", "//double"])
async def test_other_forms_of_a_target_reach_the_application_as_paths(
    app: ProbeApp, served: RunningServer, target: str
) -> None:
    answers = await exchange(served.port, get(target, "Connection: close"))

    assert answers[0].status == 200
    assert app.seen == ["GET " + {"http://evil/path": "/path", "http://evil": "/", "//double": "//double"}[target]]


async def test_an_old_version_gets_its_answer_and_a_close(app: ProbeApp, served: RunningServer) -> None:
    async with connection(served.port) as (reader, writer):
        writer.write(b"\r\n")
        await asyncio.sleep(0.05)
        writer.write(b"GET /old HTTP/1.0\r\n\r\n")
        answer = await read_answer(reader)
        assert await reader.read() == b""

    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert app.seen == ["GET /old"]


@pytest.mark.parametrize("path", ["/crash", "/silent"])
async def test_a_failing_application_is_a_problem_without_internals(served: RunningServer, path: str) -> None:
    """ERR-01, ERR-02."""
    answers = await exchange(served.port, get(path))

    assert_problem(answers[0], 500, "internal_error")
    assert b"secret" not in answers[0].body


async def test_a_response_that_fails_half_way_does_not_look_complete(served: RunningServer) -> None:
    async with connection(served.port) as (reader, writer):
        writer.write(get("/half"))
        received = await reader.read()

    assert received.endswith(b"4\r\nhalf\r\n")


async def test_a_line_end_in_a_header_never_reaches_the_wire(served: RunningServer) -> None:
    """IN-11: the response is not split; the connection ends."""
    async with connection(served.port) as (reader, writer):
        writer.write(get("/split"))
        received = await reader.read()

    assert b"evil" not in received


async def test_answers_carry_a_date_and_no_server(served: RunningServer) -> None:
    """ERR-02."""
    async with connection(served.port) as (reader, writer):
        writer.write(get())
        answer = await read_answer(reader)

    assert "date" in answer.headers
    assert "server" not in answer.headers
    assert "connection" not in answer.headers
