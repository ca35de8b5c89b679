"""APP_REDIRECTS: where a sign-in at another provider may end."""

import re
from urllib.parse import parse_qsl, urlsplit

from bukhindor.config.durations import quoted
from bukhindor.config.values import is_loopback, listed

_LONGEST = 500
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")
# The characters of RFC 3986 without brackets and asterisks, and without what begins a fragment.
_REST = re.compile(r"(?:[A-Za-z0-9._~:/?!$&'()+;=@-]|%[0-9A-Fa-f]{2})*")
_AUTHORITY = re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?")
# What the answer of a sign-in adds.
_ADDED = frozenset({"code", "state", "error"})


def app_redirects(text: str) -> tuple[str, ...]:
    """Addresses of pages and apps, separated by commas, exactly as clients send them. Raises ValueError."""
    return tuple(dict.fromkeys(map(_redirect, listed(text))))


def _redirect(text: str) -> str:
    scheme, colon, rest = text.partition(":")
    if not colon or _SCHEME.fullmatch(scheme) is None or not rest:
        raise ValueError(f"{quoted(text)} is not an address with a scheme in lower case")
    if "#" in text:
        raise ValueError(f"{quoted(text)} has a fragment, to which nothing can be added")
    if "*" in text:
        raise ValueError(f"{quoted(text)} has an asterisk, and every address must be named in full")
    if len(text) > _LONGEST or _REST.fullmatch(rest.replace("[", "").replace("]", "")) is None:
        raise ValueError(f"{quoted(text)} is longer than {_LONGEST} characters or has some that belong in no address")
    query = text.partition("?")[2]
    if not _ADDED.isdisjoint(name for name, _ in parse_qsl(query, keep_blank_values=True)):
        raise ValueError(f"{quoted(text)} has a code, state or error already, which the sign-in adds")
    if scheme in ("http", "https"):
        _refuse_bad_page(text)
    elif "." not in scheme:
        raise ValueError(
            f"{quoted(scheme)} is no scheme of your own: take a domain name of yours in reverse order (RFC 8252)"
        )
    elif "[" in rest or "]" in rest:
        raise ValueError(f"{quoted(text)} has brackets, which belong around an IPv6 address only")
    return text


def _refuse_bad_page(text: str) -> None:
    """Raise ValueError for what is no page, or is one that others can read on the way."""
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise ValueError(f"{quoted(text)} is not an address") from None
    if _AUTHORITY.fullmatch(parts.netloc) is None or ".." in parts.netloc or port == 0 or "[" in parts.path:
        raise ValueError(f"{quoted(text)} is not of the form https://host/path, with the host in lower case")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError(f"{quoted(text)} is not https, and the code could be read on the way")
