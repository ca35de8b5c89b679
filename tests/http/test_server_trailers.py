"""What follows a body in chunks: the size of the next chunk, and trailers; over real sockets."""

from collections.abc import Iterator

import pytest

from tests.http.probe_server import ProbeApp, RunningServer, running
from tests.http.raw_client import eventually, exchange, get

HEAD = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture
def served() -> Iterator[RunningServer]:
    with running(ProbeApp()) as server:
        yield server


@pytest.mark.parametrize(
    "end",
    [b"0\r\nA: " + b"a" * 3_000_000, b"0\r\n" + b"A: b\r\n" * 500_000, b"0" * 3_000_000],
    ids=["one", "many", "size"],
)
async def test_trailers_without_an_end_are_refused(served: RunningServer, end: bytes) -> None:
    """IN-09, DOS-05: the parser would keep them all; the application hears of a disconnect."""
    (answer,) = await exchange(served.port, HEAD + b"2\r\nab\r\n", end)

    assert (answer.status, answer.problem["error_code"]) == (431, "headers_too_large")
    assert answer.headers["connection"] == "close"
    assert served.app.seen == ["POST /"]
    await eventually(lambda: served.app.disconnected == 1)


async def test_trailers_below_the_limit_and_a_body_in_many_pieces_pass(served: RunningServer) -> None:
    """They count for no later request on the connection."""
    chunks = [b"1000\r\n" + b"x" * 4096 + b"\r\n"] * 10
    trailers = [b"A: " + b"a" * 5000, b"a" * 5000 + b"\r\n", b"B: " + b"b" * 5000 + b"\r\n\r\n"]
    following = get("/next", "X: " + "a" * 8000, "Connection: close")
    answers = await exchange(served.port, HEAD, *chunks, b"0\r\n", *trailers, following[:8000], following[8000:])

    assert [answer.body for answer in answers] == [b"POST / " + b"x" * 40_960, b"GET /next "]
