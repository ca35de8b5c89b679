"""Slow, silent and leaving clients; too many of them; over real sockets."""

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from tests.http.raw_client import (
    QUICK,
    ProbeApp,
    RunningServer,
    connection,
    exchange,
    get,
    read_answer,
    read_to_end,
    running,
)


@pytest.fixture(scope="module")
def served() -> Iterator[RunningServer]:
    with running(ProbeApp()) as server:
        yield server


@pytest.fixture
def app(served: RunningServer) -> ProbeApp:
    served.app.forget()
    return served.app


async def eventually(condition: Callable[[], object]) -> None:
    """Waits up to two seconds for `condition()`, which another thread makes true."""
    for _ in range(200):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail("the condition never became true")


async def trickle(writer: asyncio.StreamWriter, data: bytes) -> None:
    """Sends a byte every now and then until the server has had enough."""
    with contextlib.suppress(OSError):
        for byte in data:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.05)


async def test_a_silent_connection_is_closed_without_a_word(app: ProbeApp, served: RunningServer) -> None:
    """DOS-01: a browser that connected early must not find a 408 there."""
    started = time.monotonic()
    answers = await exchange(served.port)

    assert answers == []
    assert QUICK.head_seconds - 0.05 < time.monotonic() - started < QUICK.head_seconds + 1.0


async def test_headers_that_trickle_in_are_dropped_in_time(app: ProbeApp, served: RunningServer) -> None:
    """DOS-01: more bytes do not move the end."""
    started = time.monotonic()
    async with connection(served.port) as (reader, writer):
        sending = asyncio.create_task(trickle(writer, get("/", "X: " + "a" * 200)))
        answer = await read_answer(reader)
        took = time.monotonic() - started
        assert await reader.read() == b""
        sending.cancel()

    assert QUICK.head_seconds - 0.05 < took < QUICK.head_seconds + 1.0
    assert (answer.status, answer.problem["error_code"]) == (408, "request_timeout")
    assert answer.headers["connection"] == "close"
    assert app.seen == []


async def test_headers_of_a_later_request_have_the_same_time(app: ProbeApp, served: RunningServer) -> None:
    """DOS-01."""
    async with connection(served.port) as (reader, writer):
        writer.write(get())
        await read_answer(reader)
        await asyncio.sleep(0.2)
        started = time.monotonic()
        writer.write(get()[:-2])
        answers = await read_to_end(reader)

    assert QUICK.head_seconds - 0.05 < time.monotonic() - started < QUICK.head_seconds + 1.0
    assert [answer.status for answer in answers] == [408]


async def test_a_body_that_trickles_in_is_dropped_in_time(app: ProbeApp, served: RunningServer) -> None:
    """DOS-01, DOS-05: the application hears of a disconnect."""
    started = time.monotonic()
    async with connection(served.port) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n")
        sending = asyncio.create_task(trickle(writer, b"x" * 200))
        answer = await read_answer(reader)
        took = time.monotonic() - started
        sending.cancel()

    assert QUICK.body_seconds - 0.05 < took < QUICK.body_seconds + 1.0
    assert (answer.status, answer.problem["error_code"]) == (408, "request_timeout")
    assert app.seen == ["POST /"]
    await eventually(lambda: app.disconnected == 1)


async def test_a_body_may_come_late_but_in_time(app: ProbeApp, served: RunningServer) -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    async with connection(served.port) as (reader, writer):
        for _ in range(2):
            writer.write(head)
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            await asyncio.sleep(QUICK.head_seconds)
            writer.write(b"ab")
            answer = await read_answer(reader)
            assert answer.body == b"POST / ab"


async def test_an_idle_connection_is_kept_for_its_time(served: RunningServer) -> None:
    async with connection(served.port) as (reader, writer):
        for _ in range(3):
            writer.write(get())
            assert (await read_answer(reader)).status == 200
            await asyncio.sleep(QUICK.idle_seconds * 0.6)
        writer.write(get())
        await read_answer(reader)
        started = time.monotonic()
        assert await reader.read() == b""

    assert QUICK.idle_seconds - 0.05 < time.monotonic() - started < QUICK.idle_seconds + 1.0


async def test_a_slow_answer_is_not_cut_by_the_times_of_the_request(app: ProbeApp, served: RunningServer) -> None:
    """Nor is a request that the server itself leaves unread meanwhile."""
    async with connection(served.port) as (reader, writer):
        writer.write(get("/unread") + get("/next") + get("/last")[:-2])
        assert (await read_answer(reader)).body == b"GET /unread "
        writer.write(b"\r\n")
        assert (await read_answer(reader)).body == b"GET /next "
        assert (await read_answer(reader)).body == b"GET /last "


async def test_an_early_answer_reaches_a_client_that_is_still_sending(app: ProbeApp, served: RunningServer) -> None:
    """IN-02: no connection reset before the answer is read."""
    async with connection(served.port) as (reader, writer):
        writer.write(b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n")
        writer.write(b"x" * 5_000_000)
        await asyncio.sleep(0.1)
        answers = await read_to_end(reader)

    assert [(answer.status, answer.body) for answer in answers] == [(413, b"early")]


@pytest.mark.parametrize("path", ["/large", "/stream"])
async def test_a_client_that_does_not_read_is_cut_off(app: ProbeApp, served: RunningServer, path: str) -> None:
    """DOS-01: slow read."""
    with socket.create_connection(("127.0.0.1", served.port)) as client:
        client.sendall(get(path))
        await asyncio.sleep(0.2)
        assert served.server.server_state.connections
        await eventually(lambda: not served.server.server_state.connections)
        await eventually(lambda: not served.server.server_state.tasks)


@pytest.mark.parametrize("header", ["Connection: close", "Connection: keep-alive"])
async def test_a_slow_but_steady_reader_gets_everything(app: ProbeApp, served: RunningServer, header: str) -> None:
    """One large answer may take longer than the time in which some of it has to be read."""
    received = 0
    started = time.monotonic()
    async with connection(served.port) as (reader, writer):
        writer.write(get("/large", header))
        while received < 16_000_000:
            received += len(await reader.readexactly(1_000_000))
            await asyncio.sleep(0.05)

    assert time.monotonic() - started > QUICK.write_seconds * 2


async def test_a_body_that_stops_after_the_answer_began_ends_the_connection(
    app: ProbeApp, served: RunningServer
) -> None:
    """DOS-01: no second status line is put into an answer that has begun."""
    async with connection(served.port) as (reader, writer):
        writer.write(b"POST /eager HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\nabc")
        received = await reader.read()

    assert received.count(b"HTTP/1.1") == 1
    await eventually(lambda: app.disconnected == 1)


async def test_the_rest_of_an_answer_does_not_wait_for_ever(app: ProbeApp, served: RunningServer) -> None:
    """DOS-01: what is left is too little to slow the application down, so that only the server can notice."""

    def allow_a_large_rest() -> None:
        for each in served.server.connections():
            each.transport.set_write_buffer_limits(high=100_000_000)

    with socket.create_connection(("127.0.0.1", served.port)) as client:
        await eventually(lambda: served.server.server_state.connections)
        served.call(allow_a_large_rest)
        client.sendall(get("/large"))
        await eventually(lambda: app.seen)
        started = time.monotonic()
        await eventually(lambda: not served.server.server_state.connections)

    assert QUICK.write_seconds - 0.1 < time.monotonic() - started < QUICK.write_seconds + 1.0


async def test_a_client_that_leaves_is_noticed(app: ProbeApp, served: RunningServer) -> None:
    """DOS-05: nothing is left of many aborted requests."""

    async def leave() -> None:
        async with connection(served.port) as (_, writer):
            writer.write(get("/wait-for-disconnect"))
            await asyncio.sleep(0.1)
            writer.transport.abort()

    await asyncio.gather(*(leave() for _ in range(100)))

    await eventually(lambda: app.disconnected == 100)
    await eventually(lambda: not served.server.server_state.connections)
    await eventually(lambda: not served.server.server_state.tasks)


async def test_a_leaving_client_is_noticed_behind_a_pipelined_request(app: ProbeApp, served: RunningServer) -> None:
    """DOS-05: the request under way hears of it, the waiting one is never started."""
    async with connection(served.port) as (_, writer):
        writer.write(get("/wait-for-disconnect") + get("/second"))
        await eventually(lambda: app.seen)
        writer.transport.abort()
        await eventually(lambda: app.disconnected == 1)

    assert app.seen == ["GET /wait-for-disconnect"]


async def test_good_clients_are_served_beside_five_hundred_slow_ones(app: ProbeApp, served: RunningServer) -> None:
    """DOS-01, DOS-04."""
    slow = []
    for _ in range(500):
        slow.append(await asyncio.open_connection("127.0.0.1", served.port))
        slow[-1][1].write(b"GET / HTTP/1.1\r\n")
    started = time.monotonic()
    async with connection(served.port) as (reader, writer):
        for _ in range(20):
            writer.write(get())
            assert (await read_answer(reader)).status == 200
    assert time.monotonic() - started < 2

    answers = await asyncio.gather(*(read_to_end(reader) for reader, _ in slow))
    assert {answer.status for (answer,) in answers} == {408}
    for _, writer in slow:
        writer.close()


async def test_above_the_connection_limit_the_answer_is_a_problem() -> None:
    """DOS-04, ERR-01: and below it again everything goes on."""
    with running(ProbeApp(), max_connections=1) as served, socket.create_connection(("127.0.0.1", served.port)):
        await eventually(lambda: served.server.server_state.connections)
        (answer,) = await exchange(served.port, get())
        assert (answer.status, answer.problem["error_code"]) == (503, "too_busy")
        assert answer.headers["retry-after"] == "1"
        await eventually(lambda: not served.server.server_state.connections)
        assert (await exchange(served.port, get("/", "Connection: close")))[0].status == 200
