"""An account goes, and everything personal with it."""

from uuid import UUID

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Actor, self_of
from bukhindor.domain.errors import LastAdmin, UserNotFound
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.password import Password
from bukhindor.ports import Clock, Transactions
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.letters import Letters
from bukhindor.services.steps.step_up import StepUp


class AccountRemoval:
    """What people and administrators do alike; of what happened only the fact and the id stay."""

    def __init__(
        self, transactions: Transactions, step_up: StepUp, letters: Letters, trail: AuditTrail, clock: Clock
    ) -> None:
        self._transactions = transactions
        self._step_up = step_up
        self._letters = letters
        self._trail = trail
        self._clock = clock

    async def remove(self, actor: Actor, user_id: UUID, password: Password | None) -> None:
        """Remove a user; a last mail notifies them. The actor's own account goes only after its password.

        Raises UserNotFound, ReauthenticationRequired, IncorrectPassword, InvalidAccessToken, RateLimited, TooBusy, and
        LastAdmin when no active administrator would be left.
        """
        caller = self_of(actor, user_id)
        if caller is not None:
            await self._step_up.prove(caller, password, "delete_account")
        now = self._clock.now()
        async with self._transactions.begin() as tx:
            user = await (tx.users.by_id(user_id) if caller is None else self._step_up.holder(tx, caller))
            if user is None:
                raise UserNotFound
            await tx.users.remove(user.id)
            if user.is_active_admin_at(now) and await tx.users.count_active_admins(now) == 0:
                raise LastAdmin
            await tx.outbox.remove_of_user(user.id)
            await self._letters.tell(tx, user, LetterKind.ACCOUNT_DELETED, actor.origin, now)
            await tx.audit_events.add(self._trail.by(actor, AuditType.DELETED, now, user.id))
            await tx.audit_events.forget(user.id)
            await tx.commit()
