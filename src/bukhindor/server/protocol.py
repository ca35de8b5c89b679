"""One HTTP/1.1 connection with limits of time and size, and with strict framing.

uvicorn reads a request for as long as the client sends it. Here every phase of a connection has an end
(`BoundedConnection`), and every part of a request has a maximum size.

The protocol also refuses what lets two servers read one byte stream differently (RFC 9112, sections 3.2, 6.1, 6.3 and
7.1.2), beyond what the parser (llhttp, strict) refuses: Content-Length beside Transfer-Encoding, repeated
Content-Length, bare LF, folded headers, garbage in chunk sizes and extensions. Every refusal ends the connection.
"""

import urllib.parse
from typing import Any

import httptools

from bukhindor.server.connection import BODY, HEAD, IDLE, BoundedConnection
from bukhindor.server.head import check_sizes, read_framing
from bukhindor.server.refusal import HEADERS_TOO_LARGE, MALFORMED, SERVER_BUSY, URL_TOO_LONG, RequestRefused


class BoundedHttpProtocol(BoundedConnection):
    """See the module. The limits come from the server's `BoundedServerState`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Whether the newest bytes began or ended something, and how many came without that.
        self._progressed = False
        self._unfinished_bytes = self._piece = 0
        self._url_is_too_long = False
        self._upgrade_ignored = False

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        self._progressed = False
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
        if self._stage != IDLE or not self._message:
            self._check_unfinished(len(data))

    def _check_unfinished(self, size: int) -> None:
        """A head or trailers must end within limits; the parser keeps them until they do."""
        self._unfinished_bytes = 0 if self._progressed else self._unfinished_bytes + size
        allowed = self.limits.headers_bytes + (0 if self._stage == BODY else self.limits.url_bytes)
        if self._unfinished_bytes > allowed:
            self._refuse(URL_TOO_LONG if self._url_is_too_long else HEADERS_TOO_LARGE)

    def _read_on_without_upgrade(self, data: bytes, upgrade: httptools.HttpParserUpgrade) -> None:
        """Read a request again without its wish for another protocol; none is spoken here (RFC 9110, 7.8).

        The parser leaves everything after the headers to the other protocol, so that the body would be lost, or be
        taken for the next request.
        """
        wish: httptools.HttpParserUpgrade | None = upgrade
        while wish is not None:
            line = b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
            headers = [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
            data = b"\r\n".join([line, *headers, b"", b""]) + data[wish.args[0] :]
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as next_wish:
                wish = next_wish
            else:
                wish = None

    def on_message_begin(self) -> None:
        super().on_message_begin()
        # The time for the first head runs from the connect.
        self._begin(HEAD, self.loop.time() if self._message else self._phase_since)
        self._message += 1
        self._upgrade_ignored = self._url_is_too_long = False

    def on_url(self, url: bytes) -> None:
        # The headers are read all the same: they say who may read the refusal.
        self.url += url
        if len(self.url) > self.limits.url_bytes:
            self._url_is_too_long, self.url = True, self.url[: self.limits.url_bytes]

    def on_header(self, name: bytes, value: bytes) -> None:
        # Trailers after a body in chunks are dropped: they must not pass for headers (RFC 9110, 6.5.1).
        if self._stage == HEAD:
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        version = self.parser.get_http_version()
        method = self.parser.get_method()
        if self._url_is_too_long:
            raise RequestRefused(URL_TOO_LONG)
        # A head that came in small pieces cannot be too large.
        if self._piece > self.limits.header_bytes or len(self.headers) > self.limits.header_count:
            check_sizes(self.headers, self.limits)
        has_body, self.expect_100_continue = read_framing(self.headers, version)
        if self.parser.should_upgrade():
            if method == b"CONNECT":
                raise RequestRefused(MALFORMED)
            self._upgrade_ignored = True
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
        scope["path"] = urllib.parse.unquote(path) if "%" in path else path
        scope["raw_path"] = raw_path
        scope["query_string"] = target.query or b""
        if len(self.pipeline) >= self.limits.pipelined_requests:
            raise RequestRefused(SERVER_BUSY)
        self._begin(BODY, self.loop.time())
        keep_alive = version == "1.1" and self.parser.should_keep_alive()
        self._start_cycle(self.app, self._close_when_client_stops if has_body else None, keep_alive=keep_alive)

    def _begin(self, stage: int, now: float) -> None:
        self._stage, self._phase_since, self._progressed = stage, now, True

    def on_body(self, body: bytes) -> None:
        self._progressed = True
        if not self._upgrade_ignored:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self._upgrade_ignored:
            super().on_message_complete()
            self._stage = IDLE
