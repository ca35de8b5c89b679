"""Slow, silent and leaving clients; too many of them; over real sockets.

Each server has one time that a test can reach, and only a client that has done its part runs into it: a machine that
stands still for a moment makes these tests longer and nothing else.
"""

import asyncio
import contextlib
import resource
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.http.probe_server import PATIENT, ProbeApp, RunningServer, running
from tests.http.raw_client import PATIENCE_SECONDS, connection, eventually, exchange, get, read_answer, read_to_end

# Clocks are read in milliseconds here and there.
GRAIN = 0.05
SLOW_CLIENTS = 500


@contextlib.contextmanager
def served(**limits: float) -> Iterator[RunningServer]:
    """A server with these times and sizes, and no others to reach."""
    with running(ProbeApp(), limits=replace(PATIENT, **limits)) as server:  # type: ignore[arg-type]
        yield server


@contextlib.contextmanager
def many_files() -> Iterator[None]:
    """This process is client and server of every connection; systems allow some 256 files, some 1024."""
    usual, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = 3 * SLOW_CLIENTS
    if usual in range(needed):
        # Without a limit it is -1 to some systems.
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed if most < 0 else min(needed, most), most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (usual, most))


async def trickle(writer: asyncio.StreamWriter, data: bytes) -> None:
    """Sends a byte every now and then until the server has had enough."""
    with contextlib.suppress(OSError):
        for byte in data:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.05)


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection so that the server knows at once that its client reads nothing more, unlike after an end."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def test_a_silent_connection_is_closed_without_a_word() -> None:
    """DOS-01: a browser that connected early must not find a 408 there."""
    with served(head_seconds=0.3) as server:
        started = time.monotonic()
        answers = await exchange(server.port)
        took = time.monotonic() - started

    assert answers == []
    assert took > 0.3 - GRAIN


async def test_headers_that_trickle_in_are_dropped_in_time() -> None:
    """DOS-01: more bytes do not move the end; all of them would take fifteen seconds."""
    with served(head_seconds=0.5) as server:
        started = time.monotonic()
        async with connection(server.port) as (reader, writer):
            sending = asyncio.create_task(trickle(writer, get("/", "X: " + "a" * 300)))
            answer = await read_answer(reader)
            took = time.monotonic() - started
            assert await reader.read() == b""
            sending.cancel()

    assert 0.5 - GRAIN < took < 15
    assert (answer.status, answer.problem["error_code"]) == (408, "request_timeout")
    assert answer.headers["connection"] == "close"
    assert server.app.seen == []


async def test_headers_of_a_later_request_have_the_same_time() -> None:
    """DOS-01: from the first of them, however long the connection has been there."""
    with served(head_seconds=1.0) as server:
        async with connection(server.port) as (reader, writer):
            writer.write(get())
            await read_answer(reader)
            await asyncio.sleep(0.2)
            started = time.monotonic()
            writer.write(get()[:-2])
            answers = await read_to_end(reader)
            took = time.monotonic() - started

    assert took > 1.0 - GRAIN
    assert [answer.status for answer in answers] == [408]


async def test_a_body_that_trickles_in_is_dropped_in_time() -> None:
    """DOS-01, DOS-05: the application hears of a disconnect; what is sent of the body takes fifteen seconds."""
    with served(body_seconds=0.4) as server:
        started = time.monotonic()
        async with connection(server.port) as (reader, writer):
            writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n")
            sending = asyncio.create_task(trickle(writer, b"x" * 300))
            answer = await read_answer(reader)
            took = time.monotonic() - started
            sending.cancel()
        await eventually(lambda: server.app.disconnected == 1)

    assert 0.4 - GRAIN < took < 15
    assert (answer.status, answer.problem["error_code"]) == (408, "request_timeout")
    assert server.app.seen == ["POST /"]


async def test_a_body_may_come_late_but_in_time() -> None:
    """The time for headers is over by then."""
    head = b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    with served(head_seconds=0.5) as server:
        async with connection(server.port) as (reader, writer):
            for _ in range(2):
                writer.write(head)
                assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
                await asyncio.sleep(0.7)
                writer.write(b"ab")
                answer = await read_answer(reader)
                assert answer.body == b"POST / ab"


async def test_an_idle_connection_is_kept_for_its_time() -> None:
    """The time restarts with each response: all requests together take longer."""
    with served(idle_seconds=2.0) as server:
        async with connection(server.port) as (reader, writer):
            for _ in range(5):
                writer.write(get())
                assert (await read_answer(reader)).status == 200
                await asyncio.sleep(0.45)
            started = time.monotonic()
            writer.write(get())
            await read_answer(reader)
            assert await reader.read() == b""
            took = time.monotonic() - started

    assert took > 2.0 - GRAIN


async def test_a_slow_answer_is_not_cut_by_the_times_of_the_request() -> None:
    """A request that the server itself leaves unread meanwhile is not cut off either: its end is there when the server
    looks again.
    """
    with served(head_seconds=0.3, body_seconds=0.4, idle_seconds=0.4) as server:
        async with connection(server.port) as (reader, writer):
            writer.write(get("/unread") + get("/next") + get("/last")[:-2])
            await eventually(lambda: server.app.seen)
            writer.write(b"\r\n")
            assert (await read_answer(reader)).body == b"GET /unread "
            assert (await read_answer(reader)).body == b"GET /next "
            assert (await read_answer(reader)).body == b"GET /last "


async def test_an_early_answer_reaches_a_client_that_is_still_sending() -> None:
    """IN-02: no connection reset before the response is read."""
    with served() as server:
        async with connection(server.port) as (reader, writer):
            writer.write(b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n")
            writer.write(b"x" * 5_000_000)
            await asyncio.sleep(0.1)
            answers = await read_to_end(reader)

    assert [(answer.status, answer.body) for answer in answers] == [(413, b"early")]


@pytest.mark.parametrize("path", ["/large", "/stream"])
async def test_a_client_that_does_not_read_is_cut_off(path: str) -> None:
    """DOS-01: slow read."""
    with served(write_seconds=0.3) as server, socket.create_connection(("127.0.0.1", server.port)) as client:
        started = time.monotonic()
        client.sendall(get(path))
        await eventually(lambda: server.app.seen)
        await eventually(lambda: not server.server.server_state.connections)
        took = time.monotonic() - started
        await eventually(lambda: not server.server.server_state.tasks)

    assert took > 0.3 - GRAIN


async def test_a_client_that_asks_on_without_reading_is_cut_off() -> None:
    """DOS-01: each response is small, and the next request follows it."""
    request = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n" + b"x" * 60_000
    with (
        served(write_seconds=0.3, pipelined_requests=1000) as server,
        socket.create_connection(("127.0.0.1", server.port)) as client,
    ):
        client.settimeout(PATIENCE_SECONDS)

        def ask_on() -> None:
            while True:
                client.sendall(request)

        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            ask_on()
        await eventually(lambda: not server.server.server_state.connections)


async def test_a_slow_but_steady_reader_gets_everything() -> None:
    """One large answer may take longer than the time in which some of it has to be read."""

    async def read_slowly(port: int, header: str) -> None:
        received = 0
        async with connection(port) as (reader, writer):
            writer.write(get("/large", header))
            while received < 16_000_000:
                received += len(await reader.readexactly(1_000_000))
                await asyncio.sleep(0.26)

    with served(write_seconds=2.0) as server:
        started = time.monotonic()
        await asyncio.gather(
            *(read_slowly(server.port, header) for header in ("Connection: close", "Connection: keep-alive"))
        )
        took = time.monotonic() - started

    assert took > 2.0 * 2


async def test_a_body_that_stops_after_the_answer_began_ends_the_connection() -> None:
    """DOS-01: no second status line is put into a response that has begun."""
    with served(body_seconds=0.4) as server:
        async with connection(server.port) as (reader, writer):
            writer.write(b"POST /eager HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\nabc")
            received = await reader.read()
        await eventually(lambda: server.app.disconnected == 1)

    assert received.count(b"HTTP/1.1") == 1


async def test_the_rest_of_a_response_does_not_wait_without_end() -> None:
    """DOS-01: what is left is too little to slow the application down, so that only the server can notice."""
    with served(write_seconds=0.3) as server, socket.create_connection(("127.0.0.1", server.port)) as client:

        def allow_a_large_rest() -> None:
            for each in server.server.server_state.connections:
                each.transport.set_write_buffer_limits(high=100_000_000)

        await eventually(lambda: server.server.server_state.connections)
        server.call(allow_a_large_rest)
        started = time.monotonic()
        client.sendall(get("/large"))
        await eventually(lambda: server.app.seen)
        await eventually(lambda: not server.server.server_state.connections)
        took = time.monotonic() - started

    assert took > 0.3 - GRAIN


async def test_a_client_that_leaves_is_noticed() -> None:
    """DOS-05: nothing is left of many aborted requests."""
    with served() as server:
        app, state = server.app, server.server.server_state

        async def leave() -> None:
            async with connection(server.port) as (_, writer):
                writer.write(get("/wait-for-disconnect"))
                await eventually(lambda: len(app.seen) == 100)
                reset(writer)

        await asyncio.gather(*(leave() for _ in range(100)))
        await eventually(lambda: app.disconnected == 100)
        await eventually(lambda: not state.connections)
        await eventually(lambda: not state.tasks)


async def test_a_leaving_client_is_noticed_behind_a_pipelined_request() -> None:
    """DOS-05: the request under way hears of it, the waiting one is never started."""
    with served() as server:
        async with connection(server.port) as (_, writer):
            writer.write(get("/wait-for-disconnect") + get("/second"))
            await eventually(lambda: server.app.seen)
            reset(writer)
            await eventually(lambda: server.app.disconnected == 1)

        await eventually(lambda: not server.server.server_state.tasks)
        assert server.app.seen == ["GET /wait-for-disconnect"]


async def test_good_clients_are_served_beside_five_hundred_slow_ones() -> None:
    """DOS-01, DOS-04: to wait for one after the other would take a quarter of an hour."""
    slow = []
    with many_files(), served(head_seconds=2.0) as server:
        for _ in range(SLOW_CLIENTS):
            slow.append(await asyncio.open_connection("127.0.0.1", server.port))
            slow[-1][1].write(b"GET / HTTP/1.1\r\n")
        started = time.monotonic()
        async with connection(server.port) as (reader, writer):
            for _ in range(20):
                writer.write(get())
                assert (await read_answer(reader)).status == 200
        took = time.monotonic() - started

        answers = await asyncio.gather(*(read_to_end(reader) for reader, _ in slow))
        assert {answer.status for (answer,) in answers} == {408}
        for _, writer in slow:
            writer.close()

    assert took < 15
