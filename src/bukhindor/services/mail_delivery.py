"""Delivering mails from the outbox."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta

from bukhindor.domain.audit import AuditType
from bukhindor.domain.mail import MAX_TRIES, MailNotAccepted, QueuedMail
from bukhindor.domain.origin import NOWHERE
from bukhindor.ports.mail import Mailer
from bukhindor.ports.store.transactions import Transactions
from bukhindor.ports.system import Clock
from bukhindor.services.steps.audit_trail import AuditTrail

_log = logging.getLogger(__name__)

_AT_ONCE = 10
# Longer than any delivery may take: after that a mail whose worker died is retried.
_LEASE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailDelivery:
    transactions: Transactions
    mailer: Mailer
    trail: AuditTrail
    clock: Clock

    async def deliver_due(self) -> int:
        """Try to deliver every due mail, several at once. Returns how many were tried.

        A mail that is not accepted is retried after growing pauses, five tries in all; then it is given up.
        """
        async with self.transactions.read() as stored:
            if not await stored.outbox.has_due(self.clock.now()):
                return 0
        async with self.transactions.begin() as tx:
            now = self.clock.now()
            claimed = await tx.outbox.claim(now, now + _LEASE, _AT_ONCE)
            await tx.commit()
        # One failure must not hide that others are still under way.
        outcomes = await asyncio.gather(*(self._deliver(queued) for queued in claimed), return_exceptions=True)
        for outcome in outcomes:
            if outcome is not None:
                raise outcome
        return len(claimed)

    async def _deliver(self, queued: QueuedMail) -> None:
        if queued.tries > MAX_TRIES:
            # Every worker died over it, and the next one would, too.
            await self._postpone(queued, MailNotAccepted("No try came to an end.", permanent=True))
            return
        if queued.mail is None:
            # While the secret is being replaced, another replica may know the one that sealed it.
            await self._postpone(queued, MailNotAccepted("No secret of this server opens it.", permanent=False))
            return
        try:
            await self.mailer.send(queued.mail)
        except MailNotAccepted as refusal:
            await self._postpone(queued, refusal)
            return
        async with self.transactions.begin() as tx:
            await tx.outbox.remove(queued.id)
            await tx.commit()

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
