"""What people change about themselves."""

from dataclasses import dataclass

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import UserNotFound
from bukhindor.domain.user import User, UserChanges
from bukhindor.ports import Clock, Transactions
from bukhindor.services.steps.audit_trail import AuditTrail


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    transactions: Transactions
    trail: AuditTrail
    clock: Clock

    async def rename(self, caller: Caller, name: str | None) -> User:
        """Change the caller's own name; null leaves it. Guests may not.

        Raises Forbidden.
        """
        now = self.clock.now()
        changes = caller.user.without_repeats(UserChanges(name=name), now)
        caller.require_right_to(changes)
        if changes == UserChanges():
            return caller.user
        async with self.transactions.begin() as tx:
            user = await tx.users.by_id(caller.user.id)
            if user is None:
                raise UserNotFound
            renamed = user.changed(changes, now)
            await tx.users.save(renamed)
            await tx.audit_events.add(self.trail.by(caller, AuditType.RENAMED, now))
            await tx.commit()
        return renamed
