"""A server within a test that says whatever a coroutine does, and of which nothing is left at the end."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Its port on 127.0.0.1. When `talk` returns, the connection is closed; connections that are still open at the end
    are stopped.

    A connection that outlived the event loop would fail the test that runs when it is noticed.
    """
    tasks: set[asyncio.Task[None]] = set()

    async def talked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await talk(reader, writer)
            writer.close()
            await writer.wait_closed()
        except (OSError, EOFError, asyncio.CancelledError):
            """The other side has gone, or the test is over."""
        finally:
            # Aborting a TLS connection that has ended is an error in the first releases of Python 3.11.
            if not writer.transport.is_closing():
                writer.transport.abort()
            tasks.discard(task)

    server = await asyncio.start_server(talked, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        await let_nobody_in(server)
        while tasks:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        await server.wait_closed()
        # A stopped task notices it in the next turn.
        await asyncio.sleep(0)


async def let_nobody_in(server: asyncio.Server) -> None:
    """Stop listening. A connection that was just accepted is served first: closed at that moment, the server forgets
    it, and leaves an open connection to the garbage collector.
    """
    loop = asyncio.get_running_loop()
    for listener in server.sockets:
        loop.remove_reader(listener.fileno())
    for _ in range(3):
        await asyncio.sleep(0)
    server.close()
