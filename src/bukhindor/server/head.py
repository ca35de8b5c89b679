"""How large and how slow a request may be, and which request heads are refused."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bukhindor.server.refusal import HEADERS_TOO_LARGE, MALFORMED, RequestRefused

_is_host: Final = re.compile(rb"[A-Za-z0-9._~!$&'()*+,;=:%\[\]-]*").fullmatch
_CHECKED: Final = frozenset({b"host", b"transfer-encoding", b"content-length", b"expect"})


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How long (seconds) and how large (bytes) the parts of a connection may be.

    `head_seconds` runs from the first byte of a request, for the first request from the connect; `body_seconds` from
    the end of its headers; `idle_seconds` from the end of the last response. In every `write_seconds` a client has to
    read `write_bytes` of a waiting response, or its rest. A refused client may continue to send for `linger_seconds`.
    `cookie_bytes` instead of `header_bytes` is the limit of a Cookie line: other programs of the same site fill it, and
    a browser must be able to sign out all the same.
    """

    head_seconds: float = 10.0
    body_seconds: float = 30.0
    idle_seconds: float = 75.0
    write_seconds: float = 30.0
    linger_seconds: float = 1.0
    write_bytes: int = 64 * 1024
    url_bytes: int = 8 * 1024
    header_bytes: int = 8 * 1024
    cookie_bytes: int = 16 * 1024 + 64
    headers_bytes: int = 32 * 1024
    header_count: int = 100
    pipelined_requests: int = 100


def check_sizes(headers: Sequence[tuple[bytes, bytes]], limits: ConnectionLimits) -> None:
    """Raises RequestRefused when there are too many headers, or one or all together are too large."""
    sizes = [(len(name) + len(value) + 4, name) for name, value in headers]
    if (
        len(sizes) > limits.header_count
        or any(size > (limits.cookie_bytes if name == b"cookie" else limits.header_bytes) for size, name in sizes)
        or sum(size for size, _ in sizes) > limits.headers_bytes
    ):
        raise RequestRefused(HEADERS_TOO_LARGE)


def read_framing(headers: Sequence[tuple[bytes, bytes]], version: str) -> bool:
    """Return whether the client waits for 100 Continue before it sends a body.

    Header names are in lower case, `version` is what followed `HTTP/`.

    Raises RequestRefused when another server on the way could read the request differently: a coding other than
    plain `chunked`, a coding in HTTP/1.0, two lengths, no or more than one Host (RFC 9112, sections 3.2, 6.1, 6.3).
    """
    hosts = framings = 0
    expects_100_continue = False
    for name, value in headers:
        if name not in _CHECKED:
            continue
        if name == b"host":
            hosts += 1
            # The parser leaves blanks after a value, which are no part of it (RFC 9110, section 5.5). It refuses some
            # after a coding; so do we, since other servers may read those as they like.
            if _is_host(value.rstrip(b" \t")) is None:
                raise RequestRefused(MALFORMED)
        elif name == b"expect":
            expects_100_continue = value.strip().lower() == b"100-continue"
        else:
            framings += 1
            if name == b"transfer-encoding" and (value.lower() != b"chunked" or version != "1.1"):
                raise RequestRefused(MALFORMED)
    if framings > 1 or (hosts != 1 if version == "1.1" else version != "1.0" or hosts > 1):
        raise RequestRefused(MALFORMED)
    # A client of HTTP/1.0 would take 100 Continue for its response (RFC 9110, section 10.1.1).
    return framings > 0 and expects_100_continue and version == "1.1"
