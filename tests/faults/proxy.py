"""A TCP proxy whose way to a server can be made bad, and good again, while it runs."""

import asyncio
import contextlib
import random
import socket
import struct
from types import TracebackType
from typing import Self

from tests.servers.listening import let_nobody_in
from tests.servers.processes import free_port

_AT_ONCE = 65_536
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class FaultProxy:
    """Listens on 127.0.0.1:`port` and leads to 127.0.0.1:`target`; at first nothing is wrong with it."""

    def __init__(self, target: int) -> None:
        self.target = target
        # While the proxy does not listen, no other process may get this port.
        self.port = free_port()
        self.swallows = False
        self.allowance: int | None = None
        self.cuts_after_allowance = False
        self._delay = 0.0
        self._jitter = 0.0
        self._listener: asyncio.Server | None = None
        self._lets_in = False
        self._links: set[_Link] = set()

    async def __aenter__(self) -> Self:
        await self._listen()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, _: object, __: TracebackType | None) -> None:
        await self.refuse()
        while self._links:
            await asyncio.gather(*(link.ended() for link in self._links))

    async def refuse(self) -> None:
        """Stop listening, and reset every connection."""
        self._lets_in = False
        listener, self._listener = self._listener, None
        self.cut()
        if listener is not None:
            await let_nobody_in(listener)

    def cut(self) -> None:
        """Reset every connection, no matter what it is doing; new ones are accepted."""
        for link in self._links:
            link.reset()

    def swallow(self) -> None:
        """A black hole: connections are accepted and stay open, and nothing that is sent arrives."""
        self.swallows = True

    def answer_only(self, count: int, *, cut: bool = False) -> None:
        """Each connection brings `count` more bytes back to the client; then it stalls, or is reset with `cut`."""
        self.allowance, self.cuts_after_allowance = count, cut
        for link in self._links:
            link.left = count

    def slow_down(self, delay: float, jitter: float) -> None:
        """Each piece that arrives takes `delay` seconds longer, and up to `jitter` more."""
        self._delay, self._jitter = delay, jitter

    async def restore(self) -> None:
        """All is well again. Connections from which something was kept back are reset, since their state is unknown."""
        self.swallows, self.allowance = False, None
        self._delay = self._jitter = 0.0
        for link in self._links:
            if link.is_spoiled:
                link.reset()
        if self._listener is None:
            await self._listen()

    async def wait(self) -> None:
        if self._delay or self._jitter:
            await asyncio.sleep(self._delay + random.uniform(0, self._jitter))

    async def _listen(self) -> None:
        self._lets_in = True
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link(self, reader, writer)
        if not self._lets_in:
            # It was accepted a moment before the proxy stopped listening.
            link.reset()
            return
        self._links.add(link)
        try:
            await link.run()
        finally:
            self._links.discard(link)


class _Link:
    """One client's connection and the one that was opened for it."""

    def __init__(self, proxy: FaultProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.left = proxy.allowance
        self.is_spoiled = False
        self._proxy = proxy
        self._reader = reader
        self._writers = [writer]
        self._over = asyncio.Event()

    async def run(self) -> None:
        try:
            with contextlib.suppress(OSError):
                await self._connect()
        finally:
            for writer in self._writers:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
            self._over.set()

    async def ended(self) -> None:
        await self._over.wait()

    def reset(self) -> None:
        for writer in self._writers:
            if not writer.transport.is_closing():
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                writer.transport.abort()

    async def _connect(self) -> None:
        (to_client,) = self._writers
        if self._proxy.swallows:
            self.is_spoiled = True
            while await self._reader.read(_AT_ONCE):
                pass
            return
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self._proxy.target)
        except OSError:
            self.reset()
            return
        self._writers.append(to_server)
        ways = [
            asyncio.create_task(self._lead(self._reader, to_server, is_answer=False)),
            asyncio.create_task(self._lead(from_server, to_client, is_answer=True)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)

    async def _lead(self, source: asyncio.StreamReader, to: asyncio.StreamWriter, *, is_answer: bool) -> None:
        while data := await source.read(_AT_ONCE):
            if self._proxy.swallows:
                self.is_spoiled = True
                continue
            if is_answer and self._proxy.allowance is not None:
                data = self._allowed(data)
            await self._proxy.wait()
            to.write(data)
            await to.drain()
            if is_answer and self.left == 0 and self._proxy.allowance is not None and self._proxy.cuts_after_allowance:
                self.reset()

    def _allowed(self, data: bytes) -> bytes:
        left = self.left or 0
        self.left = max(0, left - len(data))
        if len(data) > left:
            self.is_spoiled = True
        return data[:left]
