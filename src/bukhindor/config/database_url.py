"""Where the database is: a SQLite file, or a PostgreSQL server."""

import re
from pathlib import Path
from urllib.parse import unquote

from bukhindor.adapters.sql.postgres.url import PostgresUrl
from bukhindor.config.durations import quoted

_SQLITE = "sqlite:///"


def database_url(text: str) -> str:
    """A URL that names a SQLite file (three slashes before a relative path, four before an absolute one) or a
    PostgreSQL database.

    Raises ValueError with a sentence that repeats no more than the scheme: the rest may hold a password.
    """
    scheme, separator, _ = text.partition(":")
    if not separator or not re.fullmatch(r"[a-z][a-z0-9+.-]{0,30}", scheme):
        raise ValueError("this is not a URL")
    if scheme.startswith("postgres"):
        PostgresUrl.parse(text).check_files()
        return text
    if scheme != "sqlite":
        raise ValueError(f"{quoted(scheme)} is not a database that this program speaks: sqlite or postgresql")
    name = text.removeprefix(_SQLITE)
    if name == text:
        raise ValueError("a SQLite URL begins with sqlite:/// and a path")
    if not name.strip("/") or name.endswith("/") or name == ":memory:":
        raise ValueError("this names no file, and a database in memory is lost at the end")
    if "?" in name or "#" in name or not name.isprintable():
        raise ValueError("the path can't hold ?, # or control characters")
    return text


def sqlite_url_of(file: Path) -> str:
    return f"{_SQLITE}{file}"


def is_sqlite(url: str) -> bool:
    """Which of both a URL from `database_url` names."""
    return url.startswith(_SQLITE)


def sqlite_file(url: str) -> Path:
    """The file that a SQLite URL from `database_url` names."""
    return Path(url.removeprefix(_SQLITE))


def masked_url(url: str) -> str:
    """The URL with *** for a password, whatever is in it; a user that repeats the password is one too."""
    return re.sub(r"//([^/?#:]*):([^/?#]*)@", _masked_login, url)


def _masked_login(match: re.Match[str]) -> str:
    user = match[1] if unquote(match[1]) != unquote(match[2]) else "***"
    return f"//{user}:***@"
