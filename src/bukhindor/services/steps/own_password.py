"""A signed-in person proves itself once more, with its password."""

from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import IncorrectPassword, InvalidAccessToken
from bukhindor.domain.password import Password
from bukhindor.domain.rate_limit import SIGN_IN_FAILURES_PER_ACCOUNT
from bukhindor.domain.user import User
from bukhindor.ports import PasswordHasher, RateLimiter, Requester, Transaction


class OwnPassword:
    """What sensitive changes share; wrong passwords count like those of a sign-in."""

    def __init__(self, hasher: PasswordHasher, limiter: RateLimiter) -> None:
        self._hasher = hasher
        self._limiter = limiter

    async def check(self, caller: Caller, password: Password) -> None:
        """Raises IncorrectPassword, RateLimited, TooBusy."""
        if not await self.matches(caller, password):
            raise IncorrectPassword

    async def matches(self, caller: Caller, password: Password) -> bool:
        """Whether it is the caller's password; if so, earlier failures are forgotten. Raises RateLimited, TooBusy."""
        limit, account = SIGN_IN_FAILURES_PER_ACCOUNT, caller.user.email.value
        # Counted before it is known to be wrong: many guesses at once must not all slip through.
        await self._limiter.take(limit, account)
        try:
            requester = Requester(caller.origin.network, account)
            verdict = await self._hasher.verify(password, caller.user.usable_password_hash, requester)
        except BaseException:
            await self._limiter.give_back(limit, account)
            raise
        if verdict.matches:
            await self.forget_failures(caller)
        return verdict.matches

    async def forget_failures(self, caller: Caller) -> None:
        await self._limiter.clear(SIGN_IN_FAILURES_PER_ACCOUNT, caller.user.email.value)

    async def holder(self, tx: Transaction, caller: Caller) -> User:
        """The caller as `tx` sees it, if what it has proven still holds: the hash took its time.

        Raises InvalidAccessToken when its session has ended meanwhile, IncorrectPassword when it has another password.
        """
        found = await tx.sessions.with_user(caller.session.id)
        if found is None:
            raise InvalidAccessToken
        _, user = found
        if user.password_hash != caller.user.password_hash:
            raise IncorrectPassword
        return user
