"""The mail server, as SMTP_URL names it."""

import re
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

_PORTS = {"smtp": 587, "smtps": 465}
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?|[0-9a-f:.]{2,45}")


@dataclass(frozen=True, slots=True)
class MailServer:
    """`implicit_tls` begins with TLS (RFC 8314); otherwise STARTTLS is required unless `starttls` is off."""

    host: str
    port: int
    implicit_tls: bool
    starttls: bool
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read `smtp://user:password@host:587`, `smtps://host:465` or `smtp://host:25?starttls=never`.

        User and password are percent-encoded. Raises ValueError with a text that does not repeat the address: it may
        hold a password.
        """
        try:
            parts = urlsplit(url)
        except ValueError:
            # Its own text quotes user and password.
            raise ValueError("This is not a URL.") from None
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("It begins with smtp:// or smtps:// and names a host.")
        if not _HOST.fullmatch(parts.hostname) or not url.isprintable() or " " in url:
            raise ValueError("The host is a name or an IP address; other special characters are percent-encoded.")
        if parts.path not in ("", "/") or parts.fragment:
            raise ValueError("Nothing but a port and ?starttls=never may follow the host.")
        implicit_tls = parts.scheme == "smtps"
        options = parse_qsl(parts.query, keep_blank_values=True)
        never_tls = options == [("starttls", "never")]
        if options and (implicit_tls or not never_tls):
            raise ValueError("The only option is ?starttls=never, and only with smtp://.")
        try:
            port = _PORTS[parts.scheme] if parts.port is None else parts.port
        except ValueError:
            port = 0
        if not port:
            raise ValueError("The port is a number from 1 to 65535.")
        user = unquote(parts.username) if parts.username else None
        password = unquote(parts.password) if user is not None and parts.password else None
        return cls(
            parts.hostname,
            port,
            implicit_tls,
            not implicit_tls and not never_tls,
            user,
            password,
        )
