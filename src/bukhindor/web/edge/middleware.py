"""The outermost layer, around everything that responds: request id, CORS, headers, log, last resort."""

import re
import time
from collections.abc import Callable, Sequence
from secrets import token_hex

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, reset_contextvars

from bukhindor.domain.origin import Cause
from bukhindor.web.addresses import canonical_path
from bukhindor.web.edge.client_address import ClientAddress
from bukhindor.web.edge.cors import is_preflight
from bukhindor.web.edge.exchange import Exchange
from bukhindor.web.edge.headers import read_headers
from bukhindor.web.edge.language import preferred_language
from bukhindor.web.edge.plain_path import plain_path
from bukhindor.web.edge.problem import CONTENT_TYPE, INTERNAL_ERROR, problem
from bukhindor.web.edge.settings import WebSettings
from bukhindor.web.edge.watching import NOBODY, Watchers, traced

_log = structlog.get_logger("bukhindor.access")

_SAFE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Version, place and flags (W3C Trace Context); only a version after 00 may add to that.
_TRACEPARENT = re.compile(r"((?!ff)[0-9a-f]{2})-((?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2})(-.*)?")

# The headers of every response unless its handler sets others (OWASP REST security cheat sheet).
_DEFAULT_HEADERS = {
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
}
_HSTS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


class Edge:
    """Wraps the application; every HTTP response passes here, including errors of the framework and of this program.

    It responds to OPTIONS and to preflights itself if `methods_at` returns the methods of a canonical path, none for a
    path that does not exist.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: WebSettings,
        watchers: Watchers = NOBODY,
        methods_at: Callable[[str], Sequence[str]] | None = None,
    ) -> None:
        self._app = app
        self._methods_at = methods_at
        self._meter, self._tracer = watchers.meter, watchers.tracer
        self._cors = settings.cors
        self._client_address = ClientAddress(settings.trusted_proxies, watchers.meter.proxy_unread)
        self._scheme = "https" if settings.is_https else "http"
        self._fixed_headers = [_HSTS] if settings.is_https else []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        headers = read_headers(scope["headers"])
        client = scope["client"]
        exchange = Exchange(
            _request_id(headers.get("x-request-id")),
            scope["method"],
            scope["path"],
            canonical_path(plain_path(scope["raw_path"])),
            self._client_address.of(client[0] if client else "", headers),
            headers,
            preferred_language(headers.get("accept-language", "")),
            _trace(headers.get("traceparent")),
            scope["query_string"].decode("latin-1"),
        )
        answer = _Answer(send, exchange, self._headers_of_every_answer(exchange))
        self._meter.begun()
        # Every line that is logged on the way names the request.
        named = bind_contextvars(**_log_fields(exchange))
        try:
            if self._tracer is None:
                await self._respond(scope, exchange, receive, answer, started)
            else:
                with traced(self._tracer, exchange, self._scheme, answer):
                    await self._respond(scope, exchange, receive, answer, started)
        finally:
            reset_contextvars(**named)
            seconds = time.perf_counter() - started
            self._meter.ended(exchange.method, exchange.route, answer.status, seconds, exchange.error_code)

    async def _respond(
        self, scope: Scope, exchange: Exchange, receive: Receive, answer: "_Answer", started: float
    ) -> None:
        headers, address = exchange.headers, exchange.address
        if exchange.method != "OPTIONS" or self._methods_at is None:
            await self._run(scope, exchange, receive, answer)
        elif address and is_preflight(headers):
            await answer.send_whole(204, self._cors.preflight_headers(headers["origin"]), b"")
        elif methods := self._methods_at(address):
            await answer.send_whole(204, [_allow(methods)], b"")
        else:
            await self._run(scope, exchange, receive, answer)
        _log_line(exchange, answer.status, time.perf_counter() - started)

    async def _run(self, scope: Scope, exchange: Exchange, receive: Receive, answer: "_Answer") -> None:
        inner = dict(scope)
        exchange.put_into(inner)
        # A GET row serves HEAD: the server leaves the body out.
        inner["method"] = "GET" if exchange.method == "HEAD" else exchange.method
        inner["path"] = exchange.address
        try:
            await self._app(inner, receive, answer.send)
        except Exception:
            _log.exception("unexpected error", route=exchange.route)
            exchange.error_code = INTERNAL_ERROR[1]
            if answer.status:
                raise
            body = problem(*INTERNAL_ERROR, instance=exchange.path, request_id=exchange.request_id)
            await answer.send_problem(500, body)

    def _headers_of_every_answer(self, exchange: Exchange) -> list[tuple[bytes, bytes]]:
        return [
            (b"x-request-id", exchange.request_id.encode("ascii")),
            *self._cors.headers_for(exchange.headers.get("origin")),
            *self._fixed_headers,
        ]


class _Answer:
    """The response on its way out: adds headers and remembers the status (0 until it has one)."""

    def __init__(self, send: Send, exchange: Exchange, headers: list[tuple[bytes, bytes]]) -> None:
        self._send = send
        self._exchange = exchange
        self._headers = headers
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = list(message["headers"])
            names = {name.lower() for name, _ in own}
            own.extend(self._headers)
            own.extend(self._exchange.response_headers)
            own.extend(header for header in _DEFAULT_HEADERS.items() if header[0] not in names)
            message["headers"] = own
        await self._send(message)

    async def send_problem(self, status: int, body: bytes) -> None:
        length = str(len(body)).encode("ascii")
        content_type = CONTENT_TYPE.encode("ascii")
        await self.send_whole(status, [(b"content-type", content_type), (b"content-length", length)], body)

    async def send_whole(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body, "more_body": False})


def _allow(methods: Sequence[str]) -> tuple[bytes, bytes]:
    return b"allow", ", ".join(methods).encode("ascii")


def _request_id(offered: str | None) -> str:
    """The id from a proxy, if it is safe to log; otherwise a new one."""
    if offered is not None and _SAFE_REQUEST_ID.fullmatch(offered):
        return offered
    return token_hex(16)


def _trace(traceparent: str | None) -> str:
    """The place that the client's traceparent names, in the form of version 00; "" if it makes no sense."""
    found = None if traceparent is None else _TRACEPARENT.fullmatch(traceparent)
    if found is None or (found[1] == "00" and found[3]):
        return ""
    return f"00-{found[2]}"


def _log_fields(exchange: Exchange) -> dict[str, str]:
    if exchange.trace:
        return {"request_id": exchange.request_id, "trace_id": Cause(trace=exchange.trace).trace_id}
    return {"request_id": exchange.request_id}


def _log_line(exchange: Exchange, status: int, seconds: float) -> None:
    _log.info(
        "request",
        method=exchange.method,
        route=exchange.route,
        status=status,
        duration_ms=round(seconds * 1000, 2),
        user_id=exchange.user_id,
        service=exchange.service,
        error_code=exchange.error_code,
        ip=exchange.client_ip,
    )
