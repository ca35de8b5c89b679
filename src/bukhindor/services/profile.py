"""Changes that people make to their own account."""

from dataclasses import dataclass
from typing import Protocol

from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import UserNotFound
from bukhindor.domain.user import User, UserChanges
from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.transactions import Transaction, Writes
from bukhindor.ports.store.users import HasUsers
from bukhindor.ports.system import Clock
from bukhindor.services.steps.audit_trail import AuditTrail


class _Writing(HasUsers, HasAuditEvents, Transaction, Protocol):
    """What a change of the profile needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    transactions: Writes[_Writing]
    trail: AuditTrail
    clock: Clock

    async def change(self, caller: Caller, changes: UserChanges) -> User:
        """Change your own name, language or metadata; null leaves a field unchanged, and an empty `language` makes it
        unknown again. Guests may not do this.

        `metadata` is merged into what is stored (RFC 7396): null removes a key, other keys stay. Mails to you are
        written in `language`.

        Raises Forbidden, InvalidInput.
        """
        now = self.clock.now()
        changes = caller.user.without_repeats(changes, now)
        caller.require_right_to(changes)
        if changes == UserChanges():
            return caller.user
        async with self.transactions.begin() as tx:
            user = await tx.users.by_id(caller.user.id)
            if user is None:
                raise UserNotFound
            changed = user.changed(changes, now)
            await tx.users.save(changed)
            for event in self.trail.of_change(caller, user, changed, now):
                await tx.audit_events.add(event)
            await tx.commit()
        return changed
