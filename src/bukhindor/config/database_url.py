"""DATABASE_URL: a SQLite file, or a PostgreSQL server.

Each refusal is a ValueError with a sentence that repeats no more than the scheme: the rest may hold a password.
"""

import re
from pathlib import Path
from urllib.parse import quote, unquote

from bukhindor.adapters.sql.postgres.url import CHECKING_MODES, ROOTS_OF_THE_SYSTEM, PostgresUrl
from bukhindor.adapters.sql.sqlite.url import SqliteUrl
from bukhindor.config.durations import quoted
from bukhindor.config.server_url import ServerUrl
from bukhindor.config.values import is_loopback

_SQLITE = "sqlite:///"
_FILES = ("sslrootcert", "sslcert", "sslkey")
_CHOICES = {
    "sslmode": ("disable", "allow", "prefer", "require", *CHECKING_MODES),
    "target_session_attrs": ("any", "primary", "standby", "read-write", "read-only", "prefer-standby"),
    "pgbouncer": ("true", "false"),
}
_FORMS = {
    **{name: (re.compile(r".+"), "the path of a file") for name in _FILES},
    "application_name": (re.compile(r"[A-Za-z0-9_.:-]{1,63}"), "a name of letters, digits and _.:-"),
    "host": (re.compile(r".+"), "a host"),
    "port": (re.compile(r"[0-9]{1,5}(,[0-9]{1,5})*"), "a number, or several between commas"),
}
_PLACE = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]*)(?::([0-9]{1,5}))?")


def parse_database_url(text: str) -> SqliteUrl | PostgresUrl:
    """Raises ValueError, also when a certificate or key that the URL names is invalid."""
    scheme, separator, _ = text.partition(":")
    if not separator or not re.fullmatch(r"[a-z][a-z0-9+.-]{0,30}", scheme):
        raise ValueError("this is not a URL")
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
        raise ValueError("a SQLite URL begins with sqlite:/// and a path")
    if not name.strip("/") or name.endswith("/") or name == ":memory:":
        raise ValueError("this names no file, and a database in memory is lost at the end")
    if "?" in name or "#" in name or not name.isprintable():
        raise ValueError("the path can't hold ?, # or control characters")
    return SqliteUrl(Path(name))


def parse_postgres_url(text: str) -> PostgresUrl:
    """Read `postgresql://user:password@host:port/database?option=value`. Raises ValueError."""
    schemes = ("postgresql", "postgres", "postgresql+asyncpg")
    url = ServerUrl.parse(text, "PostgreSQL", schemes, may_hold_spaces=True)
    if url.netloc.count("@") > 1:
        raise ValueError("an @ within the user or the password is written %40")
    database = unquote(url.path.removeprefix("/"))
    if not database or "/" in database:
        raise ValueError("a PostgreSQL URL names one database after the host")
    for name, value in url.options.items():
        _check_option(name, value)
    hosts = _hosts(url)
    if not url.user:
        raise ValueError("a PostgreSQL URL names the user before the host")
    driver_options = {name: value for name, value in url.options.items() if name != "pgbouncer"}
    query = "&".join(f"{name}={quote(value, safe='/:,')}" for name, value in driver_options.items())
    return PostgresUrl(
        dsn=f"postgresql://{url.netloc}/{quote(database)}{'?' if query else ''}{query}",
        hosts=hosts,
        database=database,
        tls=url.options.get("sslmode", ""),
        is_pooled=url.options.get("pgbouncer") == "true",
        is_local=all(host.startswith("/") or is_loopback(host) for host in hosts),
        files={name: url.options[name] for name in _FILES if name in url.options},
    )


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


def _hosts(url: ServerUrl) -> tuple[str, ...]:
    named = [_host_of(place) for place in url.address.split(",")]
    named += url.options.get("host", "").split(",")
    hosts = tuple(unquote(host) for host in named if host)
    if not hosts:
        raise ValueError("a PostgreSQL URL names a host")
    return hosts


def _host_of(place: str) -> str:
    match = _PLACE.fullmatch(place)
    if match is None or (match[2] and not 0 < int(match[2]) < 65_536):
        raise ValueError("the host and port in it can't be read")
    return match[1].strip("[]")


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
        raise ValueError("the files of sslrootcert, sslcert and sslkey hold no certificates and key") from None
