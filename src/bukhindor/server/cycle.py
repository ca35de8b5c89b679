"""One request and its response on a connection: uvicorn's cycle, with refusals for errors."""

import asyncio
import logging
from typing import Any, cast

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from bukhindor.server.head import ConnectionLimits
from bukhindor.server.refusal import FAILED, Refuse

logger = logging.getLogger("bukhindor.http")


class BoundedServerState(ServerState):
    """The state that all connections of one server share: uvicorn's state, limits, how it refuses, and whether it is
    stopping.
    """

    def __init__(self, limits: ConnectionLimits, refuse: Refuse) -> None:
        super().__init__()
        self.connections: set[Any] = set()
        self.limits = limits
        self.idle_seconds = limits.idle_seconds
        self.refuse = refuse
        self.on_failure = refuse(*FAILED)
        self.draining = False


class RefusingCycle(RequestResponseCycle):
    """uvicorn's cycle for the newest request of a connection, which writes and closes for it.

    When the application fails, the server refuses the request. A client that left is no error.
    """

    def __init__(self, connection: HttpToolsProtocol, state: BoundedServerState, *, keep_alive: bool) -> None:
        super().__init__(
            scope=connection.scope,
            transport=cast("Any", connection),
            flow=connection.flow,
            logger=connection.logger,
            access_logger=connection.access_logger,
            access_log=connection.access_log,
            default_headers=state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=connection.expect_100_continue,
            keep_alive=keep_alive and not state.draining,
            on_response=connection.on_response_complete,
        )
        self._on_failure = state.on_failure

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
                self.keep_alive = False
                if self.response_started or app is self._on_failure:
                    self.transport.close()
                else:
                    await self.run_asgi(self._on_failure)
        finally:
            self.on_response = lambda: None
