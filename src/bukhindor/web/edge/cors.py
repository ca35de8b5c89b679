"""Which pages of other origins may call this service (Fetch standard, CORS protocol)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

_LOCALHOST = re.compile(r"https?://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?")

Headers = list[tuple[bytes, bytes]]

# What clients of this service send, then what tracing and the libraries of pages add.
_ALLOWED_HEADERS = (
    "authorization, content-type, accept-language, x-app-version, x-app-type, x-device-id, x-device-proof, "
    "x-token-transport, idempotency-key, traceparent, sentry-trace, baggage, x-request-id, x-requested-with"
)
_EXPOSED = (
    b"access-control-expose-headers",
    b"Retry-After, X-Request-ID, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, WWW-Authenticate, "
    b"Idempotency-Replayed",
)
_CREDENTIALS = (b"access-control-allow-credentials", b"true")
_VARY = (b"vary", b"Origin")


@dataclass(frozen=True, slots=True)
class CorsPolicy:
    """Exact origins, in development any port of this machine, and sites: `https://*.example.com` is any subdomain.

    Pages of sites may read responses, but cookies act for origins that are named one by one: any page of a subdomain
    would otherwise be as good as signed in. `more_headers` are request headers that pages may send besides.
    """

    origins: frozenset[str] = frozenset()
    any_localhost_port: bool = False
    sites: frozenset[str] = frozenset()
    more_headers: tuple[str, ...] = ()

    def allows(self, origin: str) -> bool:
        """Whether pages of this origin may read responses."""
        return self.allows_cookies(origin) or any(_subdomains(site).fullmatch(origin) for site in self.sites)

    def allows_cookies(self, origin: str) -> bool:
        """Whether cookies may act for pages of this origin as well."""
        return origin in self.origins or (self.any_localhost_port and _LOCALHOST.fullmatch(origin) is not None)

    def headers_for(self, origin: str | None) -> Headers:
        """The headers of every response, for the origin that asked."""
        if origin is None or not self.allows(origin):
            return [_VARY]
        headers = [_VARY, (b"access-control-allow-origin", origin.encode("latin-1")), _EXPOSED]
        if self.allows_cookies(origin):
            headers.append(_CREDENTIALS)
        return headers

    def preflight_headers(self, origin: str) -> Headers:
        """The headers of a preflight response, in addition to `headers_for`."""
        if not self.allows(origin):
            return []
        return [
            (b"access-control-allow-methods", b"GET, POST, PUT, PATCH, DELETE"),
            (b"access-control-allow-headers", ", ".join((_ALLOWED_HEADERS, *self.more_headers)).encode("ascii")),
            (b"access-control-max-age", b"7200"),
        ]


@lru_cache
def _subdomains(site: str) -> re.Pattern[str]:
    """The origins that a site such as `https://*.example.com` contains."""
    scheme, _, host = site.partition("*.")
    return re.compile(rf"{re.escape(scheme)}(?:[a-z0-9_-]{{1,63}}\.)+{re.escape(host)}")


def is_preflight(headers: Mapping[str, str]) -> bool:
    """Whether an OPTIONS request asks what a page of another origin may send."""
    return "origin" in headers and "access-control-request-method" in headers
