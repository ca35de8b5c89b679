"""Counts in a Redis or Valkey server, the same for every process that asks it."""

import hashlib
import hmac
import secrets
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, NamedTuple

from redis.asyncio import BlockingConnectionPool, Connection, Redis, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import NoScriptError, ResponseError

from bukhindor.adapters.redis.scripts import EXACT_HITS, GIVE_BACK, SLICES, TAKE, TAKE_IN_SLICES
from bukhindor.adapters.redis.server_url import RedisServer
from bukhindor.domain.rate_limit import Limit
from bukhindor.ports.system import DatabaseTracer

_PREFIX = "bukhindor:limit"
_PREFIX_OF_SLICES = "bukhindor:slices"
_CONNECTIONS = 8
_CONNECT_SECONDS = 2.0
_ANSWER_SECONDS = 1.0
_DIGEST_CHARACTERS = 32


class Connections(NamedTuple):
    """How many connections the process has to the server."""

    idle: int
    in_use: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether the call was counted; if not, when there is room again, in microseconds, and whether it is the first
    refusal.
    """

    counted: bool
    wait: int = 0
    is_first: bool = False


class SharedCounts:
    """Any method except `connections` may raise what the library raises, and may take seconds when the server has
    problems.

    `secret` is the same in all processes. It hashes the keys, since they may be email addresses. `tracer` gets the
    calls that are made for a request.
    """

    def __init__(self, server: RedisServer, secret: bytes, tracer: DatabaseTracer | None = None) -> None:
        self._secret = secret
        self._tracer = tracer
        self._pool = BlockingConnectionPool(
            max_connections=_CONNECTIONS,
            timeout=_ANSWER_SECONDS,
            socket_connect_timeout=_CONNECT_SECONDS,
            socket_timeout=_ANSWER_SECONDS,
            # Servers close idle connections, and a restart closes all. One retry is enough for that; if it counts a
            # call twice, it errs on the safe side.
            retry=Retry(NoBackoff(), 1, (NotConnected,)),
            protocol=2,
            driver_info=None,
            db=server.database,
            username=server.user,
            password=server.password,
            **way_to(server),
        )
        self._client = Redis.from_pool(self._pool)
        self._digests = {
            script: hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest() for script in _SCRIPTS
        }

    async def take(self, limit: Limit, key: str) -> Answer:
        window = round(limit.window.total_seconds() * 1_000_000)
        place = self.place_of(limit, key)
        if limit.hits <= EXACT_HITS:
            wait, is_first = await self._run("take", TAKE, place, limit.hits, window)
        else:
            wait, is_first = await self._run(
                "take_in_slices", TAKE_IN_SLICES, place, limit.hits, window, -(-window // SLICES)
            )
        return Answer(False, wait, bool(is_first)) if wait > 0 else Answer(True)

    async def give_back(self, limit: Limit, key: str) -> None:
        await self._run("give_back", GIVE_BACK, self.place_of(limit, key))

    async def clear(self, limit: Limit, key: str) -> None:
        place = self.place_of(limit, key)
        with self._traced("DEL"):
            await self._client.delete(place)

    async def probe(self) -> None:
        """Count a meaningless key, as a call would: a server that responds may still refuse writes."""
        await self._run("take", TAKE, f"{_PREFIX}:probe:{secrets.token_hex(8)}", 1, 1)

    async def dropped_keys(self) -> int | None:
        """How many keys the server has dropped to make room since its start; None when the login may not ask."""
        try:
            told = await self._client.info("stats")
        except ResponseError:
            return None
        return int(told.get("evicted_keys", 0))

    def connections(self) -> Connections:
        idle, in_use = self._pool.get_connection_count()
        return Connections(idle[0], in_use[0])

    async def close(self) -> None:
        await self._pool.aclose()

    def place_of(self, limit: Limit, key: str) -> str:
        """The server's key. It shows the limit, but not who is counted."""
        digest = hmac.digest(self._secret, f"{limit.name}\0{key}".encode("utf-8", "surrogatepass"), "sha256").hex()
        # Earlier programs store a large limit in another form, and both may use one server for a while.
        prefix = _PREFIX if limit.hits <= EXACT_HITS else _PREFIX_OF_SLICES
        return f"{prefix}:{limit.name}:{digest[:_DIGEST_CHARACTERS]}"

    async def _run(self, name: str, script: str, place: str, *arguments: int) -> Any:
        with self._traced("EVALSHA", name):
            try:
                return await self._client.evalsha(self._digests[script], 1, place, *arguments)
            except NoScriptError:
                # The server is new, or has restarted.
                return await self._client.eval(script, 1, place, *arguments)

    def _traced(self, *call: str) -> AbstractContextManager[None]:
        return _UNTRACED if self._tracer is None else self._tracer.call(*call)


_SCRIPTS = (TAKE, TAKE_IN_SLICES, GIVE_BACK)
_UNTRACED = nullcontext()


def way_to(server: RedisServer) -> dict[str, Any]:
    """How the library's pools reach the server."""
    if server.socket:
        return {"connection_class": UnixDomainSocketConnection, "path": server.socket}
    way = {"connection_class": SSLConnection if server.tls else Connection, "host": server.host, "port": server.port}
    return way | server.tls_files
