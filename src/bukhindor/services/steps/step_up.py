"""The one proof of presence before a dangerous act: a fresh sign-in, or the password once more."""

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

from bukhindor.domain.act import Act
from bukhindor.domain.caller import Actor, Caller
from bukhindor.domain.errors import IncorrectPassword, InvalidAccessToken, ReauthenticationRequired
from bukhindor.domain.password import Password
from bukhindor.domain.password_attempt import AttemptKind, PasswordAttempt
from bukhindor.domain.session import SessionPolicy
from bukhindor.domain.sign_in_method import Level, Method
from bukhindor.domain.user import User
from bukhindor.ports.store.passkeys import HasPasskeys
from bukhindor.ports.store.sessions import HasSessions
from bukhindor.ports.store.transactions import Reads
from bukhindor.ports.system import Clock
from bukhindor.services.steps.password_check import PasswordCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class StepUp:
    """Shared by the dangerous acts. Each session has its own budget for wrong passwords."""

    transactions: Reads[HasPasskeys]
    password_check: PasswordCheck
    policy: SessionPolicy
    clock: Clock

    async def prove(self, actor: Actor, *acts: Act, password: Password | None = None) -> None:
        """Check that `actor` is present before `acts`.

        The right password is enough. Without one the sign-in must be fresh; and where an act asks for the password of
        an account that has one, or the account has a second factor, it must be fresh with two factors. The operator and
        other services have no sign-in, and a guest has nothing to prove one with: the session is the only
        way in.

        Raises ReauthenticationRequired, IncorrectPassword, RateLimited, TooBusy.
        """
        if not isinstance(actor, Caller) or not acts:
            return
        if password is None:
            await self._require_fresh(actor, acts)
        else:
            await self.prove_by_password(actor, password, " ".join(sorted(acts)))

    async def prove_by_password(self, caller: Caller, password: Password, act: str) -> None:
        """Check the caller's password before `act`. Raises IncorrectPassword, RateLimited, TooBusy."""
        async with self.budget(caller):
            if await self.matches(caller, password):
                return
            await self.record_failure(caller, act)
            raise IncorrectPassword

    async def _require_fresh(self, caller: Caller, acts: Iterable[Act]) -> None:
        if caller.user.is_guest:
            return
        session = caller.session
        needs_password = caller.user.password_hash is not None and any(act.asks_for_password for act in acts)
        is_enough = session.level is Level.AAL2 or not (needs_password or caller.user.has_factor)
        if is_enough and session.is_fresh_at(self.clock.now(), self.policy):
            return
        # Only a refusal asks for the passkeys, so that what is admitted costs no statement more.
        async with self.transactions.read() as stored:
            has_passkey = bool(await stored.passkeys.of_user(caller.user.id))
        passkey = (Method.PASSKEY,) if has_passkey else ()
        raise ReauthenticationRequired(*methods_of(caller.user, session.level), *passkey)

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

    async def holder(self, tx: HasSessions, caller: Caller) -> Caller:
        """The caller as `tx` sees them, if their proof is still valid: computing the hash took time.

        Raises InvalidAccessToken when the session has ended meanwhile, IncorrectPassword when the password changed.
        """
        present = await self.present(tx, caller)
        if present.user.password_hash != caller.user.password_hash:
            raise IncorrectPassword
        return present


def _prompt_of(caller: Caller) -> PasswordAttempt:
    """The attempt of a signed-in person to prove their presence."""
    kind = AttemptKind.SUPERSEDED_SESSION if caller.is_superseded else AttemptKind.SESSION
    return PasswordAttempt(kind, caller.user.email, caller.origin, caller.user, caller.session)


def methods_of(user: User, level: Level) -> tuple[Method, ...]:
    """What makes the sign-in of a session fresh, the usual one first: without a password, a mailed code. A session that
    has not proved the second factor of its account must prove that. Passkeys come on top.
    """
    if user.password_hash is not None:
        first: tuple[Method, ...] = (Method.PASSWORD,)
    else:
        first = () if user.email.is_of_guest else (Method.MAIL,)
    if not user.has_factor:
        return first
    return (Method.OTP, Method.RECOVERY) if level is Level.AAL1 else (*first, Method.OTP, Method.RECOVERY)
