"""The address of a PostgreSQL database, as DATABASE_URL writes it."""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Self
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

_TLS_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_FILES = frozenset({"sslrootcert", "sslcert", "sslkey"})
_TARGETS = ("any", "primary", "standby", "read-write", "read-only", "prefer-standby")
_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,63}")
_MAX_LENGTH = 4096


@dataclass(frozen=True, slots=True, repr=False)
class PostgresUrl:
    """`postgresql://user:password@host:port/database?option=value`.

    `dsn` is what the driver understands. `is_pooled` says that a pooler in transaction mode is in between, which
    keeps no session from one transaction to the next (`pgbouncer=true`). `tls` is the sslmode, "" when none is named.
    """

    dsn: str
    hosts: tuple[str, ...]
    database: str
    tls: str
    is_pooled: bool

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError with a sentence that repeats no part of the text: it may hold a password."""
        try:
            parts = urlsplit(text)
            user = parts.username
        except ValueError:
            raise ValueError("this is not a URL") from None
        if parts.scheme not in ("postgresql", "postgres", "postgresql+asyncpg"):
            raise ValueError("a PostgreSQL URL begins with postgresql://")
        if len(text) > _MAX_LENGTH or not text.isprintable() or parts.fragment:
            raise ValueError("a PostgreSQL URL has no #, no control characters and an end")
        database = unquote(parts.path.removeprefix("/"))
        if not database or "/" in database:
            raise ValueError("a PostgreSQL URL names one database after the host")
        options = _options(parts.query)
        hosts = _hosts(parts, options)
        if not user:
            raise ValueError("a PostgreSQL URL names the user before the host")
        is_pooled = options.pop("pgbouncer", "false") == "true"
        query = "&".join(f"{name}={quote(value, safe='/:,')}" for name, value in options.items())
        dsn = f"postgresql://{parts.netloc}/{quote(database)}{'?' if query else ''}{query}"
        return cls(dsn, hosts, database, options.get("sslmode", ""), is_pooled)

    @property
    def is_local(self) -> bool:
        """Whether nothing leaves this machine: a socket of the file system or the loopback interface."""
        return all(host.startswith("/") or _is_loopback(host) for host in self.hosts)

    def __str__(self) -> str:
        """Where it is, without user and password."""
        return f"postgresql://{','.join(self.hosts)}/{self.database}"

    __repr__ = __str__


def _options(query: str) -> dict[str, str]:
    options: dict[str, str] = {}
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise ValueError("what follows ? is not a list of option=value") from None
    for name, value in pairs:
        if name in options:
            raise ValueError("an option is given twice")
        _check_option(name, value)
        options[name] = value
    return options


def _check_option(name: str, value: str) -> None:
    if name == "sslmode":
        if value not in _TLS_MODES:
            raise ValueError(f"sslmode is not one of {', '.join(_TLS_MODES)}")
    elif name == "pgbouncer":
        if value not in ("true", "false"):
            raise ValueError("pgbouncer is neither true nor false")
    elif name == "target_session_attrs":
        if value not in _TARGETS:
            raise ValueError(f"target_session_attrs is not one of {', '.join(_TARGETS)}")
    elif name in _FILES or name in ("host", "port"):
        if not value:
            raise ValueError(f"{name} is empty")
    elif name == "application_name":
        if not _NAME.fullmatch(value):
            raise ValueError("application_name is not a name of letters, digits and _.:-")
    else:
        raise ValueError(
            "there is an unknown option; known are sslmode, sslrootcert, sslcert, sslkey, target_session_attrs, "
            "application_name, host, port and pgbouncer"
        )


def _hosts(parts: SplitResult, options: dict[str, str]) -> tuple[str, ...]:
    address = parts.netloc.rpartition("@")[2]
    named = [_host_of(place) for place in address.split(",")] if address else []
    named = [*named, *options.get("host", "").split(",")]
    hosts = tuple(unquote(host) for host in named if host)
    if not hosts:
        raise ValueError("a PostgreSQL URL names a host")
    return hosts


def _host_of(place: str) -> str:
    match = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]*)(?::([0-9]{1,5}))?", place)
    if match is None or (match[2] and not 0 < int(match[2]) < 65_536):
        raise ValueError("the host and port in it can't be read")
    return match[1].strip("[]")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
