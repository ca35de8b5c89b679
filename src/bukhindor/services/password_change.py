"""A signed-in person chooses another password."""

from dataclasses import dataclass, replace
from typing import Protocol

from bukhindor.domain.act import Act
from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import IncorrectPassword, InvalidAccessToken
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.password import NewPassword, Password, PasswordPolicy
from bukhindor.domain.tokens import TokenPair
from bukhindor.ports.secrets import PasswordHasher, Requester
from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.lockdown_links import HasLockdownLinks
from bukhindor.ports.store.sessions import HasSessions
from bukhindor.ports.store.transactions import Transaction, Transactions
from bukhindor.ports.store.users import HasUsers
from bukhindor.ports.system import Clock, Identifiers
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.letters import Letters, LetterStore
from bukhindor.services.steps.step_up import StepUp
from bukhindor.services.steps.token_issuer import TokenIssuer


class _Writing(LetterStore, HasUsers, HasSessions, HasLockdownLinks, HasAuditEvents, Transaction, Protocol):
    """What a change of the password needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChange:
    transactions: Transactions[HasSessions, _Writing]
    hasher: PasswordHasher
    password_policy: PasswordPolicy
    token_issuer: TokenIssuer
    step_up: StepUp
    letters: Letters
    trail: AuditTrail
    identifiers: Identifiers
    clock: Clock

    async def change(self, caller: Caller, current: Password, new: NewPassword) -> TokenPair:
        """Replace the password: other sessions end, the caller's goes on with fresh tokens.

        All older tokens of this session become invalid, since a stolen one may be the reason for the change. If you
        repeat the request after a lost response, or send it twice at once, you get the tokens of the change that was
        made.

        Raises IncorrectPassword, InvalidValue, InvalidAccessToken, RateLimited, TooBusy.
        """
        self.token_issuer.require_key()
        user = caller.user
        self.password_policy.check(new, user.email, user.name)
        async with self.step_up.budget(caller):
            if not caller.is_superseded and await self.step_up.matches(caller, current):
                tokens = await self._replace(caller, await self.hasher.hash(new, _requester(caller)))
                if tokens is not None:
                    return tokens
            return await self._repeat(caller, new)

    async def _replace(self, caller: Caller, new_hash: str) -> TokenPair | None:
        """Return None when the password has been replaced since the caller was admitted."""
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            found = await tx.sessions.with_user(caller.session.id)
            if found is None:
                raise InvalidAccessToken
            session, user = found
            if user.password_hash != caller.user.password_hash:
                return None
            user = user.with_password_hash(new_hash, now)
            session = session.reseeded(self.identifiers.seed(), now)
            await tx.users.save(user)
            await tx.sessions.save(session)
            await tx.sessions.remove_of_user(user.id, keep=session.id)
            await tx.one_time_tokens.remove_of_user(user.id)
            await self.letters.warn(tx, user, LetterKind.PASSWORD_CHANGED, caller.origin, now)
            await tx.audit_events.add(self.trail.by(caller, AuditType.PASSWORD_CHANGED, now))
            await tx.commit()
        return self.token_issuer.issue(session, user, now)

    async def _repeat(self, caller: Caller, new: NewPassword) -> TokenPair:
        """A caller whose password already is the new one has made the change: the response may have been lost."""
        async with self.transactions.read() as stored:
            found = await stored.sessions.with_user(caller.session.id)
        if found is None:
            raise InvalidAccessToken
        session, user = found
        if not await self.step_up.matches(replace(caller, user=user, session=session), new):
            await self.step_up.record_failure(caller, Act.CHANGE_PASSWORD)
            raise InvalidAccessToken if caller.is_superseded else IncorrectPassword
        return self.token_issuer.issue(session, user, self.clock.now())


def _requester(caller: Caller) -> Requester:
    return Requester(caller.origin.site, caller.user.email.value)
