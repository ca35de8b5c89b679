"""Deleting an account, and everything personal with it."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from bukhindor.domain.act import Act
from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Person, self_of
from bukhindor.domain.errors import LastAdmin, UserNotFound
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.password import Password
from bukhindor.ports.store.identities import HasIdentities
from bukhindor.ports.store.sessions import HasSessions
from bukhindor.ports.store.transactions import Transaction, Writes
from bukhindor.ports.store.withdrawals import HasWithdrawals
from bukhindor.ports.system import Clock
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.erasure import ErasureStore, erase
from bukhindor.services.steps.letters import Letters
from bukhindor.services.steps.provider_access import ProviderAccess
from bukhindor.services.steps.step_up import StepUp


class _Writing(ErasureStore, HasSessions, HasIdentities, HasWithdrawals, Transaction, Protocol):
    """What the removal of an account needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRemoval:
    """Shared by people and administrators. The audit keeps what happened, and the account's id."""

    transactions: Writes[_Writing]
    step_up: StepUp
    access: ProviderAccess
    letters: Letters
    trail: AuditTrail
    clock: Clock

    async def remove(self, actor: Person, user_id: UUID, password: Password | None) -> None:
        """Delete a user; a last mail notifies them. The actor's own account needs its password, or a fresh sign-in with
        two factors; another one a fresh sign-in.

        Raises UserNotFound, ReauthenticationRequired, IncorrectPassword, InvalidAccessToken, RateLimited, TooBusy, and
        LastAdmin when no active administrator would be left.
        """
        caller = self_of(actor, user_id)
        act = Act.DELETE_USER if caller is None else Act.DELETE_ACCOUNT
        await self.step_up.prove(actor, act, password=password)
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            if caller is None:
                user = await tx.users.by_id(user_id)
            else:
                user = (await self.step_up.holder(tx, caller)).user
            if user is None:
                raise UserNotFound
            await self.access.withdraw(tx, await tx.identities.of_user(user.id), now)
            if user.is_active_admin_at(now) and await tx.users.count_active_admins(now) == 1:
                raise LastAdmin
            await erase(tx, user.id, self.trail.by(actor, AuditType.DELETED, now, user.id))
            await self.letters.tell(tx, user, LetterKind.ACCOUNT_DELETED, actor.origin, now)
            await tx.commit()
