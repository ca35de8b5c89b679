"""A signed-in person whose account has no password adds one."""

from dataclasses import dataclass
from typing import Protocol

from bukhindor.domain.act import Act
from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import EmailRequired, PasswordExists
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.password import NewPassword, PasswordPolicy
from bukhindor.ports.secrets import PasswordHasher, Requester
from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.lockdown_links import HasLockdownLinks
from bukhindor.ports.store.sessions import HasSessions
from bukhindor.ports.store.transactions import Transaction, Writes
from bukhindor.ports.store.users import HasUsers
from bukhindor.ports.system import Clock
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.letters import Letters, LetterStore
from bukhindor.services.steps.step_up import StepUp


class _Writing(LetterStore, HasUsers, HasSessions, HasLockdownLinks, HasAuditEvents, Transaction, Protocol):
    """What adding a password needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstPassword:
    transactions: Writes[_Writing]
    hasher: PasswordHasher
    password_policy: PasswordPolicy
    step_up: StepUp
    letters: Letters
    trail: AuditTrail
    clock: Clock

    async def add(self, caller: Caller, new: NewPassword) -> None:
        """Add a password to an account that has none, such as one that signs in with mailed codes.

        Your sign-in must be fresh. Sessions go on; mailed links and codes that wait become invalid, and a mail reports
        the new password. An account that has a password changes it instead, and one without an address gets both at
        `/auth/guest/upgrade`, or an address first.

        Raises EmailRequired, PasswordExists, ReauthenticationRequired, InvalidValue, InvalidAccessToken, TooBusy.
        """
        user = caller.user
        if user.email.is_of_guest:
            raise EmailRequired
        if user.password_hash is not None:
            raise PasswordExists
        await self.step_up.prove(caller, Act.ADD_PASSWORD)
        self.password_policy.check(new, user.email, user.name)
        password_hash = await self.hasher.hash(new, Requester(caller.origin.site, user.email.value))
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            user = (await self.step_up.present(tx, caller)).user
            if user.password_hash is not None:
                raise PasswordExists
            user = user.with_password_hash(password_hash, now)
            await tx.users.save(user)
            await tx.one_time_tokens.remove_of_user(user.id)
            await self.letters.warn(tx, user, LetterKind.PASSWORD_ADDED, caller.origin, now)
            await tx.audit_events.add(self.trail.by(caller, AuditType.PASSWORD_ADDED, now))
            await tx.commit()
