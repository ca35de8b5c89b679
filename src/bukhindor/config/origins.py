"""Web addresses and origins: where a browser's page comes from (RFC 6454), and which of them may call this service."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from bukhindor.config.durations import quoted

_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\]")
_IN_APP = re.compile(r"([a-z][a-z0-9+.-]{0,31})://([A-Za-z0-9._-]{1,253}(?::[0-9]{1,5})?)/?")
_ANY_SUBDOMAIN = "*."
_GOOD_SITE = "https://*.example.com"
# Pages without an origin of their own, and what is no page.
_NO_ORIGIN = frozenset({"about", "blob", "data", "file", "ftp", "javascript", "ws", "wss"})
_PATH = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """`scheme://location`, of a page in the web or of something within an app."""

    scheme: str
    location: str

    @property
    def is_web(self) -> bool:
        return self.scheme in _DEFAULT_PORTS

    @property
    def host(self) -> str:
        """The location without the path."""
        return self.location.partition("/")[0]

    @property
    def is_clear(self) -> bool:
        """Whether anyone on the way can read and change the traffic."""
        return self.scheme == "http"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.location}"


@dataclass(frozen=True, slots=True)
class AllowedOrigins:
    """The cross-origin clients that a browser may let through.

    `named` are exact origins; `any_local_port` adds every page that this machine serves itself, for development.
    `sites` are named with `*.` in place of their subdomains.
    """

    named: frozenset[Address] = frozenset()
    any_local_port: bool = False
    sites: frozenset[Address] = frozenset()

    def __str__(self) -> str:
        if self.any_local_port:
            return "any localhost port"
        return ",".join(sorted(map(str, self.named | self.sites))) or "none"


def parse_origin(text: str) -> Address:
    """`scheme://host[:port]` as browsers spell it: lower case, no default port, no slash at the end.

    Raises ValueError with a sentence. A text that may contain a password is not repeated in it.
    """
    if "@" in text:
        raise ValueError("a user name or password does not belong here")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError(f"{quoted(text)} is not an address") from None
    host = parts.netloc.lower().removesuffix(f":{port}")
    if parts.scheme not in _DEFAULT_PORTS or _HOST.fullmatch(host) is None or ".." in host:
        raise ValueError(f"{quoted(text)} is not of the form https://host or https://host:port")
    if parts.path not in ("", "/") or "?" in text or "#" in text:
        raise ValueError(f"{quoted(text)} goes on after the host")
    suffix = "" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}"
    return Address(parts.scheme, f"{host}{suffix}")


def parse_web_address(text: str) -> Address:
    """`https://host[:port][/path]`; no slash at the end.

    Raises ValueError with a sentence. A text that may contain a password is not repeated in it.
    """
    if "@" in text:
        raise ValueError("a user name or password does not belong here")
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ValueError(f"{quoted(text)} is not an address") from None
    origin = parse_origin(f"{parts.scheme}://{parts.netloc}" if parts.netloc else text)
    if "?" in text or "#" in text:
        raise ValueError(f"{quoted(text)} goes on after the path")
    if not _PATH.fullmatch(parts.path):
        raise ValueError(f"the path in {quoted(text)} holds more than letters, digits and -._~ between single slashes")
    return Address(origin.scheme, origin.location + parts.path.rstrip("/"))


def parse_allowed_origins(texts: Sequence[str]) -> AllowedOrigins:
    """Origins of web pages, `https://*.host` for all subdomains of a host, and origins within apps and extensions.

    Raises ValueError with a sentence.
    """
    found = [_allowed_origin(text) for text in texts]
    sites = frozenset(address for address in found if address.location.startswith(_ANY_SUBDOMAIN))
    return AllowedOrigins(named=frozenset(found) - sites, sites=sites)


def _allowed_origin(text: str) -> Address:
    scheme, _, rest = text.partition("://")
    in_app = _IN_APP.fullmatch(text)
    if in_app is not None and scheme not in _DEFAULT_PORTS and scheme not in _NO_ORIGIN:
        # Browsers change the case of web addresses only.
        return Address(in_app[1], in_app[2])
    if not rest.startswith(_ANY_SUBDOMAIN):
        if "*" in text:
            raise ValueError(f'"*" may only be all subdomains of a host that you name: {_GOOD_SITE}')
        return parse_origin(text)
    site = parse_origin(f"{scheme}://{rest.removeprefix(_ANY_SUBDOMAIN)}")
    if "." not in site.location or site.location.rpartition(".")[2].partition(":")[0].isdigit():
        raise ValueError(f"{quoted(text)} would let every web page in; name a host of yours: {_GOOD_SITE}")
    return Address(site.scheme, f"{_ANY_SUBDOMAIN}{site.location}")
