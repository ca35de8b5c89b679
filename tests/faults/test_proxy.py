"""The proxy that makes faults does what it says."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator

import pytest

from tests.faults.proxy import FaultProxy
from tests.servers.listening import listening


@pytest.fixture
async def proxy() -> AsyncIterator[FaultProxy]:
    """In front of a server that sends back what it gets."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            writer.write(data)

    async with listening(echo) as port, FaultProxy(port) as proxy:
        yield proxy


async def said(proxy: FaultProxy, wanted: int = 5) -> bytes:
    """What of "hello" comes back over a new connection; of what is more than `wanted` bytes, within a moment."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"hello")
    found = b""
    try:
        while data := await asyncio.wait_for(reader.read(1000), 20 if len(found) < wanted else 0.2):
            found += data
            if len(found) == 5:
                break
    except TimeoutError:
        found += b" ..."
    finally:
        writer.close()
    return found


async def test_it_is_as_if_it_were_not_there_until_it_makes_a_fault(proxy: FaultProxy) -> None:
    assert await said(proxy) == b"hello"
    proxy.swallow()
    assert await said(proxy, 0) == b" ..."
    await proxy.restore()
    assert await said(proxy) == b"hello"
    proxy.answer_only(2)
    assert await said(proxy, 2) == b"he ..."
    await proxy.restore()
    await proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        await said(proxy)
    await proxy.restore()
    assert await said(proxy) == b"hello"


@pytest.mark.parametrize("turns", range(6))
async def test_a_connection_from_a_moment_before_the_refusal_is_reset_as_well(proxy: FaultProxy, turns: int) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port)) as client:
        client.setblocking(False)
        for _ in range(turns):
            await asyncio.sleep(0)
        await proxy.refuse()
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(asyncio.get_running_loop().sock_recv(client, 1), 5)


async def test_connections_are_reset_at_once_or_after_some_bytes(proxy: FaultProxy) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"hello")
    assert await reader.readexactly(5) == b"hello"
    proxy.cut()
    with pytest.raises(ConnectionResetError):
        await reader.read(1)
    writer.close()
    proxy.answer_only(0, cut=True)
    with pytest.raises(ConnectionResetError):
        await said(proxy)


async def test_what_arrives_can_be_late(proxy: FaultProxy) -> None:
    proxy.slow_down(0.03, 0.01)
    began = time.monotonic()
    assert await said(proxy) == b"hello"
    assert time.monotonic() - began >= 0.06
