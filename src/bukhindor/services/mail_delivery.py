"""Delivering mails from the outbox."""

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Protocol

from bukhindor.domain.audit import AuditType
from bukhindor.domain.identity import is_relay_address
from bukhindor.domain.mail import LEASE, MAX_TRIES, Mail, MailNotAccepted, QueuedMail
from bukhindor.domain.origin import NOWHERE
from bukhindor.ports.mail import Mailer
from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.identities import HasIdentities
from bukhindor.ports.store.outbox import HasOutbox
from bukhindor.ports.store.transactions import Transaction, Transactions
from bukhindor.ports.system import Clock, LaterWork
from bukhindor.services.steps.audit_trail import AuditTrail

_log = logging.getLogger(__name__)

_AT_ONCE = 20
# What takes longer goes on beside the next mails: a mail server may take ten minutes over one.
_TURN_SECONDS = 1.0
_CANCEL_AGAIN_SECONDS = 1.0


class _Reading(HasOutbox, HasIdentities, Protocol):
    """What a look at a mail needs from the store."""


class _Writing(HasOutbox, HasAuditEvents, Transaction, Protocol):
    """What a delivery needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailDelivery:
    """`deliver_due` is called again and again, never twice at the same time; at the end, `finish`."""

    transactions: Transactions[_Reading, _Writing]
    mailer: Mailer
    trail: AuditTrail
    clock: Clock
    later_work: LaterWork
    _under_way: dict[asyncio.Task[None], QueuedMail] = field(default_factory=dict, init=False)

    async def deliver_due(self) -> int:
        """Try to deliver every due mail, several at once. Returns how many were begun.

        A mail that is not accepted is retried after growing pauses, five tries in all; then it is given up. No other
        worker gets a mail while this one delivers it, however long that takes.
        """
        await self._renew_leases()
        claimed = await self._claim(_AT_ONCE - len(self._under_way))
        begun = {asyncio.create_task(self._deliver(queued)): queued for queued in claimed}
        self._under_way.update(begun)
        if begun:
            await asyncio.wait(begun, timeout=_TURN_SECONDS)
        # One failure must not hide that others have ended, too.
        failures = [task.exception() for task in self._ended()]
        for failure in failures:
            if failure is not None:
                raise failure
        return len(begun)

    async def finish(self, seconds: float) -> None:
        """Let the deliveries that are under way come to their end, and break off those that take longer.

        A mail that was broken off is retried by another worker when its lease is over.
        """
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=seconds)
        while any(not task.done() for task in self._under_way):
            for task in self._under_way:
                task.cancel()
            # A driver may drop a cancellation.
            await asyncio.wait(self._under_way, timeout=_CANCEL_AGAIN_SECONDS)
        for task in self._ended():
            if not task.cancelled() and task.exception() is not None:
                _log.error("a delivery failed", exc_info=task.exception())

    def _ended(self) -> list[asyncio.Task[None]]:
        """The deliveries that have ended; they are under way no more."""
        ended = [task for task in self._under_way if task.done()]
        for task in ended:
            del self._under_way[task]
        return ended

    async def _claim(self, at_most: int) -> list[QueuedMail]:
        if at_most <= 0:
            return []
        async with self.transactions.read() as stored:
            if not await stored.outbox.has_due(self.clock.now()):
                return []
        async with self.transactions.begin() as tx:
            now = self.clock.now()
            claimed = await tx.outbox.claim(now, now + LEASE, at_most)
            await tx.commit()
        return claimed

    async def _renew_leases(self) -> None:
        """Keep every mail that is under way from other workers."""
        soon = self.clock.now() + LEASE / 2
        ending = {task: queued for task, queued in self._under_way.items() if queued.due_at < soon}
        if not ending:
            return
        async with self.transactions.begin() as tx:
            now = self.clock.now()
            renewed = {
                task: queued.under_lease(now)
                for task, queued in ending.items()
                if await tx.outbox.renew(queued, now + LEASE)
            }
            await tx.commit()
        self._under_way.update({task: queued for task, queued in renewed.items() if task in self._under_way})

    async def _deliver(self, queued: QueuedMail) -> None:
        with self.later_work.caused_by(queued.cause):
            await self._try(queued)

    async def _try(self, queued: QueuedMail) -> None:
        if queued.tries > MAX_TRIES:
            # Every worker died over it, and the next one would, too.
            await self._postpone(queued, MailNotAccepted("No try came to an end.", permanent=True))
            return
        if queued.mail is None:
            # While the secret is being replaced, another replica may know the one that sealed it.
            await self._postpone(queued, MailNotAccepted("No secret of this server opens it.", permanent=False))
            return
        if await self._is_unwanted(queued.mail):
            _log.info("a mail to a relay address was dropped: its person has stopped mails")
        else:
            try:
                await self.mailer.send(queued.mail, queued.id)
            except MailNotAccepted as refusal:
                await self._postpone(queued, refusal)
                return
        async with self.transactions.begin() as tx:
            await tx.outbox.remove(queued.id)
            await tx.commit()

    async def _is_unwanted(self, mail: Mail) -> bool:
        """Whether the person has told Apple to forward no more mails to this address."""
        if not is_relay_address(mail.to):
            return False
        async with self.transactions.read() as stored:
            return await stored.identities.mails_are_stopped(mail.to)

    async def _postpone(self, queued: QueuedMail, refusal: MailNotAccepted) -> None:
        now = self.clock.now()
        queued = queued.after_failure(now, permanent=refusal.permanent)
        async with self.transactions.begin() as tx:
            await tx.outbox.save(queued)
            if queued.failed_at is not None:
                abandoned = AuditType.MAIL_ABANDONED
                await tx.audit_events.add(self.trail.by_stranger(NOWHERE, abandoned, now, queued.user_id))
            await tx.commit()
        _log.warning("mail not accepted, try %d%s: %s", queued.tries, " (given up)" * bool(queued.failed_at), refusal)
