"""An e-mail address and a password become a session."""

import logging
from dataclasses import replace
from datetime import datetime

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller
from bukhindor.domain.device import Device
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import Denied, InvalidCredentials, Unavailable
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.origin import Origin
from bukhindor.domain.password import Password
from bukhindor.domain.rate_limit import MAX_CONSECUTIVE_FAILURES, SIGN_IN_FAILURES_PER_ACCOUNT
from bukhindor.domain.session import MAX_SESSIONS_PER_USER, Session
from bukhindor.domain.tokens import TokenPair
from bukhindor.domain.user import User
from bukhindor.ports import Clock, Identifiers, PasswordHasher, RateLimiter, Requester, Transaction, Transactions
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.letters import Letters
from bukhindor.services.steps.token_issuer import TokenIssuer

_log = logging.getLogger(__name__)


class SignIn:
    def __init__(
        self,
        transactions: Transactions,
        hasher: PasswordHasher,
        token_issuer: TokenIssuer,
        letters: Letters,
        trail: AuditTrail,
        limiter: RateLimiter,
        identifiers: Identifiers,
        clock: Clock,
    ) -> None:
        self._transactions = transactions
        self._hasher = hasher
        self._token_issuer = token_issuer
        self._letters = letters
        self._trail = trail
        self._limiter = limiter
        self._identifiers = identifiers
        self._clock = clock

    async def login(self, email: EmailAddress, password: Password, device: Device, origin: Origin) -> TokenPair:
        """Start a session.

        An unknown address and a wrong password are told apart neither by the answer nor by its time. That an
        account is banned or inactive is told only after the right password. Other sessions go on; past one hundred
        the oldest ends.

        Ten failures of one account within fifteen minutes make it wait, wherever they come from; one hundred in a
        row disable its password until it is reset by mail. A sign-in from a device that none of the account's
        sessions knows is told by mail.

        Raises InvalidCredentials, AccountBanned, AccountInactive, RateLimited, TooBusy.
        """
        self._token_issuer.require_key()
        # Counted before it is known to be a failure: many guesses at once must not all slip through.
        await self._limiter.take(SIGN_IN_FAILURES_PER_ACCOUNT, email.value)
        try:
            tokens = await self._sign_in(email, password, device, origin)
        except InvalidCredentials:
            raise
        except BaseException:
            # Given up because it took too long is not a failure of whoever asked, either.
            await self._limiter.give_back(SIGN_IN_FAILURES_PER_ACCOUNT, email.value)
            raise
        await self._limiter.clear(SIGN_IN_FAILURES_PER_ACCOUNT, email.value)
        return tokens

    async def _sign_in(self, email: EmailAddress, password: Password, device: Device, origin: Origin) -> TokenPair:
        while True:
            known, is_outdated = await self._recognise(email, password, origin)
            started = await self._start(known, device, origin)
            if started is not None:
                break
        session, user = started
        tokens = self._token_issuer.issue(session, user, session.created_at)
        if is_outdated:
            await self._upgrade_hash(user, password, origin)
        return tokens

    async def _recognise(self, email: EmailAddress, password: Password, origin: Origin) -> tuple[User, bool]:
        """Whose address and password these are, and whether the stored hash is outdated."""
        async with self._transactions.read() as stored:
            known = await stored.users.by_email(email)
        stored_hash = known.usable_password_hash if known else None
        verdict = await self._hasher.verify(password, stored_hash, Requester(origin.network, email.value))
        if known is None or not verdict.matches:
            await self._record_failure(email, origin)
            raise InvalidCredentials
        return known, verdict.outdated

    async def _start(self, known: User, device: Device, origin: Origin) -> tuple[Session, User] | None:
        """A new session; None when the hash that was compared is not the account's any more.

        It may be a new password, or the same one under today's hash: a client's second sign-in must not fail
        because its first has upgraded the hash.
        """
        now = self._clock.now()
        async with self._transactions.begin() as tx:
            # The account may have changed while the hash was computed; what holds now decides.
            user = await tx.users.by_id(known.id)
            if user is None or user.usable_password_hash != known.password_hash:
                # Reading sees the other hash only when it is on the disk.
                await tx.commit()
                return None
            await self._refuse_unless_active(tx, user, origin, now)
            if user.last_login_at is not None and not await tx.sessions.has_device(user.id, device):
                await self._letters.tell(tx, user, LetterKind.NEW_DEVICE, origin, now)
            user = user.signed_in(now)
            session = Session.start(self._identifiers.session_id(), user.id, self._identifiers.seed(), device, now)
            await tx.users.save(user)
            await tx.sessions.add(session)
            await tx.sessions.remove_beyond(user.id, MAX_SESSIONS_PER_USER)
            caller = Caller(user, session, origin)
            await tx.audit_events.add(self._trail.by(caller, AuditType.SIGNED_IN, now))
            await tx.commit()
        return session, user

    async def _refuse_unless_active(self, tx: Transaction, user: User, origin: Origin, now: datetime) -> None:
        try:
            user.refuse_unless_active(now)
        except Denied as denied:
            failed = AuditType.SIGN_IN_FAILED
            await tx.audit_events.add(self._trail.by_stranger(origin, failed, now, user.id, reason=denied.code))
            await tx.commit()
            raise

    async def _record_failure(self, email: EmailAddress, origin: Origin) -> None:
        """Count it against the account, if there is one; an unknown address costs a commit as well."""
        now = self._clock.now()
        async with self._transactions.begin() as tx:
            user = await tx.users.by_email(email)
            failed = AuditType.SIGN_IN_FAILED
            subject_id = None if user is None else user.id
            event = self._trail.by_stranger(origin, failed, now, subject_id, email=email.masked)
            await tx.audit_events.add(event)
            if user is not None:
                user = user.after_failed_sign_in()
                await tx.users.save(user)
                if user.failed_sign_ins == MAX_CONSECUTIVE_FAILURES:
                    disabled = AuditType.PASSWORD_DISABLED
                    await tx.audit_events.add(self._trail.by_stranger(origin, disabled, now, user.id))
                    await self._letters.tell(tx, user, LetterKind.PASSWORD_DISABLED, origin, now)
            await tx.commit()

    async def _upgrade_hash(self, user: User, password: Password, origin: Origin) -> None:
        """Store the password under today's hash. It can wait for another sign-in, so it never fails this one."""
        try:
            upgraded = await self._hasher.hash(password, Requester(origin.network, user.email.value))
            async with self._transactions.begin() as tx:
                current = await tx.users.by_id(user.id)
                if current is not None and current.password_hash == user.password_hash:
                    await tx.users.save(replace(current, password_hash=upgraded))
                    await tx.commit()
        except Unavailable as unavailable:
            _log.warning("password hash not upgraded: %s", unavailable.code)
