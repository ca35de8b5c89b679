"""The waits of an HTTP connection, each with an end, and what is sent when a request is refused."""

import asyncio
import logging
from typing import Any, Final

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from bukhindor.server.head import ConnectionLimits
from bukhindor.server.refusal import TIMED_OUT, Refusal, RefusalFormat, answer_for

logger = logging.getLogger("bukhindor.http")

# The part of the current message that has not arrived completely: none, its headers, or its body.
IDLE: Final = 0
HEAD: Final = 1
BODY: Final = 2


class BoundedServerState(ServerState):
    """The state that all connections of one server share: uvicorn's state, limits, the form of refusals, and whether it
    is stopping.
    """

    def __init__(self, limits: ConnectionLimits, refusal_format: RefusalFormat) -> None:
        super().__init__()
        self.limits = limits
        self.refusal_format = refusal_format
        self.draining = False


class BoundedConnection(HttpToolsProtocol):
    """uvicorn's protocol with an end for every wait but that for the application.

    The server calls `end_overdue` of each connection regularly, so that a request costs no timer.
    """

    server_state: BoundedServerState

    def __init__(
        self,
        config: Config,
        server_state: BoundedServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.limits = server_state.limits
        self.url = b""
        # The request that is being handled; uvicorn's `cycle` is the newest that was read.
        self._running: RequestResponseCycle | None = None
        # The message that is being read, counted from 1, and the part of it that is still to come.
        self._message = 0
        self._stage = IDLE
        self._phase = (0, IDLE)
        self._phase_since = 0.0
        # Bytes of a head, or after a body in chunks, without an end so far.
        self._unfinished_bytes = 0
        self._body_came = False
        self._piece = 0
        self._has_body = False
        self._upgrade_ignored = False
        # Waits for the answers to earlier requests.
        self._due_refusal: Refusal | None = None
        # Nothing more is read: a refusal is due, or the client is given time to read it.
        self._deaf = self._lingering = False
        # When the last response was complete.
        self._idle_since = 0.0
        # When the client last read enough of its responses, and how many bytes were left then.
        self._unread: tuple[float, int] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._idle_since = self._phase_since = self.loop.time()

    def connection_lost(self, exc: Exception | None) -> None:
        running = self._running
        if running is not None and not running.response_complete:
            running.disconnected = True
            running.message_event.set()
        self.pipeline.clear()
        self._deaf = True
        super().connection_lost(exc)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._unread = None

    def _refuse(self, refusal: Refusal) -> None:
        """End the connection with `refusal`, after the answers to the requests that came before."""
        self._deaf = True
        running = self._running
        waiting = running is not None and not running.response_complete
        if self._stage == BODY and self.pipeline:
            self.pipeline.popleft()
        elif self._stage == BODY and running is not None:
            # The request that is being answered is the one whose body went wrong.
            if waiting:
                running.disconnected = True
                running.message_event.set()
            if running.response_started:
                self.transport.close()
                return
            waiting = False
        if waiting:
            self._due_refusal = refusal
        else:
            self._answer_refusal(refusal)

    def _answer_refusal(self, refusal: Refusal) -> None:
        answer = answer_for(refusal, self.url, self.server_state.refusal_format)
        client = self.client[0] if self.client else "unknown"
        logger.info(
            "refused a request: %d %s, request id %s, client %s",
            *(refusal.status, refusal.error_code, answer.request_id, client),
        )
        # Where no method could be read, this is the one of the request before.
        is_head = self.parser.get_method() == b"HEAD"
        self.transport.write(answer.encode(self.server_state.default_headers, to_head=is_head))
        self._linger()

    def end_overdue(self, now: float) -> None:
        """End a wait that takes too long. The server calls this regularly; `now` is the time of the event loop."""
        limits = self.limits
        if self._is_unread_for_too_long(now):
            self.transport.abort()
        elif self._lingering:
            if now - self._phase_since >= limits.linger_seconds:
                self.transport.close()
        elif self._deaf or self.transport.is_closing():
            return
        elif self._stage == IDLE and self._message:
            if self.idle_seconds() >= limits.idle_seconds:
                self.transport.close()
        elif self.flow.read_paused:
            # The client waits for the server.
            self._phase_since = now
        elif now - self._phase_since >= (limits.body_seconds if self._stage == BODY else limits.head_seconds):
            if self._message:
                self._refuse(TIMED_OUT)
            else:
                self.transport.close()

    def _is_unread_for_too_long(self, now: float) -> bool:
        left = self.transport.get_write_buffer_size()
        if not left:
            self._unread = None
            return False
        if self._unread is None or self._unread[1] - left >= self.limits.write_bytes:
            self._unread = (now, left)
        if now - self._unread[0] < self.limits.write_seconds:
            return False
        # Else new answers may have been written all the time, and read.
        since_answer = now - self._idle_since
        return self.flow.write_paused or self.transport.is_closing() or since_answer >= self.limits.write_seconds

    def stop_keeping_alive(self) -> None:
        """Make the response to the newest request the last one; it says `Connection: close` if it has not begun yet."""
        if self._running is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False

    def idle_seconds(self) -> float:
        """How long the connection has been without any request; 0.0 while one is being read or handled."""
        return 0.0 if self._stage != IDLE or self.is_answering() else self.loop.time() - self._idle_since

    def is_answering(self) -> bool:
        """Whether a request was accepted whose response the operating system has not taken completely."""
        running = self._running
        unfinished = running is not None and not (running.response_complete or running.disconnected)
        return unfinished or bool(self.pipeline) or self.transport.get_write_buffer_size() > 0

    def shutdown(self) -> None:
        """Close the connection if it is idle, else after the response under way."""
        if self.idle_seconds() > 0.0:
            self.transport.close()
        else:
            self.stop_keeping_alive()

    def _close_when_client_stops(self) -> None:
        if self._stage == BODY:
            self._linger()
        else:
            self.transport.close()

    def _linger(self) -> None:
        """Tell the client that nothing more will be sent, and drop what it still sends until it stops."""
        self._deaf = self._lingering = True
        self._phase_since = self.loop.time()
        self.flow.resume_reading()
        self.transport.write_eof()
