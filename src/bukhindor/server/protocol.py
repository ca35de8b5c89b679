"""One HTTP/1.1 connection with the limits that uvicorn's own protocol does not have.

uvicorn 0.54 reads a request for as long as the client likes to send it. `BoundedHttpProtocol` gives every phase of a
connection an end: headers, body, waiting for the next request, and a client that does not read its answer. It also
refuses what lets two servers read one byte stream differently (RFC 9112, sections 3.2, 6.1, 6.3 and 7.1.2), beyond
what the parser (llhttp, strict) refuses by itself: Content-Length beside Transfer-Encoding, repeated Content-Length,
bare LF, folded headers, garbage in chunk sizes and extensions.

Every answer made here ends the connection. No timer is armed while a request is handled: a keep-alive request that
arrives in one piece costs no call to the event loop's scheduler.
"""

import asyncio
import logging
import urllib.parse
from typing import Any, cast

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from bukhindor.server.connection import BODY, HEAD, IDLE, BoundedConnection, BoundedServerState
from bukhindor.server.cycle import BusyApplication, GentleTransport, RefusingCycle
from bukhindor.server.head import check_sizes, read_framing
from bukhindor.server.refusal import (
    HEADERS_TOO_LARGE,
    MALFORMED,
    SERVER_BUSY,
    TIMED_OUT,
    URL_TOO_LONG,
    Refusal,
    RequestRefused,
    answer_for,
)

logger = logging.getLogger("bukhindor.http")


class BoundedHttpProtocol(BoundedConnection):
    """See the module. Limits come from the server's `BoundedServerState`."""

    def __init__(
        self,
        config: Config,
        server_state: BoundedServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.url = b""
        # Which message is being read; the first is 1.
        self._message = 0
        # What has come of a head, or after a body in chunks, without its end.
        self._unfinished_bytes = 0
        self._body_came = False
        self._piece = 0
        self._small_head = min(self.limits.header_bytes, self.limits.headers_bytes)
        self._upgrade_ignored = False
        self._has_body = False
        # Waits for the answers of the requests before it.
        self._due_refusal: Refusal | None = None
        self._read_timer_for = (1, HEAD)

    # Connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._idle_since = self.loop.time()
        self._read_timer = self.loop.call_later(self.limits.head_seconds, self._read_timed_out)

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        message, self._body_came = self._message, False
        # An upper bound of the size of the head that ends in this piece.
        self._piece = len(data) + (self._piece if self._stage == HEAD else 0)
        try:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                self._read_on_without_upgrade(data, upgrade)
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._refuse(cause.refusal if isinstance(cause, RequestRefused) else MALFORMED)
            return
        if self._stage == IDLE and self._message:
            if self._read_timer is not None:
                self._stop_read_timer()
        else:
            self._watch_unfinished_request(len(data) if message == self._message else 0)

    def _read_on_without_upgrade(self, data: bytes, upgrade: httptools.HttpParserUpgrade) -> None:
        """Reads a request again without its wish for another protocol; none is spoken here (RFC 9110, 7.8).

        The parser takes everything after the headers for the other protocol, so that the body of such a request
        would be lost, or be taken for the next request.
        """
        wish: httptools.HttpParserUpgrade | None = upgrade
        while wish is not None:
            data = self._head_without_upgrade() + data[wish.args[0] :]
            wish = None
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as next_wish:
                wish = next_wish

    def _head_without_upgrade(self) -> bytes:
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())]
        lines += [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
        return b"\r\n".join([*lines, b"", b""])

    # Request

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._stage = HEAD
        self._message += 1
        self._unfinished_bytes = 0
        self._upgrade_ignored = False

    def on_url(self, url: bytes) -> None:
        self.url += url
        if len(self.url) > self.limits.url_bytes:
            raise RequestRefused(URL_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        # Trailers after a chunked body are dropped: they must not pass for headers (RFC 9110, 6.5.1).
        if self._stage == HEAD:
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        version = self.parser.get_http_version()
        method = self.parser.get_method()
        self._unfinished_bytes = 0
        # A head that came in one small piece cannot be too large.
        if self._piece > self._small_head or len(self.headers) > self.limits.header_count:
            check_sizes(self.headers, self.limits)
        framing = read_framing(self.headers, version)
        self._has_body = framing.has_body
        self.expect_100_continue = framing.expects_100_continue
        if self.parser.should_upgrade():
            if method == b"CONNECT":
                raise RequestRefused(MALFORMED)
            self._upgrade_ignored = True
            return
        if b"#" in self.url:  # A target has no fragment (RFC 9112, section 3.2); to a proxy it may be part of a name.
            raise RequestRefused(MALFORMED)
        target = httptools.parse_url(self.url)
        raw_path = target.path or b"/"
        path = raw_path.decode("ascii")
        scope = self.scope
        scope["method"] = method.decode("ascii")
        if version != "1.1":
            scope["http_version"] = version
        scope["path"] = urllib.parse.unquote(path) if "%" in path else path
        scope["raw_path"] = raw_path
        scope["query_string"] = target.query or b""
        if len(self.pipeline) >= self.limits.pipelined_requests:
            raise RequestRefused(SERVER_BUSY)
        self._stage = BODY
        self._start_cycle(version)

    def _start_cycle(self, version: str) -> None:
        too_many = self.limit_concurrency is not None and len(self.connections) > self.limit_concurrency
        app: ASGI3Application = BusyApplication(self.server_state.refusal_format) if too_many else self.app
        waits = self._running is not None and not self.cycle.response_complete
        self.cycle = RefusingCycle(
            self.server_state.refusal_format,
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version == "1.1" and self.parser.should_keep_alive() and not self.server_state.draining,
            on_response=self.on_response_complete,
        )
        if self._has_body:
            self.cycle.transport = cast(
                "asyncio.Transport", GentleTransport(self.transport, self._close_when_client_stops)
            )
        if waits:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, app))
        else:
            self._start_asgi_task(self.cycle, app)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        self._body_came = True
        if not self._upgrade_ignored:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self._upgrade_ignored:
            super().on_message_complete()
            self._stage = IDLE

    # Answer

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            self._limit_flush()
        elif self._lingering:
            pass
        elif self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
        elif self._due_refusal is not None:
            self._answer_refusal(self._due_refusal)
        else:
            self.flow.resume_reading()
            self._idle_since = self.loop.time()
            self._limit_flush()
            if self._idle_timer is None:
                self._idle_timer = self.loop.call_later(self.limits.idle_seconds, self._idle_timed_out)

    def _refuse(self, refusal: Refusal) -> None:
        """Ends the connection with `refusal`, after the answers of the requests that came before."""
        self._deaf = True
        self._stop_read_timer()
        running = self._running
        waiting = running is not None and not running.response_complete
        if self._stage == BODY and self.pipeline:
            self.pipeline.popleft()
        elif self._stage == BODY:
            # The request that is being answered is the one whose body went wrong.
            if running is not None and not running.response_complete:
                running.disconnected = True
                running.message_event.set()
            if running is not None and running.response_started:
                self._close()
                return
            waiting = False
        if waiting:
            self._due_refusal = refusal
        else:
            self._answer_refusal(refusal)

    def _answer_refusal(self, refusal: Refusal) -> None:
        answer = answer_for(refusal, self.url, self.server_state.refusal_format)
        logger.info(
            "refused a request: %d %s, request id %s, client %s",
            *(answer.status, refusal.error_code, answer.request_id, self.client[0] if self.client else "unknown"),
        )
        # Where no method could be read, this is the one of the request before.
        is_head = self.parser.get_method() == b"HEAD"
        self.transport.write(answer.encode(self.server_state.default_headers, to_head=is_head))
        self._linger()

    # Time-outs

    def _watch_unfinished_request(self, size: int) -> None:
        if self._stage != BODY:
            self._unfinished_bytes += size
            if self._unfinished_bytes > self.limits.url_bytes + self.limits.headers_bytes:
                self._refuse(HEADERS_TOO_LARGE)
                return
            if not self._message:
                return
        elif self._body_came:
            self._unfinished_bytes = 0
        else:
            # The parser keeps a trailer until its end, however long it gets.
            self._unfinished_bytes += size
            if self._unfinished_bytes > self.limits.headers_bytes:
                self._refuse(HEADERS_TOO_LARGE)
                return
        phase = (self._message, self._stage)
        if phase != self._read_timer_for:
            self._stop_read_timer()
            self._read_timer_for = phase
        if self._read_timer is None:
            self._start_read_timer()

    def _start_read_timer(self) -> None:
        seconds = self.limits.body_seconds if self._stage == BODY else self.limits.head_seconds
        self._read_timer = self.loop.call_later(seconds, self._read_timed_out)

    def _read_timed_out(self) -> None:
        self._read_timer = None
        if self.transport.is_closing():
            return
        if self.flow.read_paused:
            # The client waits for the server, not the other way round.
            self._start_read_timer()
        elif self._stage == IDLE:
            self._close()
        else:
            self._refuse(TIMED_OUT)
