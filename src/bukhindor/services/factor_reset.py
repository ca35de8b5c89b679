"""Support takes away the second factors of a person who has lost them."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from bukhindor.domain.act import Act
from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Person
from bukhindor.domain.errors import LastSignInMethod, UserNotFound
from bukhindor.domain.factor import Factor
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.user import User
from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.factors import HasFactors
from bukhindor.ports.store.identities import HasIdentities
from bukhindor.ports.store.outbox import HasOutbox
from bukhindor.ports.store.passkeys import HasPasskeys
from bukhindor.ports.store.recovery_codes import HasRecoveryCodes
from bukhindor.ports.store.sessions import HasSessions
from bukhindor.ports.store.transactions import Transaction, Transactions
from bukhindor.ports.store.users import HasUsers
from bukhindor.ports.system import Clock
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.letters import Letters
from bukhindor.services.steps.step_up import StepUp


class _Reading(HasUsers, HasFactors, HasRecoveryCodes, Protocol):
    """What a list of factors needs from the store."""


class _Writing(
    HasUsers,
    HasSessions,
    HasFactors,
    HasRecoveryCodes,
    HasPasskeys,
    HasIdentities,
    HasOutbox,
    HasAuditEvents,
    Transaction,
    Protocol,
):
    """What a reset needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorReset:
    transactions: Transactions[_Reading, _Writing]
    step_up: StepUp
    letters: Letters
    trail: AuditTrail
    clock: Clock

    async def factors_of(self, actor: Person, user_id: UUID) -> tuple[list[Factor], int]:
        """Return the confirmed factors of a user, the oldest first, and how many recovery codes are left.

        Raises Forbidden, UserNotFound.
        """
        actor.require_admin()
        async with self.transactions.read() as stored:
            if await stored.users.by_id(user_id) is None:
                raise UserNotFound
            factors = await stored.factors.of_user(user_id)
            left = await stored.recovery_codes.count(user_id)
        return [factor for factor in factors if factor.is_confirmed], left

    async def reset(self, actor: Person, user_id: UUID) -> None:
        """Remove all second factors, recovery codes and passkeys of a user, and revoke all sessions.

        A mail notifies the user. From then on the password or a mailed code alone signs in: make sure that the request
        comes from the person. Your sign-in must be fresh. An account without an address and without an identity
        keeps its passkeys: without them no one could sign in.

        Raises Forbidden, UserNotFound, LastSignInMethod, ReauthenticationRequired.
        """
        actor.require_admin()
        await self.step_up.prove(actor, Act.RESET_FACTORS)
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            user = await tx.users.by_id(user_id)
            if user is None:
                raise UserNotFound
            await self._refuse_last(tx, user)
            removed = await tx.factors.remove_of_user(user.id) + await tx.passkeys.remove_of_user(user.id)
            await tx.recovery_codes.remove_of_user(user.id)
            await tx.sessions.remove_of_user(user.id)
            user = user.without_factors(now)
            await tx.users.save(user)
            await self.letters.tell(tx, user, LetterKind.FACTORS_RESET, actor.origin, now)
            event = self.trail.by(actor, AuditType.FACTORS_RESET, now, user.id, removed=str(removed))
            await tx.audit_events.add(event)
            await tx.commit()

    async def _refuse_last(self, tx: _Writing, user: User) -> None:
        """Raise LastSignInMethod when no one could sign in without the passkeys of `user`."""
        has_passkeys = user.email.is_of_guest and await tx.passkeys.of_user(user.id)
        if has_passkeys and not await tx.identities.of_user(user.id):
            raise LastSignInMethod
