"""How an HTTP connection ends: idle, unread, refused, cut off, or with the server."""

import asyncio
from asyncio import TimerHandle
from typing import Any, Final

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from bukhindor.server.head import ConnectionLimits
from bukhindor.server.refusal import RefusalFormat

# What of the message being read is still to come: nothing, its headers, or its body.
IDLE: Final = 0
HEAD: Final = 1
BODY: Final = 2


class BoundedServerState(ServerState):
    """What all connections of one server share: uvicorn's state, limits, how refusals look, whether it is stopping."""

    def __init__(self, limits: ConnectionLimits, refusal_format: RefusalFormat) -> None:
        super().__init__()
        self.limits = limits
        self.refusal_format = refusal_format
        self.draining = False


class BoundedConnection(HttpToolsProtocol):
    """uvicorn's protocol with an end for every wait that is not for a request."""

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
        # The request that is being answered; uvicorn's `cycle` is the newest that was read.
        self._running: RequestResponseCycle | None = None
        self._stage = IDLE
        # Nothing more is read once a refusal is due.
        self._deaf = False
        self._lingering = False
        # When the last answer was complete.
        self._idle_since = 0.0
        self._idle_timer: TimerHandle | None = None
        self._read_timer: TimerHandle | None = None
        self._write_timer: TimerHandle | None = None
        # How much of the answers was not handed to the operating system when the timer was started.
        self._unread_bytes = 0

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._idle_timer, self._read_timer, self._write_timer):
            if timer is not None:
                timer.cancel()
        running = self._running
        if running is not None and not running.response_complete:
            running.disconnected = True
            running.message_event.set()
        self.pipeline.clear()
        self._deaf = True
        super().connection_lost(exc)

    def stop_keeping_alive(self) -> None:
        """The answer to the newest request is the last; it says `Connection: close` if it has not begun yet."""
        if self._running is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False

    def idle_seconds(self) -> float:
        """How long the connection has been without any request; 0.0 while one is being read or answered."""
        return 0.0 if self._stage != IDLE or self.is_answering() else self.loop.time() - self._idle_since

    def is_answering(self) -> bool:
        """Whether a request was accepted whose answer has not been handed to the operating system completely."""
        running = self._running
        unfinished = running is not None and not (running.response_complete or running.disconnected)
        return unfinished or bool(self.pipeline) or self.transport.get_write_buffer_size() > 0

    def shutdown(self) -> None:
        """Closes the connection if it is idle, else after the answer under way."""
        if self.idle_seconds() > 0.0:
            self._close()
        else:
            self.stop_keeping_alive()

    def abort(self) -> None:
        """Cuts the connection off, whatever is under way."""
        self.transport.abort()

    def _close(self) -> None:
        self.transport.close()
        self._limit_flush()

    def _limit_flush(self) -> None:
        """Bounds the time that the rest of a finished answer may stay unread."""
        if self._write_timer is None and self.transport.get_write_buffer_size() > 0:
            self._start_write_timer()

    def _close_when_client_stops(self) -> None:
        if self._stage == BODY:
            self._linger()
        else:
            self._close()

    def _linger(self) -> None:
        """Says that nothing more will be sent, and reads to nowhere until the client has stopped sending."""
        self._deaf = self._lingering = True
        self._stop_read_timer()
        self.flow.resume_reading()
        self.transport.write_eof()
        self._read_timer = self.loop.call_later(self.limits.linger_seconds, self._close)

    def _idle_timed_out(self) -> None:
        self._idle_timer = None
        idle = self.idle_seconds()
        if idle >= self.limits.idle_seconds:
            self._close()
        else:
            self._idle_timer = self.loop.call_later(self.limits.idle_seconds - idle, self._idle_timed_out)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stop_write_timer()
        self._start_write_timer()

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.transport.is_closing():
            self._stop_write_timer()

    def _stop_write_timer(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def _start_write_timer(self) -> None:
        self._unread_bytes = self.transport.get_write_buffer_size()
        self._write_timer = self.loop.call_later(self.limits.write_seconds, self._write_timed_out)

    def _write_timed_out(self) -> None:
        self._write_timer = None
        unread = self.transport.get_write_buffer_size()
        is_read = self._unread_bytes - unread >= self.limits.write_bytes
        since_answer = self.loop.time() - self._idle_since
        blocked = self.flow.write_paused or self.transport.is_closing() or since_answer >= self.limits.write_seconds
        if unread > 0 and blocked and not is_read:
            self.transport.abort()
        elif unread > 0:
            self._start_write_timer()

    def _stop_read_timer(self) -> None:
        if self._read_timer is not None:
            self._read_timer.cancel()
            self._read_timer = None
