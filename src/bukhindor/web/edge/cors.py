"""Which pages of other origins may call this service (Fetch standard, CORS protocol). Credentials are never allowed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_LOCALHOST = re.compile(r"https?://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?")

Headers = list[tuple[bytes, bytes]]

_PREFLIGHT: Headers = [
    (b"access-control-allow-methods", b"GET, POST, PUT, PATCH, DELETE"),
    (
        b"access-control-allow-headers",
        b"authorization, content-type, accept-language, x-app-version, x-app-type, x-device-id, x-device-proof",
    ),
    (b"access-control-max-age", b"7200"),
]


@dataclass(frozen=True, slots=True)
class CorsPolicy:
    """Exact origins, and in development any port of this machine."""

    origins: frozenset[str] = frozenset()
    any_localhost_port: bool = False

    def allows(self, origin: str) -> bool:
        return origin in self.origins or (self.any_localhost_port and _LOCALHOST.fullmatch(origin) is not None)

    def headers_for(self, origin: str | None) -> Headers:
        """The headers of every response, for the origin that asked."""
        headers = [(b"vary", b"Origin")]
        if origin is not None and self.allows(origin):
            headers.append((b"access-control-allow-origin", origin.encode("latin-1")))
            headers.append((b"access-control-expose-headers", b"Retry-After, X-Request-ID"))
        return headers


def is_preflight(headers: Mapping[str, str]) -> bool:
    """Whether an OPTIONS request asks what a page of another origin may send."""
    return "origin" in headers and "access-control-request-method" in headers


def preflight_headers(origin_is_allowed: bool) -> Headers:
    """The headers of a preflight response, in addition to `headers_for`."""
    return _PREFLIGHT if origin_is_allowed else []
