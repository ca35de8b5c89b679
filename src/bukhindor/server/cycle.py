"""One request and its response on a connection: uvicorn's cycle, with refusals for errors."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from bukhindor.server.refusal import FAILED, RefusalFormat, answer_for

logger = logging.getLogger("bukhindor.http")


class RefusingCycle(RequestResponseCycle):
    """uvicorn's request cycle; a failure becomes a refusal, and a client that has left is no error."""

    def __init__(self, refusal_format: RefusalFormat, **request: Any) -> None:
        super().__init__(**request)
        self._refusal_format = refusal_format

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
        if self.response_started:
            self.transport.close()
            return
        answer = answer_for(FAILED, self.scope["raw_path"], self._refusal_format)
        await self.send({"type": "http.response.start", "status": FAILED.status, "headers": answer.headers})
        await self.send({"type": "http.response.body", "body": answer.body, "more_body": False})


class GentleTransport:
    """The transport for a request with a body: closing waits for the client to stop sending.

    Closing a socket with unread bytes in it resets the connection, and the client would lose an early response (413).
    """

    __slots__ = ("close", "is_closing", "write")

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self.write = transport.write
        self.is_closing = transport.is_closing
        self.close = close
