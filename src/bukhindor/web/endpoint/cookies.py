"""The cookies of browsers (RFC 6265bis; ASVS 3.3): access token, refresh token and device proof.

Browsers send a cookie for every page that asks, so it acts for certain pages only (OWASP CSRF cheat sheet).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bukhindor.web.edge.exchange import Exchange
from bukhindor.web.edge.settings import WebSettings
from bukhindor.web.endpoint.errors import CrossSiteRequest

Header = tuple[bytes, bytes]

# A scheme, a host, optionally a port, and nothing after them: browsers send no more (RFC 6454).
_ORIGIN = re.compile(r"(https?)://([a-z0-9._-]+(?::[0-9]{1,5})?|\[[0-9a-f:.]+\](?::[0-9]{1,5})?)")


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie that scripts can't read and that requests of other sites don't carry.

    With `on_links` they do when a person follows a link. Over https the name begins with __Host-, which makes browsers
    refuse the cookie from other hosts, or where the service has only a path of its host with __Secure-.
    """

    plain_name: str
    on_links: bool = True

    def name(self, settings: WebSettings) -> str:
        return self.name_for(is_https=settings.is_https, path=settings.public_path)

    def name_for(self, *, is_https: bool, path: str) -> str:
        """The name where the service has this path of its host."""
        if not is_https:
            return self.plain_name
        return f"{'__Secure-' if path else '__Host-'}{self.plain_name}"

    def set_header(self, value: str, max_age: int, settings: WebSettings) -> Header:
        """The header that sets the cookie for `max_age` seconds."""
        same_site = "Lax" if self.on_links else "Strict"
        attributes = f"Max-Age={max_age}; Path={settings.public_path or '/'}; HttpOnly; SameSite={same_site}"
        attributes += "; Secure" if settings.is_https else ""
        return b"set-cookie", f"{self.name(settings)}={value}; {attributes}".encode("ascii")

    def clear_header(self, settings: WebSettings) -> Header:
        return self.set_header("", 0, settings)

    def read(self, headers: Mapping[str, str], settings: WebSettings) -> str | None:
        """The value in the request's cookies; None when there is none."""
        return cookie_named(self.name(settings), headers.get("cookie", ""))


ACCESS_TOKEN = Cookie("access_token")
REFRESH_TOKEN = Cookie("refresh_token", on_links=False)
DEVICE_PROOF = Cookie("device_proof")


def cookie_named(name: str, header: str) -> str | None:
    """The value of a cookie without white space and quotes around it; None when it is missing or empty.

    Other cookies of the same site may contain anything: no rule of form is applied to them. Of two with one name the
    last counts (RFC 6265bis section 5.6).
    """
    for pair in reversed(header.split(";")):
        own_name, equals, value = pair.partition("=")
        if equals and own_name.strip(" \t") == name:
            return value.strip(' \t"') or None
    return None


def require_own_page(exchange: Exchange, settings: WebSettings) -> None:
    """Raise CrossSiteRequest unless a page of the service's own origin asks."""
    fetch_site = exchange.headers.get("sec-fetch-site")
    is_own = _is_own(exchange, settings) if fetch_site is None else fetch_site == "same-origin"
    if not is_own:
        raise CrossSiteRequest


def require_named_page(exchange: Exchange, settings: WebSettings) -> None:
    """Raise CrossSiteRequest unless a page of the service's own origin asks, or one of an origin that CORS names."""
    if not settings.cors.allows_cookies(exchange.headers.get("origin", "")):
        require_own_page(exchange, settings)


def _is_own(exchange: Exchange, settings: WebSettings) -> bool:
    """Whether Origin is the address of the service, for browsers that send no Sec-Fetch-Site."""
    match = _ORIGIN.fullmatch(exchange.headers.get("origin", "").lower())
    scheme, _, rest = settings.public_url.partition("://")
    if match is None or match[1] != scheme:
        return False
    default_port = ":443" if scheme == "https" else ":80"
    # Behind a front end that serves both, Host names the page's own origin.
    own = (rest.partition("/")[0], exchange.headers.get("host", ""))
    return match[2].removesuffix(default_port) in [place.lower().removesuffix(default_port) for place in own]
