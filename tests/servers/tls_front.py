"""TLS in front of a PostgreSQL server, as the server itself would speak it: not every build can."""

import asyncio
import contextlib
import ssl
import struct
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from tests.servers.listening import listening

_TLS_WANTED = struct.pack("!ii", 8, 80877103)
_AT_ONCE = 65_536


class TlsFront:
    """Listens on 127.0.0.1:`port` and leads to 127.0.0.1:`target`. Who does not ask for TLS is turned away.

    `encrypted` counts the connections whose handshake both sides were content with.
    """

    def __init__(self, target: int, context: ssl.SSLContext) -> None:
        self.port = 0
        self.encrypted = 0
        self._target = target
        self._context = context

    async def __aenter__(self) -> Self:
        self._open = AsyncExitStack()
        self.port = await self._open.enter_async_context(listening(self._talk))
        return self

    async def __aexit__(self, kind: type[BaseException] | None, _: object, __: TracebackType | None) -> None:
        await self._open.aclose()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.readexactly(len(_TLS_WANTED)) == _TLS_WANTED:
            writer.write(b"S")
            await writer.start_tls(self._context)
            self.encrypted += 1
            await self._lead(reader, writer)

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection("127.0.0.1", self._target)
        ways = [asyncio.create_task(_pump(reader, to_server)), asyncio.create_task(_pump(from_server, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            # When one side has gone, the other one must learn of it.
            to_server.close()
            writer.close()
            await asyncio.wait(ways)


async def _pump(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(_AT_ONCE):
            to.write(data)
            await to.drain()
