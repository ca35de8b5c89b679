"""A client that shuts its sending side after its requests still reads every response (RFC 9112 section 9.6)."""

import asyncio

import pytest

from tests.http.probe_server import ProbeApp, running
from tests.http.raw_client import Answer, connection, eventually, get, read_to_end

POST = b"POST /slow/0.2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n"


async def answers_to(port: int, *pieces: bytes) -> list[Answer]:
    """Send the pieces, stop sending, and read to the end."""
    async with connection(port) as (reader, writer):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.02)
        writer.write_eof()
        return await read_to_end(reader)


@pytest.mark.parametrize(
    ("pieces", "bodies"),
    [
        ([get("/fast")], [b"GET /fast "]),
        ([get("/slow/0.2")], [b"GET /slow/0.2 "]),
        ([POST + b"ab"], [b"POST /slow/0.2 ab"]),
        ([POST, b"a", b"b"], [b"POST /slow/0.2 ab"]),
        ([get("/slow/0.2") + get("/slow/0.1"), get("/last")], [b"GET /slow/0.2 ", b"GET /slow/0.1 ", b"GET /last "]),
        ([b"GET /slow/0.2 HTTP/1.0\r\n\r\n"], [b"GET /slow/0.2 "]),
    ],
    ids=["fast", "slow", "with a body", "a body in pieces", "pipelined", "HTTP/1.0"],
)
async def test_every_response_arrives(pieces: list[bytes], bodies: list[bytes]) -> None:
    with running(ProbeApp()) as server:
        answers = await answers_to(server.port, *pieces)

    assert [answer.body for answer in answers] == bodies


async def test_a_large_response_arrives_whole() -> None:
    with running(ProbeApp()) as server:
        (answer,) = await answers_to(server.port, get("/large"))

    assert len(answer.body) == 16_000_000


@pytest.mark.parametrize("unfinished", [get("/")[:-2], POST + b"a"], ids=["head", "body"])
async def test_a_request_that_never_ends_is_refused_after_the_responses_before_it(unfinished: bytes) -> None:
    """Its sender can read why; the application hears of a body that does not come."""
    with running(ProbeApp()) as server:
        answers = await answers_to(server.port, get("/slow/0.2") + unfinished)

    assert [answer.status for answer in answers] == [200, 400]
    assert answers[1].problem["error_code"] == "malformed_request"
    assert server.app.seen == ["GET /slow/0.2"]


async def test_a_connection_without_a_request_under_way_is_closed() -> None:
    with running(ProbeApp()) as server:
        assert await answers_to(server.port) == []
        async with connection(server.port) as (reader, writer):
            writer.write(get())
            assert (await reader.readuntil(b"GET / ")).startswith(b"HTTP/1.1 200")
            writer.write_eof()
            await reader.read()
        await eventually(lambda: not server.server.server_state.connections)


async def test_nothing_is_left_of_clients_that_leave_without_a_word() -> None:
    """DOS-05: to leave looks like a half-close until the response is written."""
    with running(ProbeApp()) as server:
        for _ in range(20):
            async with connection(server.port) as (_, writer):
                writer.write(get("/slow/0.2"))
                await writer.drain()
        await eventually(lambda: len(server.app.seen) == 20)
        await eventually(lambda: not server.server.server_state.connections)
        await eventually(lambda: not server.server.server_state.tasks)
