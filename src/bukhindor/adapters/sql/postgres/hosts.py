"""The servers that DATABASE_URL names, and a connection to the one that suits."""

import asyncio
import logging
import ssl
from collections.abc import Iterable
from functools import cached_property
from typing import Any

import asyncpg

from bukhindor.adapters.sql.postgres.url import Place, PostgresUrl

_log = logging.getLogger(__name__)

_HEAD_START_SECONDS = 0.25

_ENCODING = "UTF8"
_POOLED = {"server_settings": {}, "statement_cache_size": 0}
_REFUSED_BY_A_POOLER = "unsupported startup parameter"
_IS_SESSION, _IT_IS = "SELECT WHERE pg_backend_pid() = {}", "SELECT 1"
_GOING_ON = (
    "a pooler may share its connections between clients, and DATABASE_URL does not say so: going on as with"
    " pgbouncer=true; add pgbouncer=true to DATABASE_URL, or pgbouncer=false if it keeps a session for each client"
)

Connection = Any
"""The driver's connection."""


class UnfitEncoding(Exception):
    """The database can't store every character."""

    def __init__(self, encoding: str) -> None:
        super().__init__(encoding)
        self.encoding = encoding


class Hosts:
    """One after the other gets a head start, the one that suited last before all others, so that a server that is
    silent keeps no request waiting. The driver alone would wait for each of them until there is no time left.
    """

    def __init__(self, url: PostgresUrl) -> None:
        self._url = url
        self._places = url.places
        self.is_pooled = url.is_pooled
        """Whether a pooler is in between that may keep no session from one transaction to the next: DATABASE_URL says
        so, or a connection has shown it."""

    @property
    def place(self) -> Place:
        """The server that suited last, or the first one."""
        return self._places[0]

    async def connect(self, *_: Any, timeout: float, **options: Any) -> Connection:
        """A connection to a host that has the attributes that DATABASE_URL asks for; `options` are the driver's.

        By way of a pooler it has no `server_settings` and prepares no statements.

        Raises what the driver raises, TimeoutError after `timeout` seconds, UnfitEncoding.
        """
        connection = await self._connect_as_it_takes(timeout, options)
        encoding = getattr(connection.get_settings(), "server_encoding", _ENCODING)
        if encoding != _ENCODING:
            connection.terminate()
            raise UnfitEncoding(encoding)
        return connection

    async def _connect_as_it_takes(self, timeout: float, options: dict[str, Any]) -> Connection:
        if not self.is_pooled:
            connection = await self._connect_directly(timeout, options)
            if connection is not None:
                return connection
            if not self.is_pooled:
                self.is_pooled = True
                _log.warning(_GOING_ON)
        return await self._connect(timeout, options | _POOLED)

    async def _connect_directly(self, timeout: float, options: dict[str, Any]) -> Connection | None:
        """None when a pooler is in between. It must be noticed before the first statement is prepared: under the name
        of one client's statement the session of the server may have another client's."""
        try:
            connection = await self._connect(timeout, options)
        except asyncpg.ProtocolViolationError as error:
            if _REFUSED_BY_A_POOLER not in str(error):
                raise
            return None
        if self._url.keeps_sessions:
            return connection
        try:
            # A pooler names sessions of its own.
            named = _IS_SESSION.format(connection.get_server_pid())
            if await connection.execute(named, timeout=timeout) == _IT_IS:
                return connection
        except BaseException:
            connection.terminate()
            raise
        connection.terminate()
        return None

    @cached_property
    def _tls(self) -> ssl.SSLContext | None:
        return self._url.tls_context()

    async def _connect(self, timeout: float, options: dict[str, Any]) -> Connection:
        if len(self._places) == 1:
            return await self._connect_to(self._places[0], timeout=timeout, **options)
        tries: dict[asyncio.Task[Connection], Place] = {}
        try:
            async with asyncio.timeout(timeout):
                for place in self._places:
                    tries[asyncio.create_task(self._connect_to(place, timeout=timeout, **options))] = place
                    if (found := await _first_success(tries, _HEAD_START_SECONDS)) is not None:
                        break
                else:
                    found = await _first_success(tries, None)
            if found is None:
                raise _most_telling(tries)
            chosen = tries.pop(found)
            self._places = (chosen, *(place for place in self._places if place != chosen))
            return found.result()
        except TimeoutError:
            raise _most_telling(tries) from None
        finally:
            for unneeded in tries:
                unneeded.cancel()
                unneeded.add_done_callback(_close)

    async def _connect_to(self, place: Place, **options: Any) -> Connection:
        return await asyncpg.connect(self._url.dsn, host=place.host, port=place.port, ssl=self._tls, **options)


async def _first_success(
    tries: dict[asyncio.Task[Connection], Place], patience: float | None
) -> asyncio.Task[Connection] | None:
    """The first of them to succeed; None when all have failed or `patience` seconds have passed."""
    loop = asyncio.get_running_loop()
    end = None if patience is None else loop.time() + patience
    while True:
        for task in tries:
            if task.done() and not task.cancelled() and task.exception() is None:
                return task
        waiting = [task for task in tries if not task.done()]
        left = None if end is None else end - loop.time()
        if not waiting or (left is not None and left <= 0):
            return None
        await asyncio.wait(waiting, timeout=left, return_when=asyncio.FIRST_COMPLETED)


def _most_telling(tries: Iterable[asyncio.Task[Connection]]) -> BaseException:
    """What a server says tells more than that another one is away or silent."""
    failures = [task.exception() for task in tries if task.done() and not task.cancelled()]
    errors = [error for error in failures if error is not None]
    said = [error for error in errors if isinstance(error, asyncpg.PostgresError)]
    return next(iter(said or [error for error in errors if not isinstance(error, OSError)] or errors), TimeoutError())


def _close(task: asyncio.Task[Connection]) -> None:
    """A connection that came although another one was there already is closed."""
    if not task.cancelled() and task.exception() is None:
        task.result().terminate()
