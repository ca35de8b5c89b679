"""Figures about the store for operators."""

from dataclasses import dataclass
from typing import Protocol

from bukhindor.domain.mail import Backlog
from bukhindor.domain.session import SessionPolicy
from bukhindor.ports.store.factors import HasFactors
from bukhindor.ports.store.outbox import HasOutbox
from bukhindor.ports.store.sessions import HasSessions
from bukhindor.ports.store.transactions import Reads
from bukhindor.ports.system import Clock


class _Reading(HasOutbox, HasSessions, HasFactors, Protocol):
    """What is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    transactions: Reads[_Reading]
    policy: SessionPolicy
    clock: Clock

    async def mail_backlog(self) -> Backlog:
        """Count what waits in the outbox. Cheap enough for every few seconds."""
        async with self.transactions.scan() as stored:
            return await stored.outbox.backlog(self.clock.now())

    async def active_sessions(self) -> int:
        """Count the sessions that are not over. A big store takes a while."""
        async with self.transactions.scan() as stored:
            return await stored.sessions.count(self.clock.now(), self.policy)

    async def second_factors(self) -> int:
        """Count the confirmed second factors of all accounts."""
        async with self.transactions.scan() as stored:
            return await stored.factors.count()
