"""One request and its response on a connection: uvicorn's cycle, with refusals for errors."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

logger = logging.getLogger("bukhindor.http")


class RefusingCycle(RequestResponseCycle):
    """uvicorn's request cycle; when the application fails, `on_failure` responds. A client that left is no error."""

    def __init__(self, on_failure: ASGI3Application, **request: Any) -> None:
        super().__init__(**request)
        self._on_failure: ASGI3Application | None = on_failure

    async def run_asgi(self, app: ASGI3Application) -> None:
        try:
            await app(self.scope, self.receive, self.send)
            if not self.response_complete:
                raise RuntimeError("the application returned without a complete answer")
        except asyncio.CancelledError:
            self.transport.close()
        except Exception as exc:
            if not self.disconnected:
                logger.error("the application failed", exc_info=exc)
                await self._give_up()
        finally:
            self.on_response = lambda: None

    async def _give_up(self) -> None:
        respond, self._on_failure = self._on_failure, None
        if self.response_started or respond is None:
            self.transport.close()
            return
        self.keep_alive = False
        await self.run_asgi(respond)


class GentleTransport:
    """The transport for a request with a body: closing waits for the client to stop sending.

    Closing a socket with unread bytes in it resets the connection, and the client would lose an early response (413).
    """

    __slots__ = ("close", "is_closing", "write")

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self.write = transport.write
        self.is_closing = transport.is_closing
        self.close = close
