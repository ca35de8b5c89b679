"""An e-mail address and a password become a session."""

import logging
from dataclasses import replace

from bukhindor.domain.device import Device
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import InvalidCredentials, Unavailable
from bukhindor.domain.password import Password
from bukhindor.domain.session import MAX_SESSIONS_PER_USER, Session
from bukhindor.domain.tokens import TokenPair
from bukhindor.domain.user import User
from bukhindor.ports import Clock, Identifiers, PasswordHasher, Transactions
from bukhindor.services.token_issuer import TokenIssuer

_log = logging.getLogger(__name__)


class SignIn:
    def __init__(
        self,
        transactions: Transactions,
        hasher: PasswordHasher,
        token_issuer: TokenIssuer,
        identifiers: Identifiers,
        clock: Clock,
    ) -> None:
        self._transactions = transactions
        self._hasher = hasher
        self._token_issuer = token_issuer
        self._identifiers = identifiers
        self._clock = clock

    async def login(self, email: EmailAddress, password: Password, device: Device) -> TokenPair:
        """Start a session.

        An unknown address and a wrong password are told apart neither by the answer nor by its time. That an
        account is banned or inactive is told only after the right password. Other sessions go on; past one hundred
        the oldest ends.

        Raises InvalidCredentials, AccountBanned, AccountInactive, TooBusy.
        """
        while True:
            known, is_outdated = await self._recognise(email, password)
            started = await self._start(known, device)
            if started is not None:
                break
        session, user = started
        tokens = self._token_issuer.issue(session, user, session.created_at)
        if is_outdated:
            await self._upgrade_hash(user, password)
        return tokens

    async def _recognise(self, email: EmailAddress, password: Password) -> tuple[User, bool]:
        """Whose address and password these are, and whether the stored hash is outdated."""
        async with self._transactions.read() as stored:
            known = await stored.users.by_email(email)
        verdict = await self._hasher.verify(password, known.password_hash if known else None)
        if known is None or not verdict.matches:
            raise InvalidCredentials
        return known, verdict.outdated

    async def _start(self, known: User, device: Device) -> tuple[Session, User] | None:
        """A new session; None when the hash that was compared is not the account's any more.

        It may be a new password, or the same one under today's hash: a client's second sign-in must not fail
        because its first has upgraded the hash.
        """
        now = self._clock.now()
        async with self._transactions.begin() as tx:
            # The account may have changed while the hash was computed; what holds now decides.
            user = await tx.users.by_id(known.id)
            if user is None or user.password_hash != known.password_hash:
                # Reading sees the other hash only when it is on the disk.
                await tx.commit()
                return None
            user.refuse_unless_active(now)
            user = user.signed_in(now)
            session = Session.start(self._identifiers.session_id(), user.id, self._identifiers.seed(), device, now)
            await tx.users.save(user)
            await tx.sessions.add(session)
            await tx.sessions.remove_beyond(user.id, MAX_SESSIONS_PER_USER)
            await tx.commit()
        return session, user

    async def _upgrade_hash(self, user: User, password: Password) -> None:
        """Store the password under today's hash. It can wait for another sign-in, so it never fails this one."""
        try:
            upgraded = await self._hasher.hash(password)
            async with self._transactions.begin() as tx:
                current = await tx.users.by_id(user.id)
                if current is not None and current.password_hash == user.password_hash:
                    await tx.users.save(replace(current, password_hash=upgraded))
                    await tx.commit()
        except Unavailable as unavailable:
            _log.warning("password hash not upgraded: %s", unavailable.code)
