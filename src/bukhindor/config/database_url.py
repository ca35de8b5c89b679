"""DATABASE_URL: a SQLite file, or a PostgreSQL server.

Each refusal is a ValueError with a sentence that repeats no more than the scheme: the rest may hold a password.
"""

import re
from pathlib import Path
from urllib.parse import quote, unquote

from bukhindor.adapters.sql.postgres.url import CHECKING_MODES, ROOTS_OF_THE_SYSTEM, Place, PostgresUrl
from bukhindor.adapters.sql.sqlite.url import SqliteUrl
from bukhindor.config.durations import quoted
from bukhindor.config.server_url import ServerUrl
from bukhindor.config.values import is_loopback

GOOD_SQLITE_URL = "sqlite:///./data/bukhindor.db"
GOOD_POSTGRES_URL = "postgresql://user:password@db.example.com:5432/accounts?sslmode=verify-full"

_SQLITE = "sqlite:///"
_PORT = 5432
_FILES = ("sslrootcert", "sslcert", "sslkey")
_WRITING = "read-write"
_TLS_VERSIONS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
_CHOICES = {
    "sslmode": ("disable", "allow", "prefer", "require", *CHECKING_MODES),
    "sslnegotiation": ("postgres", "direct"),
    "ssl_min_protocol_version": _TLS_VERSIONS,
    "ssl_max_protocol_version": _TLS_VERSIONS,
    "target_session_attrs": ("any", "primary", "standby", _WRITING, "read-only", "prefer-standby"),
    "channel_binding": ("disable", "prefer", "require"),
    "pgbouncer": ("true", "false"),
}
_FORMS = {
    **{name: (re.compile(r".+"), "the path of a file") for name in _FILES},
    "application_name": (re.compile(r".{1,63}"), "a name of at most 63 characters"),
    "options": (re.compile(r".+"), "settings of the server, such as -c search_path=accounts"),
    "connect_timeout": (re.compile(r"-?[0-9]{1,6}"), "a number of seconds"),
    "host": (re.compile(r".+"), "a host, or several between commas"),
    "port": (re.compile(r"[0-9]{1,5}(,[0-9]{1,5})*"), "a number from 1 to 65535, or several between commas"),
}
# How libpq, the library of other programs, behaves within itself; none of it changes which database is meant.
_WITHOUT_EFFECT = (
    *("keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"),
    *("gssencmode", "gssdelegation", "sslcompression", "sslsni", "load_balance_hosts", "fallback_application_name"),
)
_NOT_FOR_THE_DRIVER = frozenset({"pgbouncer", "channel_binding", "connect_timeout", "host", "port", *_WITHOUT_EFFECT})
_PLACE = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]*)(?::([0-9]{1,5}))?")


def example_like(text: str) -> str:
    """A good URL for the kind of database that `text` seems to mean."""
    return GOOD_POSTGRES_URL if text.lower().startswith("postgres") else GOOD_SQLITE_URL


def parse_database_url(text: str) -> SqliteUrl | PostgresUrl:
    """Raises ValueError, also when a certificate or key that the URL names is invalid."""
    scheme, separator, _ = text.partition(":")
    if not separator or not re.fullmatch(r"[a-z][a-z0-9+.-]{0,30}", scheme):
        raise ValueError("this is not a URL; it must begin with sqlite:/// or postgresql://")
    if scheme.startswith("postgres"):
        found = parse_postgres_url(text)
        _check_files(found)
        return found
    if scheme != "sqlite":
        raise ValueError(f"{quoted(scheme)} is not a database that this program speaks: sqlite or postgresql")
    return _sqlite_url(text)


def _sqlite_url(text: str) -> SqliteUrl:
    """Three slashes before a relative path, four before an absolute one."""
    name = text.removeprefix(_SQLITE)
    if name == text:
        raise ValueError("a SQLite URL must begin with sqlite:/// and a path")
    if not name.strip("/") or name.endswith("/") or name == ":memory:":
        raise ValueError("a SQLite URL must name a file; a database in memory is lost at the end")
    if "?" in name or "#" in name or not name.isprintable():
        raise ValueError("the path in a SQLite URL must not contain ?, # or control characters")
    return SqliteUrl(Path(name))


def parse_postgres_url(text: str) -> PostgresUrl:
    """Read `postgresql://user:password@host:port/database?option=value`. Raises ValueError."""
    schemes = ("postgresql", "postgres", "postgresql+asyncpg")
    url = ServerUrl.parse(text, "PostgreSQL", schemes, may_hold_spaces=True)
    if url.netloc.count("@") > 1:
        raise ValueError("an @ within the user or the password must be written %40")
    database = unquote(url.path.removeprefix("/"))
    if not database or "/" in database:
        raise ValueError("a PostgreSQL URL must name one database after the host")
    for name, value in url.options.items():
        _check_option(name, value)
    places = _places(url)
    if not url.user:
        raise ValueError("a PostgreSQL URL must name the user before the host")
    return PostgresUrl(
        dsn=_dsn(url, database, places),
        places=places,
        user=url.user,
        database=database,
        tls=url.options.get("sslmode", ""),
        is_pooled=url.options.get("pgbouncer") == "true",
        keeps_sessions=url.options.get("pgbouncer") == "false",
        is_local=all(place.is_socket or is_loopback(place.host) for place in places),
        files={name: url.options[name] for name in _FILES if name in url.options},
        connect_timeout=max(0, int(url.options.get("connect_timeout", "0"))),
        wants_channel_binding=url.options.get("channel_binding") == "require",
    )


def _dsn(url: ServerUrl, database: str, places: tuple[Place, ...]) -> str:
    """What the driver needs to know besides the place."""
    options = {name: value for name, value in url.options.items() if name not in _NOT_FOR_THE_DRIVER}
    if len(places) > 1:
        # The service writes, so of several servers it needs the one that takes writes.
        options.setdefault("target_session_attrs", _WRITING)
    query = "&".join(f"{name}={quote(value, safe='/:,')}" for name, value in options.items())
    login = url.netloc.rpartition("@")[0]
    return f"postgresql://{login}@/{quote(database)}{'?' if query else ''}{query}"


def _check_option(name: str, value: str) -> None:
    if name in _CHOICES:
        if value not in _CHOICES[name]:
            raise ValueError(f"{name} must be one of {', '.join(_CHOICES[name])}")
    elif name in _FORMS:
        form, words = _FORMS[name]
        if not form.fullmatch(value):
            raise ValueError(f"{name} must be {words}")
    elif name not in _WITHOUT_EFFECT:
        known = ", ".join((*_CHOICES, *_FORMS))
        raise ValueError(f"a PostgreSQL URL must not have an unknown option; known are {known}")


def _places(url: ServerUrl) -> tuple[Place, ...]:
    """Where the servers listen; the options `host` and `port`, which can name a socket, come before the address."""
    named = [_place(part) for part in url.address.split(",")]
    hosts = url.options["host"].split(",") if "host" in url.options else [host for host, _ in named]
    ports = [port for _, port in named]
    if "port" in url.options:
        ports = list(map(int, url.options["port"].split(",")))
    if len(ports) == 1:
        ports *= len(hosts)
    if len(ports) != len(hosts) or not all(0 < port < 65_536 for port in ports):
        raise ValueError("a PostgreSQL URL must have a port from 1 to 65535 for each host, or one for all of them")
    if not all(hosts):
        raise ValueError("a PostgreSQL URL must name a host")
    return tuple(Place(unquote(host), port) for host, port in zip(hosts, ports, strict=True))


def _place(text: str) -> tuple[str, int]:
    match = _PLACE.fullmatch(text)
    if match is None or (match[2] and not 0 < int(match[2]) < 65_536):
        raise ValueError("a PostgreSQL URL must have host and port of the form host:5432")
    return match[1].strip("[]"), int(match[2] or _PORT)


def _check_files(url: PostgresUrl) -> None:
    for name, file in url.files.items():
        if (name, file) == ("sslrootcert", ROOTS_OF_THE_SYSTEM) and url.tls in CHECKING_MODES:
            continue
        try:
            with open(file, "rb"):
                pass
        except OSError as error:
            raise ValueError(f"the file of {name} can't be read: {error.strerror}") from None
    try:
        url.tls_context()
    except OSError:
        raise ValueError("the files of sslrootcert, sslcert and sslkey must hold certificates and a key") from None
