"""REDIS_URL: the Redis or Valkey server."""

import re
from urllib.parse import unquote

from bukhindor.adapters.redis.server_url import RedisServer
from bukhindor.config.server_url import ServerUrl
from bukhindor.config.values import is_loopback

_DATABASE = re.compile(r"[0-9]{1,4}")
_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_PORT = 6379


_EXAMPLES = {"unix": "unix:///run/redis/redis.sock", "rediss": "rediss://:password@redis.example.com:6379/0"}


def example_like(text: str) -> str:
    """A good URL for the kind of connection that `text` seems to mean."""
    return _EXAMPLES.get(text.partition(":")[0].lower(), "redis://localhost:6379/0")


def redis_server(text: str) -> RedisServer:
    """Read `redis://user:password@host:6379/0`, `rediss://host` or `unix:///run/redis.sock?db=0`.

    Raises ValueError with a sentence that repeats no part of the text: it may contain a password.
    """
    url = ServerUrl.parse(text, "Redis", ("redis", "rediss", "unix"))
    _check_options(url)
    host, port, socket = ("", 0, _socket(url)) if url.scheme == "unix" else (*url.place(_PORT), "")
    if url.user is not None and url.password is None:
        raise ValueError("a password without a user must follow a colon: redis://:password@host")
    files = {name: value for name, value in url.options.items() if name in _FILES}
    is_local = bool(socket) or is_loopback(host)
    return RedisServer(
        host, port, socket, _database(url), url.scheme == "rediss", files, is_local, url.user, url.password
    )


def _check_options(url: ServerUrl) -> None:
    for name, value in url.options.items():
        if name in _FILES:
            if url.scheme != "rediss":
                raise ValueError("options that begin with ssl_ must come with rediss://")
        elif name != "db":
            raise ValueError(
                "a Redis URL must not have an unknown option; known are db, ssl_ca_certs, ssl_certfile and ssl_keyfile"
            )
        if not value:
            raise ValueError(f"{name} must not be empty")
    if "ssl_keyfile" in url.options and "ssl_certfile" not in url.options:
        raise ValueError("ssl_keyfile must come with ssl_certfile")


def _socket(url: ServerUrl) -> str:
    path = unquote(url.path)
    if url.address or not path.strip("/") or "\0" in path:
        raise ValueError("a Unix socket must be named by an absolute path: unix:///run/redis/redis.sock")
    return path


def _database(url: ServerUrl) -> int:
    path = "" if url.scheme == "unix" else url.path.removeprefix("/")
    if path and "db" in url.options:
        raise ValueError("the database must be given once, after the host or as db")
    text = url.options.get("db", path or "0")
    if not _DATABASE.fullmatch(text):
        raise ValueError("the database must be a number, as in redis://host/0")
    return int(text)
