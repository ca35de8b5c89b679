"""Starting and stopping: signals, exit codes, what is finished and what is cut off."""

import asyncio
import errno
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvloop

from bukhindor.server.graceful import GracefulServer
from bukhindor.server.listener import CannotListen, addresses_of, explain, open_listeners, stop_listening
from tests.http.probe_server import PROBLEMS, ProbeApp, child, running
from tests.http.raw_client import PATIENCE_SECONDS, begin, connection, eventually, exchange, get, read_answer
from tests.servers.processes import listens


async def test_nothing_is_lost_when_it_stops_under_load() -> None:
    """REL-01: no reset and no 5xx for a request that was sent; exit code 0; readiness at once; stores close last."""
    failures: list[str] = []
    answered = 0
    refused = asyncio.Event()

    async def client() -> None:
        nonlocal answered
        while not refused.is_set():
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            except ConnectionRefusedError:
                refused.set()
                return
            try:
                keep = True
                while keep:
                    writer.write(get("/slow/0.02"))
                    answer = await read_answer(reader)
                    answered += 1
                    keep = answer.headers.get("connection") != "close"
                    if answer.status != 200:
                        failures.append(str(answer))
                    await asyncio.sleep(0.01)
            except (OSError, asyncio.IncompleteReadError) as error:
                failures.append(repr(error))
            finally:
                writer.close()

    with child("delay=3", "timeout=60") as server:
        clients = [asyncio.create_task(client()) for _ in range(8)]
        await eventually(lambda: answered > 100)
        stopped_at = server.signal()
        await server.says("drain")
        (ready,) = await exchange(server.port, get("/ready"))
        (alive,) = await exchange(server.port, get("/live"))
        await asyncio.wait_for(asyncio.gather(*clients), PATIENCE_SECONDS)
        code, out, err = await server.end()
        took = time.monotonic() - stopped_at

    assert (ready.status, alive.status) == (503, 200)
    assert ready.headers["connection"] == "close"
    assert failures == []
    assert (code, out, err) == (0, "drain\nclosed\n", "")
    assert 3 <= took < 30


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_request_under_way_is_finished(number: signal.Signals) -> None:
    """REL-01: while new connections are refused."""
    with child("timeout=60") as server:
        async with connection(server.port) as (reader, writer):
            await begin(reader, writer, "/slow/0.2")
            server.signal(number)
            await server.says("drain")
            await eventually(lambda: not listens(server.port))
            writer.write(b"ab")
            answer = await read_answer(reader)
            assert await reader.read() == b""
        assert await server.end() == (0, "drain\nclosed\n", "")

    assert answer.body == b"POST /slow/0.2 ab"
    assert answer.headers["connection"] == "close"


async def test_an_idle_server_ends_soon_and_idle_connections_with_it() -> None:
    """Long before it would cut anything off."""
    with child("timeout=60") as server:
        async with connection(server.port) as (reader, writer), connection(server.port) as (silent, _):
            writer.write(get())
            await read_answer(reader)
            stopped_at = server.signal()
            assert await reader.read() == await silent.read() == b""
            assert await server.end() == (0, "drain\nclosed\n", "")
            took = time.monotonic() - stopped_at

    assert took < 20


@pytest.mark.parametrize("path", ["/slow/60", "/stream"])
async def test_what_does_not_finish_is_cut_off_in_time(path: str) -> None:
    """REL-02: a stuck request or a reader that has stopped; exit code 1; the stores are closed all the same."""
    with child("timeout=1") as server:
        async with connection(server.port) as (reader, writer):
            await begin(reader, writer, path)
            writer.write(b"ab")
            stopped_at = server.signal()
            code, out, err = await server.end()
            took = time.monotonic() - stopped_at

    assert 0.9 < took < 20
    assert (code, out) == (1, "drain\nclosed\n")
    assert err == "cut off 1 unfinished requests\n"


async def test_a_second_signal_ends_at_once() -> None:
    """REL-02."""
    with child("timeout=60", "delay=60") as server:
        async with connection(server.port) as (reader, writer):
            await begin(reader, writer, "/slow/60")
            writer.write(b"ab")
            server.signal()
            await server.says("drain")
            assert server.process.poll() is None
            stopped_at = server.signal(signal.SIGINT)
            code, out, _ = await server.end()
            took = time.monotonic() - stopped_at

    assert took < 20
    assert (code, out) == (1, "drain\nclosed\n")


async def test_a_start_that_does_not_end_is_ended_by_a_third_signal() -> None:
    """Nothing else would end it when a store does not open and does not fail."""
    with child("stuck=yes") as server:
        for _ in range(2):
            server.signal(signal.SIGINT)
            await asyncio.sleep(0.2)
            assert server.process.poll() is None
        server.signal(signal.SIGINT)
        code, _, _ = await server.end()

    assert code == -signal.SIGINT


async def test_a_failing_start_is_one_line() -> None:
    with child("broken=yes") as server:
        assert await server.end() == (1, "", "the store is broken\n")


async def test_a_port_in_use_is_one_line_that_says_what_to_do() -> None:
    with running(ProbeApp()) as first, child(f"port={first.port}") as server:
        code, out, err = await server.end()

    assert (code, out) == (1, "")
    assert err == f"port {first.port} is in use: stop the other program or set SERVER_PORT\n"


async def test_a_port_that_is_lost_between_binding_and_listening_is_the_same() -> None:
    """Two servers that start together may both bind; the application is closed again."""
    app = ProbeApp()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]

        @asynccontextmanager
        async def late() -> AsyncIterator[None]:
            other.listen()
            async with app.running():
                yield

        with pytest.raises(CannotListen, match=f"port {port} is in use"):
            await asyncio.to_thread(serve, app, "127.0.0.1", port, late)

    assert app.closed


def serve(app: ProbeApp, host: str, port: int, resources: Any = None) -> int:
    return GracefulServer(
        app,
        [host],
        port,
        refuse=PROBLEMS,
        shutdown_timeout=1.0,
        drain_delay=0.0,
        on_drain=lambda: None,
        resources=resources or app.running,
    ).run_until_stopped()


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host"])
async def test_an_address_of_another_machine_is_one_line(host: str) -> None:
    with pytest.raises(CannotListen, match="SERVER_HOST"):
        await asyncio.to_thread(serve, ProbeApp(), host, 0)


async def test_a_failing_start_reaches_the_caller_unchanged() -> None:
    failure = ValueError("the store is broken")
    with pytest.raises(ValueError, match="the store is broken") as caught, running(ProbeApp(fail_startup=failure)):
        pass

    assert caught.value is failure


@pytest.mark.parametrize(("host", "shown"), [("localhost", "http://localhost:"), ("", "http://0.0.0.0:")])
async def test_every_address_of_a_host_is_served(host: str, shown: str) -> None:
    addresses: list[str] = []
    with running(ProbeApp(), host=host, on_address=addresses.append) as served:
        (answer,) = await exchange(served.port, get("/", "Connection: close"))

    assert answer.status == 200
    assert addresses[0].startswith(shown)


def test_an_ipv6_address_is_shown_in_brackets() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        assert addresses_of([listener], ["::1"]) == f"http://[::1]:{listener.getsockname()[1]}"


@pytest.mark.parametrize(
    ("number", "advice"), [(errno.EACCES, "1024 or more"), (errno.EMFILE, "cannot listen on 'a' port 80: Too many")]
)
def test_other_reasons_not_to_listen_are_sentences(number: int, advice: str) -> None:
    assert advice in str(explain(OSError(number, os.strerror(number)), "a", 80))


async def test_an_application_that_does_not_close_is_an_exit_code() -> None:
    with running(ProbeApp(fail_shutdown=ValueError("the store is broken"))) as served:
        assert served.stop() == 1
        assert served.drained == [True]


async def test_failing_callbacks_do_not_keep_it_from_stopping() -> None:
    def fail() -> None:
        raise ValueError("the pipe is broken")

    with running(ProbeApp(), on_drain=fail) as served:
        assert served.stop() == 0


class Greeting(asyncio.Protocol):
    """Says hello."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        transport.write(b"hello")
        asyncio.get_running_loop().call_soon(transport.close)


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_connections_of_the_last_moment_are_served(
    run: Callable[[Coroutine[Any, Any, None]], None], turns: int
) -> None:
    """REL-01: the kernel had accepted them before the listener was closed, and the event loop as far as it came in so
    many turns; later ones are refused."""

    async def scenario() -> None:
        listeners = open_listeners(["127.0.0.1"], 0)
        address = listeners[0].getsockname()
        server = await asyncio.get_running_loop().create_server(Greeting, sock=listeners[0].dup())
        clients = [socket.create_connection(address) for _ in range(20)]
        for _ in range(turns):
            await asyncio.sleep(0)
        await stop_listening([server], listeners, Greeting)

        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)
        for client in clients:
            with client:
                client.settimeout(PATIENCE_SECONDS)
                assert await asyncio.to_thread(client.recv, 5) == b"hello"

    run(scenario())
