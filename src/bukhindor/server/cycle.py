"""One request and its answer on a connection: uvicorn's cycle, with refusals for failures."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from uvicorn._types import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, Scope
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from bukhindor.server.refusal import FAILED, SERVER_BUSY, Refusal, RefusalFormat, answer_for

logger = logging.getLogger("bukhindor.http")


class RefusingCycle(RequestResponseCycle):
    """uvicorn's request cycle; a failure becomes a refusal, and a client that has gone away is no error."""

    def __init__(self, refusal_format: RefusalFormat, **request: Any) -> None:
        super().__init__(**request)
        self._refusal_format = refusal_format

    async def run_asgi(self, app: ASGI3Application) -> None:
        try:
            await app(self.scope, self.receive, self.send)
        except asyncio.CancelledError:
            self.transport.close()
        except Exception as exc:
            if not self.disconnected:
                logger.error("the application failed", exc_info=exc)
                await self._give_up()
        else:
            if not self.response_complete and not self.disconnected:
                logger.error("the application returned without a complete answer")
                await self._give_up()
        finally:
            self.on_response = lambda: None

    async def send_500_response(self) -> None:
        await send_refusal(FAILED, self._refusal_format, self.scope, self.send)

    async def _give_up(self) -> None:
        if self.response_started:
            self.transport.close()
        else:
            await self.send_500_response()


async def send_refusal(refusal: Refusal, refusal_format: RefusalFormat, scope: Scope, send: ASGISendCallable) -> None:
    """Sends the server's own answer through the ASGI interface."""
    answer = answer_for(refusal, cast("bytes", scope.get("raw_path", b"/")), refusal_format)
    await send({"type": "http.response.start", "status": answer.status, "headers": list(answer.headers)})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})


@dataclass(frozen=True, slots=True)
class BusyApplication:
    """The ASGI application that answers while there are too many connections."""

    refusal_format: RefusalFormat

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        await send_refusal(SERVER_BUSY, self.refusal_format, scope, send)


class GentleTransport:
    """The transport as a request with a body sees it: closing waits for the client to stop sending.

    Closing a socket with unread bytes in it resets the connection, and the client would lose an early answer (413).
    """

    __slots__ = ("close", "is_closing", "write")

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self.write = transport.write
        self.is_closing = transport.is_closing
        self.close = close
