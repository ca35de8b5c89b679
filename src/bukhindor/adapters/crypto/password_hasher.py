"""Slow password hashes in a bounded pool of threads."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import ParamSpec, TypeVar

from argon2 import PasswordHasher as Argon2
from argon2.exceptions import HashingError
from argon2.low_level import ARGON2_VERSION

from bukhindor.adapters.crypto.stored_hashes import (
    Argon2Hash,
    Argon2Parameters,
    parse_stored_hash,
)
from bukhindor.domain.errors import TooBusy
from bukhindor.domain.password import Password
from bukhindor.ports import PasswordVerdict, Requester

_SALT_BYTES = 16
_DIGEST_BYTES = 32
_HASH_THREAD_NICENESS = 10

_P = ParamSpec("_P")
_R = TypeVar("_R")


class PooledPasswordHasher:
    """argon2id for new hashes; argon2id and bcrypt for stored ones.

    `memory_kib`, `iterations` and `parallelism` are today's parameters (OWASP Password Storage: 19456, 2, 1).
    At most `workers` hashes run at once, one for each core by default, which bounds the memory; at most
    `queue` more wait, and whoever comes then gets TooBusy at once.
    """

    def __init__(
        self,
        memory_kib: int = 19456,
        iterations: int = 2,
        parallelism: int = 1,
        workers: int | None = None,
        queue: int = 256,
    ) -> None:
        threads = workers or _cores()
        self._parameters = Argon2Parameters(memory_kib, iterations, parallelism)
        self._argon2 = Argon2(
            time_cost=iterations,
            memory_cost=memory_kib,
            parallelism=parallelism,
            hash_len=_DIGEST_BYTES,
            salt_len=_SALT_BYTES,
        )
        self._pool = ThreadPoolExecutor(threads, "password-hash", initializer=_lower_own_priority)
        self._threads = threads
        self._most = threads + queue
        self._asked_for = 0
        self._counting = threading.Lock()

    @property
    def busy(self) -> int:
        """How many hashes are being made."""
        return min(self._asked_for, self._threads)

    @property
    def waiting(self) -> int:
        """How many wait for a thread."""
        return max(self._asked_for - self._threads, 0)

    async def hash(self, password: Password, requester: Requester) -> str:
        """A new salted argon2id hash in PHC form. Raises TooBusy."""
        return await self._run(self._hash, password)

    async def verify(self, password: Password, stored: str | None, requester: Requester) -> PasswordVerdict:
        """Compare with a stored hash; none, or an unreadable one, takes the same time and never matches.

        Raises TooBusy.
        """
        return await self._run(self._verify, password, stored)

    def close(self) -> None:
        """Block until every hash that was asked for is done; nothing may be asked for afterwards."""
        self._pool.shutdown(wait=True)

    async def _run(self, work: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        with self._counting:
            if self._asked_for >= self._most:
                raise TooBusy
            self._asked_for += 1
        try:
            future = self._pool.submit(work, *args, **kwargs)
        except RuntimeError as no_thread:
            self._forget()
            raise TooBusy from no_thread
        # The place belongs to the thread, not to the request: a client that hangs up does not stop a hash
        # that runs, and giving the place away then would let hashes pile up.
        future.add_done_callback(lambda _: self._forget())
        try:
            return await asyncio.wrap_future(future)
        except HashingError:
            # The parameters were checked before, so what argon2 can still lack is memory.
            raise TooBusy from None

    def _forget(self) -> None:
        with self._counting:
            self._asked_for -= 1

    def _hash(self, password: Password) -> str:
        return self._argon2.hash(_to_bytes(password))

    def _verify(self, password: Password, stored: str | None) -> PasswordVerdict:
        secret = _to_bytes(password)
        known = parse_stored_hash(stored or "")
        if known is None:
            self._spend(self._parameters, secret)
        elif known.matches(secret):
            return PasswordVerdict(matches=True, outdated=known.is_outdated(self._parameters))
        elif isinstance(known, Argon2Hash):
            self._spend_the_rest(known.parameters, secret)
        return PasswordVerdict(matches=False)

    def _spend_the_rest(self, spent: Argon2Parameters, secret: bytes) -> None:
        # A wrong password for an old, cheaper hash would answer sooner than an unknown e-mail address.
        missing = (self._parameters.work - spent.work) // self._parameters.iterations
        rest = Argon2Parameters(missing, self._parameters.iterations, self._parameters.parallelism)
        if rest.is_within_bounds():
            self._spend(rest, secret)

    @staticmethod
    def _spend(parameters: Argon2Parameters, secret: bytes) -> None:
        Argon2Hash(parameters, ARGON2_VERSION, bytes(_SALT_BYTES), bytes(_DIGEST_BYTES)).matches(secret)


def _to_bytes(password: Password) -> bytes:
    return password.reveal().encode()


def _cores() -> int:
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed is not None else os.cpu_count() or 1


def _lower_own_priority() -> None:
    # Hash threads keep every core busy for as long as people sign in. With a lower priority than the thread of
    # the event loop, the system lets that one run as soon as a request comes in, instead of after the next
    # time slice. Only Linux takes a thread's id here; elsewhere the call would reach some other process.
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _HASH_THREAD_NICENESS)
