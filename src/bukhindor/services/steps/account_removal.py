"""An account goes, and everything personal with it."""

from datetime import datetime

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Actor
from bukhindor.domain.errors import LastAdmin
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.user import User
from bukhindor.ports import Transaction
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.letters import Letters


class AccountRemoval:
    """What people and administrators do alike; of what happened only the fact and the id stay."""

    def __init__(self, letters: Letters, trail: AuditTrail) -> None:
        self._letters = letters
        self._trail = trail

    async def remove(self, tx: Transaction, actor: Actor, user: User, now: datetime) -> None:
        """Remove the user within `tx`; a last mail tells it. Raises LastAdmin when no active one would be left."""
        await tx.users.remove(user.id)
        if user.is_active_admin_at(now) and await tx.users.count_active_admins(now) == 0:
            raise LastAdmin
        await tx.outbox.remove_of_user(user.id)
        await self._letters.tell(tx, user, LetterKind.ACCOUNT_DELETED, actor.origin, now)
        await tx.audit_events.add(self._trail.by(actor, AuditType.DELETED, now, user.id))
        await tx.audit_events.forget(user.id)
