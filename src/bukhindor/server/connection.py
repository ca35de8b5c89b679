"""One HTTP/1.1 connection with limits of time and size, and with strict framing.

uvicorn reads a request for as long as the client sends it. Here every phase of a connection has an end, and every part
of a request has a maximum size.

The connection also refuses what lets two servers read one byte stream differently (RFC 9112, sections 3.2, 6.1, 6.3 and
7.1.2), beyond what the parser (llhttp, strict) refuses: Content-Length beside Transfer-Encoding, repeated
Content-Length, bare LF, folded headers, garbage in chunk sizes and extensions. Every refusal ends the connection.
"""

import asyncio
import math
from typing import Any, Final, cast
from urllib.parse import unquote

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from bukhindor.server.cycle import BoundedServerState, RefusingCycle
from bukhindor.server.head import check_sizes, read_framing
from bukhindor.server.refusal import (
    HEADERS_TOO_LARGE,
    MALFORMED,
    SERVER_BUSY,
    TIMED_OUT,
    URL_TOO_LONG,
    Refusal,
    RequestRefused,
)

# Of a refused request.
_LONGEST_PATH: Final = 256

# What a connection waits for: its first request, the next one, the rest of its headers, the rest of its body.
NEW: Final = 0
IDLE: Final = 1
HEAD: Final = 2
BODY: Final = 3
# From here on nothing more is read: the last response is due, the client has to read it, or has stopped sending.
REFUSED: Final = 4
LINGERING: Final = 5
ENDED: Final = 6


class BoundedConnection(HttpToolsProtocol):
    """uvicorn's protocol with an end for every wait but that for the application, and with limits of size.

    The server calls `end_overdue` of each connection regularly, so that a request costs no timer.
    """

    server_state: BoundedServerState

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limits = self.server_state.limits
        self.url = b""
        # The request that is being handled; uvicorn's `cycle` is the newest that was read.
        self._running: RequestResponseCycle | None = None
        # What the connection waits for, since when, and for how many seconds.
        self._stage, self._since, self._patience = NEW, self.loop.time(), self.limits.head_seconds
        # Whether the newest bytes began or ended something, and how many came without that.
        self._progressed = False
        self._unfinished_bytes = 0
        # An upper bound of the size of the head that is being read.
        self._head_bytes = 0
        # When the client last read enough of its responses, and how many bytes were left then.
        self._unread: tuple[float, int] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.write, self.is_closing = transport.write, transport.is_closing

    def connection_lost(self, exc: Exception | None) -> None:
        self.pipeline.clear()
        # This one learns that its client has left.
        self.cycle = cast("Any", self._running)
        self._stage = ENDED
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Serve a client that stops sending after its requests and reads on (RFC 9112, section 9.6, RFC 9293, 3.6).

        A client that has left altogether looks the same until a response is written. Returns whether the connection
        stays open.
        """
        if self._stage == LINGERING or self.is_closing():
            return False
        if self._stage in (HEAD, BODY):
            self._refuse(MALFORMED)
        self._begin(ENDED, math.inf)
        self.stop_keeping_alive()
        return self._has_unanswered()

    # Reading requests

    def data_received(self, data: bytes) -> None:
        if self._stage >= REFUSED:
            return
        limits = self.limits
        self._progressed = False
        self._head_bytes = len(data) + (self._head_bytes if self._stage == HEAD else 0)
        try:
            self._feed(data)
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._refuse(cause.args[0] if isinstance(cause, RequestRefused) else MALFORMED)
            return
        # The parser keeps a head or trailers until they end.
        self._unfinished_bytes = 0 if self._progressed or self._stage == IDLE else self._unfinished_bytes + len(data)
        if self._unfinished_bytes > limits.headers_bytes + (0 if self._stage == BODY else limits.url_bytes):
            self._refuse(URL_TOO_LONG if len(self.url) > limits.url_bytes else HEADERS_TOO_LARGE)

    def _feed(self, data: bytes) -> None:
        """Let the parser read `data`. A request's wish for another protocol is ignored (RFC 9110, 7.8).

        The parser leaves everything after the headers to the other protocol, so that the body would be lost, or be
        taken for the next request. So the request is read again without its wish.
        """
        while data:
            try:
                self.parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as upgrade:
                rest = data[upgrade.args[0] :]
            line = b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
            headers = [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
            data = b"\r\n".join([line, *headers, b"", rest])
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._begin(HEAD, self.limits.head_seconds)

    def on_url(self, url: bytes) -> None:
        # The headers after a URL that is too long are read all the same: they say who may read the refusal.
        if len(self.url) <= self.limits.url_bytes:
            self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        # Trailers after a body in chunks are dropped: they must not pass for headers (RFC 9110, 6.5.1).
        if self._stage == HEAD:
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        limits = self.limits
        version = self.parser.get_http_version()
        method = self.parser.get_method()
        if len(self.url) > limits.url_bytes:
            raise RequestRefused(URL_TOO_LONG)
        if self._head_bytes > limits.header_bytes or len(self.headers) > limits.header_count:
            check_sizes(self.headers, limits)
        self.expect_100_continue = read_framing(self.headers, version)
        if self.parser.should_upgrade():
            if method == b"CONNECT":
                raise RequestRefused(MALFORMED)
            return
        if b"#" in self.url:  # A target has no fragment (RFC 9112, section 3.2); a proxy may read it as part of a name.
            raise RequestRefused(MALFORMED)
        target = httptools.parse_url(self.url)
        raw_path = target.path or b"/"
        path = raw_path.decode("ascii")
        scope = self.scope
        scope["method"] = method.decode("ascii")
        if version != "1.1":
            scope["http_version"] = version
        scope["path"] = unquote(path) if "%" in path else path
        scope["raw_path"] = raw_path
        scope["query_string"] = target.query or b""
        if len(self.pipeline) >= limits.pipelined_requests:
            raise RequestRefused(SERVER_BUSY)
        self._begin(BODY, limits.body_seconds)
        self._start_cycle(self.app, keep_alive=version == "1.1" and self.parser.should_keep_alive())

    def on_body(self, body: bytes) -> None:
        self._progressed = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        # After a wish for another protocol, the request is still to be read.
        if self._stage == BODY:
            super().on_message_complete()
            self._begin(IDLE, math.inf)

    def _begin(self, stage: int, patience: float) -> None:
        # The time for the first head runs from the connect.
        if self._stage != NEW:
            self._since = self.loop.time()
        self._stage, self._patience, self._progressed = stage, patience, True

    # Responses

    def _start_cycle(self, app: ASGI3Application, *, keep_alive: bool) -> None:
        """Let `app` respond to the request in `scope`, after the responses to those before."""
        waits = self._has_unanswered()
        self.cycle = RefusingCycle(self, self.server_state, keep_alive=keep_alive)
        if waits:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, app))
        else:
            self._start_asgi_task(self.cycle, app)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        self._unread = None
        if self.is_closing() or self._stage == LINGERING:
            return
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self.flow.resume_reading()

    def _refuse(self, refusal: Refusal) -> None:
        """End the connection with `refusal`, after the responses to the requests that came before."""
        stage = self._stage
        self._begin(REFUSED, math.inf)
        if stage == BODY and self.pipeline:
            self.pipeline.popleft()
        elif stage == BODY:
            # The request that is being answered is the one whose body went wrong.
            self.cycle.disconnected = not self.cycle.response_complete
            self.cycle.message_event.set()
            if self.cycle.response_started:
                self.transport.close()
                return
        elif stage != HEAD:
            super().on_message_begin()
        self.expect_100_continue = False
        scope, path = self.scope, self.url.partition(b"?")[0][:_LONGEST_PATH]
        if not (path.startswith(b"/") and path.isascii() and path.decode("ascii").isprintable()):
            path = b"/"
        # The query may contain a token, and is not needed.
        scope["raw_path"], scope["path"], scope["query_string"] = path, unquote(path.decode("ascii")), b""
        # Where no method could be read, the parser names one all the same.
        method = self.parser.get_method()
        scope["method"] = method.decode("ascii") if self.url or method == b"HEAD" else "GET"
        self._start_cycle(self.server_state.refuse(*refusal), keep_alive=False)

    def close(self) -> None:
        """End the connection after the last response. uvicorn's cycle calls this in place of the transport's method.

        Closing a socket with unread bytes in it resets the connection, and the client would lose an early response
        (413). So what it still sends is dropped until it stops.
        """
        if self._stage not in (BODY, REFUSED) or self.is_closing():
            self.transport.close()
            return
        self._begin(LINGERING, self.limits.linger_seconds)
        self.flow.resume_reading()
        self.transport.write_eof()

    def stop_keeping_alive(self) -> None:
        """Make the response to the newest request the last one; it says `Connection: close` if it has not begun yet."""
        if self._running is not None:
            self.cycle.keep_alive = False

    def is_answering(self) -> bool:
        """Whether a request was accepted whose response the operating system has not taken completely."""
        return self._has_unanswered() or self.transport.get_write_buffer_size() > 0

    def _has_unanswered(self) -> bool:
        running = self._running
        return bool(self.pipeline) or not (running is None or running.response_complete or running.disconnected)

    # Waits

    def end_overdue(self, now: float) -> None:
        """End a wait that takes too long. The server calls this regularly; `now` is the time of the event loop."""
        patience = min(self._patience, self.server_state.idle_seconds) if self._stage <= IDLE else self._patience
        if self._is_unread_for_too_long(now):
            self.transport.abort()
        elif self.is_closing():
            return
        elif self.flow.read_paused or (self._stage == IDLE and self.is_answering()):
            # The client waits for the server.
            self._since = now
        elif now - self._since < patience:
            return
        elif self._stage in (HEAD, BODY):
            self._refuse(TIMED_OUT)
        else:
            self.transport.close()

    def _is_unread_for_too_long(self, now: float) -> bool:
        left = self.transport.get_write_buffer_size()
        if not left:
            self._unread = None
        elif self._unread is None or self._unread[1] - left >= self.limits.write_bytes:
            self._unread = (now, left)
        return self._unread is not None and now - self._unread[0] >= self.limits.write_seconds

    def resume_writing(self) -> None:
        super().resume_writing()
        self._unread = None
