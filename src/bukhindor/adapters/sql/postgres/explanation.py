"""Why a PostgreSQL database can't be used, and what to do about it, in words for people."""

import errno
import socket
import ssl
from collections.abc import Callable
from typing import NamedTuple

import asyncpg

from bukhindor.adapters.sql.postgres.hosts import UnfitEncoding
from bukhindor.adapters.sql.postgres.url import PostgresUrl
from bukhindor.adapters.sql.unusable import DatabaseUnusable

CONNECTION_ERRORS = (
    *(asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError),
    *(OSError, TimeoutError, UnfitEncoding),
)
"""What is raised when a database can't be used."""

_LONGEST_TEXT = 200
_CORRECT_LOGIN = "Correct user and password in DATABASE_URL"
_CORRECT_PLACE = "Start the server, or correct host and port in DATABASE_URL"
_NAME_PRIMARY = "Name the server that takes writes in DATABASE_URL"
_MIGRATE = "Run `bukhindor migrate up`"
_POOLER = "a pooler shares its connections between clients: {}"


class Explanation(NamedTuple):
    """Two sentences without a full stop."""

    cause: str
    advice: str


def unusable(url: PostgresUrl, error: BaseException, what: str = "can't be used") -> DatabaseUnusable:
    """The refusal for people: the address, the cause and the advice."""
    cause, advice = explain(url, error)
    return DatabaseUnusable(f"{url} {what}: {cause}.", f"{advice}." if advice else "")


def explain(url: PostgresUrl, error: BaseException) -> Explanation:
    if isinstance(error, asyncpg.PostgresError):
        words = _BY_CODE.get(error.sqlstate or "")
        return Explanation(_sentence(error), "") if words is None else words(url, _sentence(error))
    if isinstance(error, UnfitEncoding):
        return Explanation(f"its encoding is {error.encoding}, and this program needs UTF8", _another_one(url))
    for kind, cause, advice in _BY_KIND:
        if isinstance(error, kind):
            return Explanation(cause.format(_sentence(error)), advice)
    if isinstance(error, OSError) and str(errno.ECONNREFUSED) in str(error):
        return Explanation("nothing listens there", _CORRECT_PLACE)
    return Explanation(_sentence(error), "")


def _another_one(url: PostgresUrl) -> str:
    create = f"createdb --template template0 --encoding UTF8 --owner {url.user} NAME"
    return f"Create another database, `{create}`, and move the data with pg_dump"


def _sentence(error: BaseException) -> str:
    text = getattr(error, "verify_message", "") or str(error) or type(error).__name__
    return " ".join(text.partition("\n")[0].split())[:_LONGEST_TEXT].rstrip(".")


def _name_pooler(url: PostgresUrl) -> str:
    return f"Add pgbouncer=true to DATABASE_URL{', in the place of pgbouncer=false' * url.keeps_sessions}"


_Words = Callable[[PostgresUrl, str], Explanation]

_BY_CODE: dict[str, _Words] = {
    "28P01": lambda _, text: Explanation(f"the server refuses the login: {text}", _CORRECT_LOGIN),
    "28000": lambda _, text: Explanation(
        f"the server refuses the login: {text}",
        "Create the role, correct the user in DATABASE_URL, or let it in by pg_hba.conf",
    ),
    "3D000": lambda url, _: Explanation(
        f'there is no database "{url.database}"',
        f"Create it, `createdb --owner {url.user} {url.database}`, or correct its name in DATABASE_URL",
    ),
    "42501": lambda url, text: Explanation(
        f'the user "{url.user}" lacks a right: {text}',
        f'Make it the owner, `ALTER DATABASE "{url.database}" OWNER TO "{url.user}"`, or grant that right',
    ),
    "42P01": lambda _, text: Explanation(f"it lacks what this program needs: {text}", _MIGRATE),
    "42703": lambda _, text: Explanation(f"it lacks what this program needs: {text}", _MIGRATE),
    "26000": lambda url, text: Explanation(_POOLER.format(text), _name_pooler(url)),
    "42P05": lambda url, text: Explanation(_POOLER.format(text), _name_pooler(url)),
    "53300": lambda _, text: Explanation(
        f"the server accepts no more connections: {text}", "Lower DATABASE_POOL_SIZE, or raise max_connections"
    ),
    "08P01": lambda _, text: Explanation(
        text, "Behind PgBouncer remove what it refuses from DATABASE_URL, or let it pass by ignore_startup_parameters"
    ),
    "57P03": lambda _, text: Explanation(f"the server is not ready: {text}", "Try again in a moment"),
    "25006": lambda _, text: Explanation(f"the server takes no writes: {text}", _NAME_PRIMARY),
}
# The first that fits; the sentence of the error takes the place of {}.
_BY_KIND: tuple[tuple[type[BaseException], str, str], ...] = (
    (asyncpg.TargetServerAttributeNotMatched, "none of its servers takes writes", _NAME_PRIMARY),
    (
        ssl.SSLCertVerificationError,
        "certificate verify failed, the server may be another one: {}",
        "Name its authority in sslrootcert, and the host as the certificate does",
    ),
    (ssl.SSLError, "TLS fails: {}", "Compare sslmode in DATABASE_URL with what the server offers"),
    (socket.gaierror, "the name of its host is unknown", "Correct the host in DATABASE_URL"),
    (TimeoutError, "it does not answer in time", "Correct host and port in DATABASE_URL; a firewall may be in between"),
    (ConnectionRefusedError, "nothing listens there", _CORRECT_PLACE),
    (ConnectionError, "{}", "Compare sslmode and the port in DATABASE_URL with what the server offers"),
    (FileNotFoundError, "there is no socket of a server", _CORRECT_PLACE),
    (PermissionError, "this user may not use the socket of the server", "Run this as another user, or use TCP"),
)
