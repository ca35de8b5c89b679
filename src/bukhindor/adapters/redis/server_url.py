"""The Redis or Valkey server, as REDIS_URL names it."""

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Self
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

_HOST = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?|[0-9a-f:.]{2,45}")
_DATABASE = re.compile(r"[0-9]{1,4}")
_FILES = frozenset({"ssl_ca_certs", "ssl_certfile", "ssl_keyfile"})
_PORT = 6379
_MAX_LENGTH = 4096


@dataclass(frozen=True, slots=True)
class RedisServer:
    """`socket` is the path of a Unix socket; without one it is `host` and `port`.

    With `tls`, the certificate is always checked, against `tls_files["ssl_ca_certs"]` or else the system's roots.
    """

    host: str
    port: int
    socket: str
    database: int
    tls: bool
    tls_files: dict[str, str]
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read `redis://user:password@host:6379/0`, `rediss://host` or `unix:///run/redis.sock?db=0`.

        User and password are percent-encoded. Raises ValueError with a sentence that repeats no part of the text: it
        may contain a password.
        """
        try:
            parts = urlsplit(url)
        except ValueError:
            # The library's own text quotes user and password.
            raise ValueError("this is not a URL") from None
        if parts.scheme not in ("redis", "rediss", "unix"):
            raise ValueError("a Redis URL must begin with redis://, rediss:// or unix://")
        if len(url) > _MAX_LENGTH or not url.isprintable() or " " in url or "#" in url:
            raise ValueError(
                "a Redis URL must not contain spaces or '#', or be too long; percent-encode them in a password"
            )
        options = _options(parts)
        host, port, socket = ("", 0, _socket(parts)) if parts.scheme == "unix" else (*_place(parts), "")
        user = unquote(parts.username) if parts.username else None
        password = unquote(parts.password) if parts.password else None
        if user is not None and password is None:
            raise ValueError("a password without a user must follow a colon: redis://:password@host")
        database = _database(parts, options.pop("db", None))
        return cls(host, port, socket, database, parts.scheme == "rediss", options, user, password)

    @property
    def sends_login_in_clear(self) -> bool:
        """Whether a password travels over a network without TLS."""
        return self.password is not None and not (self.tls or self.is_local)

    @property
    def is_local(self) -> bool:
        """Whether nothing leaves this machine: the address is a Unix socket or the loopback interface."""
        if self.socket or self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        """The address without user and password."""
        if self.socket:
            return f"unix://{self.socket}?db={self.database}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'rediss' if self.tls else 'redis'}://{host}:{self.port}/{self.database}"


def _options(parts: SplitResult) -> dict[str, str]:
    options: dict[str, str] = {}
    try:
        pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        raise ValueError("the part after '?' must be a list of option=value") from None
    for name, value in pairs:
        if name in options:
            raise ValueError("an option is given twice")
        if name in _FILES:
            if parts.scheme != "rediss":
                raise ValueError("options that begin with ssl_ need rediss://")
        elif name != "db":
            raise ValueError(
                "there is an unknown option; the known ones are db, ssl_ca_certs, ssl_certfile and ssl_keyfile"
            )
        if not value:
            raise ValueError(f"{name} is empty")
        options[name] = value
    if "ssl_keyfile" in options and "ssl_certfile" not in options:
        raise ValueError("ssl_keyfile needs ssl_certfile")
    return options


def _place(parts: SplitResult) -> tuple[str, int]:
    if not parts.hostname or not _HOST.fullmatch(parts.hostname):
        raise ValueError("the host must be a name or an IP address; percent-encode other special characters")
    try:
        port = _PORT if parts.port is None else parts.port
    except ValueError:
        port = 0
    if not port:
        raise ValueError("the port must be a number from 1 to 65535")
    return parts.hostname, port


def _socket(parts: SplitResult) -> str:
    path = unquote(parts.path)
    if parts.netloc.rpartition("@")[2] or not path.strip("/") or "\0" in path:
        raise ValueError("the path of a Unix socket must be absolute: unix:///run/redis/redis.sock")
    return path


def _database(parts: SplitResult, option: str | None) -> int:
    path = "" if parts.scheme == "unix" else parts.path.removeprefix("/")
    if path and option is not None:
        raise ValueError("the database is given twice, after the host and as db")
    text = option if option is not None else path or "0"
    if not _DATABASE.fullmatch(text):
        raise ValueError("the database must be a number, as in redis://host/0")
    return int(text)
