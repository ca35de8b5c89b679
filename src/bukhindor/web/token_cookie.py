"""The cookie that holds a browser's access token (RFC 6265bis; ASVS 3.3)."""

from collections.abc import Mapping

from bukhindor.domain.tokens import TokenPair
from bukhindor.web.cookie_header import cookie_named

Header = tuple[bytes, bytes]


def name(*, secure: bool) -> str:
    """The __Host- prefix makes browsers refuse the cookie from other hosts; it needs https."""
    return "__Host-access_token" if secure else "access_token"


def set_header(tokens: TokenPair, *, secure: bool) -> Header:
    return _header(tokens.access_token, tokens.expires_in, secure=secure)


def clear_header(*, secure: bool) -> Header:
    return _header("", 0, secure=secure)


def read(headers: Mapping[str, str], *, secure: bool) -> str | None:
    """The token in the request's cookies; None when there is none."""
    return cookie_named(name(secure=secure), headers.get("cookie", ""))


def _header(value: str, max_age: int, *, secure: bool) -> Header:
    attributes = f"Max-Age={max_age}; Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if secure else "")
    return b"set-cookie", f"{name(secure=secure)}={value}; {attributes}".encode("ascii")
