"""Regular work in the background."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bukhindor.domain.audit import AuditType, Retention
from bukhindor.domain.factor import PENDING_LIFE
from bukhindor.domain.origin import NOWHERE
from bukhindor.domain.password_attempt import FAMILIARITY
from bukhindor.domain.session import SessionPolicy
from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.factors import HasFactors
from bukhindor.ports.store.familiar_networks import HasFamiliarNetworks
from bukhindor.ports.store.guests import HasGuests
from bukhindor.ports.store.identities import HasIdentities
from bukhindor.ports.store.invitations import HasInvitations
from bukhindor.ports.store.kept_responses import HasKeptResponses
from bukhindor.ports.store.lockdown_links import HasLockdownLinks
from bukhindor.ports.store.one_time_tokens import HasOneTimeTokens
from bukhindor.ports.store.outbox import HasOutbox
from bukhindor.ports.store.passkeys import HasPasskeys
from bukhindor.ports.store.sessions import HasSessions
from bukhindor.ports.store.transactions import Transaction, Writes
from bukhindor.ports.store.users import HasUsers
from bukhindor.ports.system import Clock
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.erasure import erase

_FAILED_MAIL_LIFE = timedelta(days=7)


class _Writing(
    HasUsers,
    HasGuests,
    HasSessions,
    HasOneTimeTokens,
    HasInvitations,
    HasLockdownLinks,
    HasPasskeys,
    HasIdentities,
    HasFamiliarNetworks,
    HasFactors,
    HasKeptResponses,
    HasOutbox,
    HasAuditEvents,
    Transaction,
    Protocol,
):
    """What can expire."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    transactions: Writes[_Writing]
    policy: SessionPolicy
    retention: Retention
    trail: AuditTrail
    clock: Clock

    async def purge(self) -> int:
        """Remove expired data, and what is personal in the events of deleted accounts. Returns how many there were.

        Expired are sessions, one-time tokens, used challenges and ID tokens, invitations, links that lock, familiar
        networks, pending factors, kept responses, abandoned mails and events, and guests who have not
        come back. Relay addresses without mails are forgotten with their account: nothing else is mailed there.

        It works in small steps, so that no request waits long behind it.
        """
        removed = 0
        while some := await self._purge_some():
            removed += some
        return removed

    async def _purge_some(self) -> int:
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            removed = await tx.sessions.remove_over(now, self.policy)
            removed += await tx.one_time_tokens.remove_expired(now)
            removed += await tx.invitations.remove_expired(now)
            removed += await tx.lockdown_links.remove_expired(now)
            removed += await tx.passkeys.remove_expired_challenges(now)
            removed += await tx.identities.remove_expired_tokens(now)
            removed += await tx.identities.forget_stops()
            removed += await tx.familiar_networks.remove_before(now - FAMILIARITY)
            removed += await tx.factors.remove_abandoned(now - PENDING_LIFE)
            removed += await tx.kept_responses.remove_expired(now)
            removed += await tx.outbox.remove_failed(now - _FAILED_MAIL_LIFE)
            removed += await tx.audit_events.remove_before(now - self.retention.audit)
            removed += await self._remove_guests(tx, now)
            removed += await tx.audit_events.forget_more()
            await tx.commit()
        return removed

    async def _remove_guests(self, tx: _Writing, now: datetime) -> int:
        """Remove some guests who were not there for too long, and note the use of others. Returns how many there were
        of both: each is looked at once.
        """
        if self.retention.guests is None:
            return 0
        moment = now - self.retention.guests
        found = await tx.guests.unseen_since(moment)
        for user, last_use in found:
            if not user.is_guest:
                # An earlier release, which knows no guests, has given the account an address.
                await tx.guests.note_seen(user.id, None)
            elif last_use is not None and last_use > moment:
                await tx.guests.note_seen(user.id, last_use)
            else:
                await erase(tx, user.id, self.trail.by_stranger(NOWHERE, AuditType.DELETED, now, user.id))
        return len(found)
