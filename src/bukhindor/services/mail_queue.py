"""The operator's view of the outbox."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Person
from bukhindor.domain.errors import MailNotFound, MailUnderWay
from bukhindor.domain.mail import LEASE, QueuedMail
from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.outbox import HasOutbox
from bukhindor.ports.store.transactions import Transaction, Transactions
from bukhindor.ports.system import Clock
from bukhindor.services.steps.audit_trail import AuditTrail

# The clocks of replicas differ: a lease may seem to last longer than it does.
_LONGEST_LEASE = LEASE * 1.5


class _Writing(HasOutbox, HasAuditEvents, Transaction, Protocol):
    """What a retry needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailQueue:
    transactions: Transactions[HasOutbox, _Writing]
    trail: AuditTrail
    clock: Clock

    async def oldest(self, actor: Person, at_most: int) -> list[QueuedMail]:
        """Return mails that wait or were given up, the oldest first.

        Raises Forbidden.
        """
        actor.require_admin()
        async with self.transactions.scan() as stored:
            return await stored.outbox.oldest(at_most)

    async def retry(self, actor: Person, queued_id: UUID) -> None:
        """Have a mail that was given up, or that waits after a failure, delivered at once, with all its tries ahead.

        A mail that is due soon is left alone: a worker may be delivering it. Raises Forbidden, MailNotFound,
        MailUnderWay.
        """
        actor.require_admin()
        async with self.transactions.begin() as tx:
            now = self.clock.now()
            queued = await tx.outbox.find(queued_id)
            if queued is None:
                raise MailNotFound
            if not await tx.outbox.retry(queued_id, now, now + _LONGEST_LEASE):
                raise MailUnderWay
            await tx.audit_events.add(self.trail.by(actor, AuditType.MAIL_RETRIED, now, queued.user_id))
            await tx.commit()

    async def retry_failed(self, actor: Person) -> int:
        """Have all mails that were given up delivered at once. Returns how many there are.

        Raises Forbidden.
        """
        actor.require_admin()
        async with self.transactions.begin() as tx:
            now = self.clock.now()
            retried = await tx.outbox.retry_failed(now)
            if retried:
                await tx.audit_events.add(self.trail.by(actor, AuditType.MAIL_RETRIED, now, None, mails=str(retried)))
            await tx.commit()
        return retried
