"""The one proof of presence before a dangerous act: a signed-in person enters their password again."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import IncorrectPassword, InvalidAccessToken, ReauthenticationRequired
from bukhindor.domain.password import Password
from bukhindor.domain.password_attempt import AttemptKind, PasswordAttempt
from bukhindor.domain.user import User
from bukhindor.ports.store.sessions import HasSessions
from bukhindor.services.steps.password_check import PasswordCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class StepUp:
    """Shared by the dangerous acts. Each session has its own budget for wrong passwords."""

    password_check: PasswordCheck

    async def prove(self, caller: Caller, password: Password | None, act: str) -> None:
        """Check the caller's password before `act`.

        Raises ReauthenticationRequired without a password, IncorrectPassword, RateLimited, TooBusy.
        """
        if password is None:
            raise ReauthenticationRequired
        async with self.budget(caller):
            if await self.matches(caller, password):
                return
            await self.record_failure(caller, act)
            raise IncorrectPassword

    def budget(self, caller: Caller) -> AbstractAsyncContextManager[None]:
        """Count a prompt of the caller's session. Raises RateLimited."""
        return self.password_check.budget(_prompt_of(caller))

    async def matches(self, caller: Caller, password: Password) -> bool:
        """Whether this is the caller's password. Raises TooBusy."""
        prompt = _prompt_of(caller)
        if not (await self.password_check.verify(prompt, password)).matches:
            return False
        await self.password_check.forget_failures(prompt)
        return True

    async def record_failure(self, caller: Caller, act: str) -> None:
        """Record a wrong password, and count it against the session and the account."""
        await self.password_check.record_failure(_prompt_of(caller), act)

    async def present(self, tx: HasSessions, caller: Caller) -> Caller:
        """The caller as `tx` sees them: their rights may have changed since they were admitted.

        Raises InvalidAccessToken when the session has ended meanwhile.
        """
        found = await tx.sessions.with_user(caller.session.id)
        if found is None:
            raise InvalidAccessToken
        session, user = found
        return replace(caller, session=session, user=user)

    async def holder(self, tx: HasSessions, caller: Caller) -> User:
        """The caller as `tx` sees them, if their proof is still valid: computing the hash took time.

        Raises InvalidAccessToken when the session has ended meanwhile, IncorrectPassword when the password changed.
        """
        user = (await self.present(tx, caller)).user
        if user.password_hash != caller.user.password_hash:
            raise IncorrectPassword
        return user


def _prompt_of(caller: Caller) -> PasswordAttempt:
    """The attempt of a signed-in person to prove their presence."""
    kind = AttemptKind.SUPERSEDED_SESSION if caller.is_superseded else AttemptKind.SESSION
    return PasswordAttempt(kind, caller.user.email, caller.origin, caller.user, caller.session)
