"""Slow password hashes in a bounded pool of threads."""

import os
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from argon2 import PasswordHasher as Argon2
from argon2.exceptions import HashingError
from argon2.low_level import ARGON2_VERSION

from bukhindor.adapters.crypto.hash_threads import HashThreads
from bukhindor.adapters.crypto.stored_hashes import (
    DIGEST_BYTES,
    SALT_BYTES,
    Argon2Hash,
    Argon2Parameters,
    parse_stored_hash,
)
from bukhindor.domain.errors import TooBusy
from bukhindor.domain.password import Password
from bukhindor.ports.secrets import PasswordVerdict, Requester

_R = TypeVar("_R")


class PooledPasswordHasher:
    """argon2id for new hashes; argon2id and bcrypt for stored ones.

    `memory_kib`, `iterations` and `parallelism` are the current parameters (OWASP Password Storage: 19456, 2, 1). At
    most `workers` hashes run at once, one for each core by default, which bounds the memory; at most `queue` more wait.
    Networks take turns, and one that floods the queue delays and displaces its own hashes only (FairQueue).
    """

    def __init__(
        self,
        memory_kib: int = 19456,
        iterations: int = 2,
        parallelism: int = 1,
        workers: int | None = None,
        queue: int = 256,
    ) -> None:
        self._parameters = Argon2Parameters(memory_kib, iterations, parallelism)
        self._argon2 = Argon2(
            time_cost=iterations,
            memory_cost=memory_kib,
            parallelism=parallelism,
            hash_len=DIGEST_BYTES,
            salt_len=SALT_BYTES,
        )
        self._threads = HashThreads(workers or _cores(), queue)

    @property
    def busy(self) -> int:
        """How many hashes are being computed."""
        return self._threads.busy

    @property
    def waiting(self) -> int:
        """How many wait for a thread."""
        return self._threads.waiting

    async def hash(self, password: Password, requester: Requester) -> str:
        """Return a new salted argon2id hash in PHC form. Raises TooBusy."""
        return await self._run(requester, partial(self._hash, password))

    async def verify(self, password: Password, stored: str | None, requester: Requester) -> PasswordVerdict:
        """Compare with a stored hash. No hash, or an unreadable one, takes the same time and never matches.

        Raises TooBusy.
        """
        return await self._run(requester, partial(self._verify, password, stored))

    def close(self) -> None:
        """Block until every requested hash is done; later requests get TooBusy."""
        self._threads.close()

    async def _run(self, requester: Requester, work: Callable[[], _R]) -> _R:
        try:
            return await self._threads.run(requester, work)
        except HashingError:
            # The parameters were checked before, so argon2 can only lack memory.
            raise TooBusy from None

    def _hash(self, password: Password) -> str:
        return self._argon2.hash(_to_bytes(password))

    def _verify(self, password: Password, stored: str | None) -> PasswordVerdict:
        secret = _to_bytes(password)
        known = parse_stored_hash(stored or "")
        if known is None:
            self._spend(self._parameters, secret)
        elif known.matches(secret):
            return PasswordVerdict(matches=True, outdated=known.is_outdated(self._parameters))
        elif (typed := _as_typed(password)) != secret and known.is_foreign(self._parameters) and known.matches(typed):
            # Its program did not normalise. The new hash is of the normal form, and this comparison is the last one.
            return PasswordVerdict(matches=True, outdated=True)
        elif isinstance(known, Argon2Hash):
            self._spend_the_rest(known.parameters, secret)
        return PasswordVerdict(matches=False)

    def _spend_the_rest(self, spent: Argon2Parameters, secret: bytes) -> None:
        # Without this, a wrong password for an old, cheaper hash would be refused sooner than an unknown email address.
        missing = (self._parameters.work - spent.work) // self._parameters.iterations
        rest = Argon2Parameters(missing, self._parameters.iterations, self._parameters.parallelism)
        if rest.is_within_bounds():
            self._spend(rest, secret)

    @staticmethod
    def _spend(parameters: Argon2Parameters, secret: bytes) -> None:
        Argon2Hash(parameters, ARGON2_VERSION, bytes(SALT_BYTES), bytes(DIGEST_BYTES)).matches(secret)


def _to_bytes(password: Password) -> bytes:
    return password.reveal().encode()


def _as_typed(password: Password) -> bytes:
    return password.reveal_as_typed().encode()


def _cores() -> int:
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed is not None else os.cpu_count() or 1
