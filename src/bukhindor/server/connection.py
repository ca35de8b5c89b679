"""The waits of an HTTP connection, each with an end."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, cast
from urllib.parse import unquote

from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from bukhindor.server.cycle import GentleTransport, RefusingCycle
from bukhindor.server.head import ConnectionLimits
from bukhindor.server.refusal import FAILED, MALFORMED, TIMED_OUT, Refusal, Refuse

# Of a refused request.
_LONGEST_PATH: Final = 256

# The part of the current message that has not arrived completely: none, its headers, or its body.
IDLE: Final = 0
HEAD: Final = 1
BODY: Final = 2


class BoundedServerState(ServerState):
    """The state that all connections of one server share: uvicorn's state, limits, how it refuses, and whether it is
    stopping.
    """

    def __init__(self, limits: ConnectionLimits, refuse: Refuse) -> None:
        super().__init__()
        self.limits = limits
        self.refuse = refuse
        self.on_failure = refuse(*FAILED)
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
        # The request that is being handled; uvicorn's `cycle` is the newest that was read.
        self._running: RequestResponseCycle | None = None
        # How many messages have begun, the part of the newest one that is still to come, and since when.
        self._message = 0
        self._stage = IDLE
        self._phase_since = 0.0
        # Nothing more is read: a refusal is due, or the client is given time to read it.
        self._deaf = self._lingering = False
        self._client_stopped = False
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

    def eof_received(self) -> bool:  # type: ignore[override]
        """Serve a client that stops sending after its requests and reads on (RFC 9112, section 9.6, RFC 9293, 3.6).

        A client that has left altogether looks the same until a response is written. Returns whether the connection
        stays open.
        """
        self._client_stopped = True
        if self._lingering or self.transport.is_closing():
            return False
        if self._stage != IDLE and not self._deaf:
            self._refuse(MALFORMED)
        self.stop_keeping_alive()
        return self._has_unanswered()

    # Requests and responses

    def _start_cycle(self, app: ASGI3Application, close: Callable[[], None] | None, *, keep_alive: bool) -> None:
        """Let `app` respond to the request in `scope`, after the responses to those before; `close` ends the connection
        instead of the transport."""
        waits = self._has_unanswered()
        self.cycle = RefusingCycle(
            self.server_state.on_failure,
            scope=self.scope,
            transport=self.transport if close is None else cast("Any", GentleTransport(self.transport, close)),
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=keep_alive and not self.server_state.draining,
            on_response=self.on_response_complete,
        )
        if waits:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, app))
        else:
            self._start_asgi_task(self.cycle, app)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        self._idle_since = self.loop.time()
        if self.transport.is_closing() or self._lingering:
            return
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self.flow.resume_reading()

    def _refuse(self, refusal: Refusal) -> None:
        """End the connection with `refusal`, after the responses to the requests that came before."""
        self._deaf = True
        running = self._running
        if self._stage == BODY and self.pipeline:
            self.pipeline.popleft()
        elif self._stage == BODY and running is not None:
            # The request that is being answered is the one whose body went wrong.
            running.disconnected = not running.response_complete
            running.message_event.set()
            if running.response_started:
                self.transport.close()
                return
        elif self._stage == IDLE:
            self.on_message_begin()
        self.expect_100_continue = False
        scope, path = self.scope, self.url.partition(b"?")[0][:_LONGEST_PATH]
        if not (path.startswith(b"/") and path.isascii() and path.decode("ascii").isprintable()):
            path = b"/"
        # The query may contain a token, and is not needed.
        scope["raw_path"], scope["path"], scope["query_string"] = path, unquote(path.decode("ascii")), b""
        # Where no method could be read, the parser names one all the same.
        method = self.parser.get_method()
        scope["method"] = method.decode("ascii") if self.url or method == b"HEAD" else "GET"
        self._start_cycle(self.server_state.refuse(*refusal), self._linger, keep_alive=False)

    # Waits

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
        return self._has_unanswered() or self.transport.get_write_buffer_size() > 0

    def _has_unanswered(self) -> bool:
        running = self._running
        return bool(self.pipeline) or not (running is None or running.response_complete or running.disconnected)

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
        self._deaf = True
        if self._client_stopped:
            self.transport.close()
            return
        self._lingering = True
        self._phase_since = self.loop.time()
        self.flow.resume_reading()
        self.transport.write_eof()
