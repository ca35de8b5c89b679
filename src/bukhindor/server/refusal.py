"""Responses that the server makes itself, before or instead of the application.

The program that runs the server decides their form (`RefusalFormat`), so that they look like the application's own.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Protocol

# RFC 9110, section 15.5.15, renamed it; Python knows the new name from 3.13 on.
_RENAMED: Final = {HTTPStatus.REQUEST_URI_TOO_LONG: "URI Too Long"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the server does not pass a request on: HTTP status, stable code, English sentence."""

    status: HTTPStatus
    error_code: str
    detail: str


MALFORMED = Refusal(HTTPStatus.BAD_REQUEST, "malformed_request", "The request is not valid HTTP/1.1.")
TIMED_OUT = Refusal(HTTPStatus.REQUEST_TIMEOUT, "request_timeout", "The request did not arrive in time.")
URL_TOO_LONG = Refusal(HTTPStatus.REQUEST_URI_TOO_LONG, "url_too_long", "The URL is too long.")
HEADERS_TOO_LARGE = Refusal(
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "headers_too_large",
    "The request has too many or too large headers.",
)
SERVER_BUSY = Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "too_busy", "The connection has too many waiting requests.")
FAILED = Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", "Something went wrong on the server.")


class RenderRefusal(Protocol):
    """Writes the body of a refusal."""

    def __call__(self, status: int, error_code: str, detail: str, /, *, instance: str, request_id: str) -> bytes:
        """Return the body; `instance` is the path of the request, or `/` where it can't be shown."""


@dataclass(frozen=True, slots=True)
class RefusalFormat:
    """The form of a refusal: the media type of its body, and the function that writes it."""

    media_type: str
    render: RenderRefusal


class RequestRefused(Exception):
    """Raised inside the parser's callbacks to stop reading a request."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class ServerAnswer:
    """A complete response of the server itself. It always ends the connection."""

    status: HTTPStatus
    headers: list[tuple[bytes, bytes]]
    body: bytes
    request_id: str

    def encode(self, default_headers: Iterable[tuple[bytes, bytes]], *, to_head: bool) -> bytes:
        """Wire form: status line, `default_headers` (the date), own headers, body.

        HEAD is answered without the body and its length (RFC 9110, section 9.3.2).
        """
        lines = [f"HTTP/1.1 {self.status.value} {_RENAMED.get(self.status, self.status.phrase)}".encode()]
        headers = (*default_headers, *self.headers)
        lines += [b"%b: %b" % header for header in headers if not (to_head and header[0] == b"content-length")]
        return b"\r\n".join([*lines, b"", b"" if to_head else self.body])


def answer_for(refusal: Refusal, url: bytes, refusal_format: RefusalFormat) -> ServerAnswer:
    """Return the response for `refusal`; `url` is the request target as far as it was read.

    The response leaves the query out: it may contain a token.
    """
    request_id = uuid.uuid4().hex
    path = url.partition(b"?")[0][:256].decode("ascii", "replace")
    instance = path if path.startswith("/") and path.isprintable() and path.isascii() else "/"
    status = refusal.status
    body = refusal_format.render(
        status.value, refusal.error_code, refusal.detail, instance=instance, request_id=request_id
    )
    headers = {
        "content-type": refusal_format.media_type,
        "content-length": str(len(body)),
        "connection": "close",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "x-request-id": request_id,
        **({"retry-after": "1"} if status is HTTPStatus.SERVICE_UNAVAILABLE else {}),
    }
    return ServerAnswer(status, [(name.encode(), text.encode()) for name, text in headers.items()], body, request_id)
