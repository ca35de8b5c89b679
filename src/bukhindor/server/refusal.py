"""The responses that the server decides on itself, before or instead of the application.

The program that runs the server says how they look: for each refusal it makes an ASGI application, which gets the
request as far as it was read. That is how they carry the same headers as the responses of the application.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple


class Refusal(NamedTuple):
    """Why the server does not pass a request on: HTTP status, stable code, English sentence."""

    status: int
    error_code: str
    detail: str


# Called with the three parts of a refusal; returns an ASGI application.
Refuse = Callable[[int, str, str], Callable[[Any, Any, Any], Awaitable[None]]]

MALFORMED: Final = Refusal(400, "malformed_request", "The request is not valid HTTP/1.1.")
TIMED_OUT: Final = Refusal(408, "request_timeout", "The request did not arrive in time.")
URL_TOO_LONG: Final = Refusal(414, "url_too_long", "The URL is too long.")
HEADERS_TOO_LARGE: Final = Refusal(431, "headers_too_large", "The request has too many or too large headers.")
FAILED: Final = Refusal(500, "internal_error", "Something went wrong on the server.")
SERVER_BUSY: Final = Refusal(503, "too_busy", "The connection has too many waiting requests.")


class RequestRefused(Exception):
    """Raised with a refusal inside the parser's callbacks, to stop reading a request."""
