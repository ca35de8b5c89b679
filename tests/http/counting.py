"""A service that counts what its requests cost: statements of the database, and hashes of passwords."""

from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import httpx
import pytest

from bukhindor.adapters.crypto.password_hasher import PooledPasswordHasher
from bukhindor.adapters.sql.schema import DatabaseUrl
from bukhindor.adapters.sql.traced import TracedTransactions
from bukhindor.bootstrap import application
from bukhindor.bootstrap.store import Store, StoreScopes
from bukhindor.bootstrap.watch import Watch
from bukhindor.config import Settings
from bukhindor.domain.password import Password
from bukhindor.ports.secrets import PasswordHasher, PasswordVerdict, Requester


@dataclass(frozen=True)
class Cost:
    """`calls` are those of the database in their order, `hashes` the computations of password hashes."""

    calls: list[str] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)

    @property
    def statements(self) -> list[str]:
        """The calls without the bounds of transactions."""
        return [call for call in self.calls if call not in ("BEGIN", "COMMIT", "ROLLBACK")]


# What a request causes runs in its context; what the service does in the background does not.
_counted: ContextVar[Cost | None] = ContextVar("counted", default=None)


class _Calls:
    """See DatabaseTracer."""

    @contextmanager
    def call(self, operation: str, *targets: str) -> Iterator[None]:
        cost = _counted.get()
        if cost is not None:
            cost.calls.append(" ".join((operation, *targets)))
        yield


class _CountedHasher:
    """See PasswordHasher."""

    def __init__(self, hasher: PooledPasswordHasher) -> None:
        self._hasher = hasher

    async def hash(self, password: Password, requester: Requester) -> str:
        self._count("hash")
        return await self._hasher.hash(password, requester)

    async def verify(self, password: Password, stored: str | None, requester: Requester) -> PasswordVerdict:
        self._count("verify")
        return await self._hasher.verify(password, stored, requester)

    def _count(self, what: str) -> None:
        cost = _counted.get()
        if cost is not None:
            cost.hashes.append(what)


class _CountingWatch(Watch):
    def transactions(self, store: Store, database: DatabaseUrl) -> StoreScopes:
        return TracedTransactions(store, _Calls())

    def hasher(self, hasher: PooledPasswordHasher) -> PasswordHasher:
        return _CountedHasher(hasher)


@contextmanager
def counting_services() -> Iterator[None]:
    """Services that start meanwhile count."""

    def open_watch(settings: Settings, *, exposes: bool) -> Watch:
        return _CountingWatch()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(application, "open_watch", open_watch)
        yield


async def cost_of(request: Awaitable[httpx.Response], status: int = 200) -> Cost:
    """What one request costs, which must be answered with `status`."""
    cost = Cost()
    before = _counted.set(cost)
    try:
        answer = await request
    finally:
        _counted.reset(before)
    assert answer.status_code == status, answer.text
    return cost
