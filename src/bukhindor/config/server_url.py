"""URLs that name a server, such as DATABASE_URL, REDIS_URL and SMTP_URL: what they share.

Each refusal is a ValueError with a sentence that repeats no part of the URL, which may contain a password.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

_HOST = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?|[0-9a-f:.]{2,45}")
_MAX_LENGTH = 4096


@dataclass(frozen=True, slots=True, repr=False)
class ServerUrl:
    """`scheme://user:password@address/path?options`; user and password are decoded, the rest is as written."""

    kind: str
    scheme: str
    user: str | None
    password: str | None
    netloc: str
    path: str
    options: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str, kind: str, schemes: Sequence[str], *, may_hold_spaces: bool = False) -> Self:
        """`kind` is what a refusal calls such a URL: "Redis". Raises ValueError."""
        try:
            parts = urlsplit(text)
            login = [part and unquote(part) for part in (parts.username, parts.password)]
        except ValueError:
            # The library's own text quotes user and password.
            raise ValueError(f"a {kind} URL must be of the form {schemes[0]}://user:password@host:port") from None
        if parts.scheme not in schemes:
            first = [f"{scheme}://" for scheme in schemes]
            raise ValueError(
                f"a {kind} URL must begin with {' or '.join(filter(None, (', '.join(first[:-1]), first[-1])))}"
            )
        spaces = "" if may_hold_spaces else "spaces, "
        if len(text) > _MAX_LENGTH or not text.isprintable() or "#" in text or (spaces and " " in text):
            raise ValueError(
                f"a {kind} URL must have at most {_MAX_LENGTH} characters, without {spaces}'#' and control characters; "
                "in a password they must be percent-encoded"
            )
        user, password = (part or None for part in login)
        return cls(kind, parts.scheme, user, password, parts.netloc, parts.path, _options(parts.query))

    @property
    def address(self) -> str:
        """Hosts and ports."""
        return self.netloc.rpartition("@")[2]

    def place(self, default_port: int) -> tuple[str, int]:
        """The one host and its port. Raises ValueError."""
        parts = urlsplit(f"//{self.netloc}")
        if not parts.hostname or not _HOST.fullmatch(parts.hostname):
            raise ValueError(
                f"a {self.kind} URL must name a host, by a name or an IP address; "
                "special characters before it must be percent-encoded"
            )
        try:
            port = default_port if parts.port is None else parts.port
        except ValueError:
            port = 0
        if not port:
            raise ValueError("the port must be a number from 1 to 65535")
        return parts.hostname, port


def _options(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise ValueError("what follows ? must be a list of option=value") from None
    options = dict(pairs)
    if len(options) < len(pairs):
        raise ValueError("each option must be given once")
    return options


def masked_url(url: str) -> str:
    """The URL with *** for any password; a user name that repeats the password is masked too."""
    return re.sub(r"//([^/?#:]*):([^/?#]*)@", _masked_login, url)


def _masked_login(match: re.Match[str]) -> str:
    user = match[1] if unquote(match[1]) != unquote(match[2]) else "***"
    return f"//{user}:***@"
