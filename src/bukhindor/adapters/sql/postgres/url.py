"""The address of a PostgreSQL database, as DATABASE_URL writes it."""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Self
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

_TLS_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_CHECKING = ("verify-ca", "verify-full")
_FILES = ("sslrootcert", "sslcert", "sslkey")
# What libpq calls the roots that this machine trusts; here they are the default as well.
_ROOTS_OF_THE_SYSTEM = "system"
_TARGETS = ("any", "primary", "standby", "read-write", "read-only", "prefer-standby")
_CHOICES = {"sslmode": _TLS_MODES, "target_session_attrs": _TARGETS, "pgbouncer": ("true", "false")}
_FORMS = {
    **{name: (re.compile(r".+"), "the path of a file") for name in _FILES},
    "application_name": (re.compile(r"[A-Za-z0-9_.:-]{1,63}"), "a name of letters, digits and _.:-"),
    "host": (re.compile(r".+"), "a host"),
    "port": (re.compile(r"[0-9]{1,5}(,[0-9]{1,5})*"), "a number, or several between commas"),
}
_MAX_LENGTH = 4096


@dataclass(frozen=True, slots=True, repr=False)
class PostgresUrl:
    """`postgresql://user:password@host:port/database?option=value`.

    `dsn` is what the driver understands. `is_pooled` says that a pooler in transaction mode is in between, which
    keeps no session from one transaction to the next (`pgbouncer=true`). `tls` is the sslmode, "" when none is named;
    `files` are its certificates and keys by their option.
    """

    dsn: str
    hosts: tuple[str, ...]
    database: str
    tls: str
    is_pooled: bool
    files: Mapping[str, str] = field(default_factory=dict)

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
        if parts.netloc.count("@") > 1:
            raise ValueError("an @ within the user or the password is written %40")
        database = unquote(parts.path.removeprefix("/"))
        if not database or "/" in database:
            raise ValueError("a PostgreSQL URL names one database after the host")
        options = _options(parts.query)
        hosts = _hosts(parts, options)
        if not user:
            raise ValueError("a PostgreSQL URL names the user before the host")
        is_pooled = options.pop("pgbouncer", "false") == "true"
        files = {name: options[name] for name in _FILES if name in options}
        query = "&".join(f"{name}={quote(value, safe='/:,')}" for name, value in options.items())
        dsn = f"postgresql://{parts.netloc}/{quote(database)}{'?' if query else ''}{query}"
        return cls(dsn, hosts, database, options.get("sslmode", ""), is_pooled, files)

    @property
    def is_local(self) -> bool:
        """Whether nothing leaves this machine: a socket of the file system or the loopback interface."""
        return all(host.startswith("/") or _is_loopback(host) for host in self.hosts)

    def tls_context(self) -> ssl.SSLContext | None:
        """How the server's certificate is checked; None where it is not, which is left to the driver.

        By itself the driver knows only a file below the user's home. Raises OSError when a file can't be read.
        """
        if self.tls not in _CHECKING:
            return None
        roots = self.files.get("sslrootcert", _ROOTS_OF_THE_SYSTEM)
        context = ssl.create_default_context(cafile=None if roots == _ROOTS_OF_THE_SYSTEM else roots)
        context.check_hostname = self.tls == "verify-full"
        # Certificates of private authorities often lack what the newest rules ask for; libpq takes them.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if "sslcert" in self.files:
            context.load_cert_chain(self.files["sslcert"], self.files.get("sslkey"))
        return context

    def check_files(self) -> None:
        """Raises ValueError with a sentence when a certificate or key that is named is none."""
        for name, file in self.files.items():
            if (name, file) == ("sslrootcert", _ROOTS_OF_THE_SYSTEM) and self.tls in _CHECKING:
                continue
            try:
                with open(file, "rb"):
                    pass
            except OSError as error:
                raise ValueError(f"the file of {name} can't be read: {error.strerror}") from None
        try:
            self.tls_context()
        except OSError:
            raise ValueError("the files of sslrootcert, sslcert and sslkey hold no certificates and key") from None

    def __str__(self) -> str:
        """Where it is, without user and password."""
        return f"postgresql://{','.join(self.hosts)}/{self.database}"

    __repr__ = __str__


def _options(query: str) -> dict[str, str]:
    options: dict[str, str] = {}
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise ValueError("the part after '?' must be a list of option=value") from None
    for name, value in pairs:
        if name in options:
            raise ValueError("an option is given twice")
        _check_option(name, value)
        options[name] = value
    return options


def _check_option(name: str, value: str) -> None:
    if name in _CHOICES:
        if value not in _CHOICES[name]:
            raise ValueError(f"{name} is not one of {', '.join(_CHOICES[name])}")
    elif name in _FORMS:
        form, words = _FORMS[name]
        if not form.fullmatch(value):
            raise ValueError(f"{name} is not {words}")
    else:
        known = ", ".join((*_CHOICES, *_FORMS))
        raise ValueError(f"there is an unknown option; known are {known}")


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
