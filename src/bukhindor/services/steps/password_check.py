"""Every check of a password: one budget, one ceiling, one audit event for each failure."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import IncorrectPassword, InvalidAccessToken, InvalidCredentials, RateLimited
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.origin import Origin
from bukhindor.domain.password import Password
from bukhindor.domain.password_attempt import SIGN_IN_KINDS, AttemptKind, PasswordAttempt, account_key, sign_in_kind
from bukhindor.domain.rate_limit import FAILED_SIGN_INS_PER_ACCOUNT, MAX_CONSECUTIVE_FAILURES, Limit
from bukhindor.domain.user import User
from bukhindor.ports.secrets import DeviceProofs, PasswordHasher, PasswordVerdict, Requester
from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.outbox import HasOutbox
from bukhindor.ports.store.sessions import HasSessions
from bukhindor.ports.store.transactions import Transaction, Transactions
from bukhindor.ports.store.users import HasUsers
from bukhindor.ports.system import Clock, RateLimiter
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.letters import Letters


class _Writing(HasUsers, HasSessions, HasOutbox, HasAuditEvents, Transaction, Protocol):
    """What recording a wrong password needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordCheck:
    transactions: Transactions[HasUsers, _Writing]
    hasher: PasswordHasher
    device_proofs: DeviceProofs
    letters: Letters
    trail: AuditTrail
    limiter: RateLimiter
    clock: Clock

    async def sign_in_attempt(self, email: EmailAddress, origin: Origin, device_proof: str) -> PasswordAttempt:
        """An attempt to sign in, and what it presents: a device proof, a familiar network, or nothing."""
        async with self.transactions.read() as stored:
            found = await stored.users.by_email_with_network(email, origin.wider_network)
        user, network_used_at = found or (None, None)
        now = self.clock.now()
        device = None if user is None else self.device_proofs.device_of(device_proof, user.id, now)
        kind = sign_in_kind(device, network_used_at, now)
        return PasswordAttempt(kind, email, origin, user, device=device or "", network_used_at=network_used_at)

    @asynccontextmanager
    async def budget(self, attempt: PasswordAttempt) -> AsyncIterator[None]:
        """Count the attempt before its outcome is known: many guesses at once must not all pass.

        A success clears the account's count of this kind, and takes back what it counted for the network. So does an
        outcome that is no wrong password, such as a busy server. Raises RateLimited.
        """
        places = [attempt.budget, *attempt.network_budgets]
        await self._take_all(places)
        try:
            yield
        except (InvalidCredentials, InvalidAccessToken, IncorrectPassword):
            raise
        except BaseException:
            # A request that was cancelled at its deadline is no failure of the client, either.
            await self._give_back(places)
            raise
        await self.limiter.clear(*attempt.budget)
        await self._give_back(attempt.network_budgets)

    async def _take_all(self, places: Sequence[tuple[Limit, str]]) -> None:
        """Count in every place, or in none: what one limit refuses does not count against another."""
        for number, place in enumerate(places):
            try:
                await self.limiter.take(*place)
            except RateLimited:
                await self._give_back(places[:number])
                raise

    async def _give_back(self, places: Sequence[tuple[Limit, str]]) -> None:
        for place in places:
            await self.limiter.give_back(*place)

    async def verify(self, attempt: PasswordAttempt, password: Password) -> PasswordVerdict:
        """Compare the password; an attempt without a usable hash takes the same time. Raises TooBusy."""
        requester = Requester(attempt.origin.site, attempt.email.value)
        return await self.hasher.verify(password, attempt.password_hash, requester)

    async def record_failure(self, attempt: PasswordAttempt, act: str) -> None:
        """Record a wrong password, and count it against the account and the session.

        Failures for unknown addresses are counted by network and minute. They cost a commit as well, so that the
        response takes the same time.
        """
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            if attempt.session is None:
                user = await tx.users.by_email(attempt.email)
            else:
                user = await tx.users.by_id(attempt.session.user_id)
            if user is None:
                failed = self.trail.counted(attempt.origin, AuditType.SIGN_IN_FAILED, now)
                await tx.audit_events.count(failed)
            else:
                await self._record_failure_of(tx, attempt, user, act, now)
            await tx.commit()

    async def _record_failure_of(
        self, tx: _Writing, attempt: PasswordAttempt, user: User, act: str, now: datetime
    ) -> None:
        origin, details = attempt.origin, {"kind": attempt.kind.value, "act": act}
        session = None if attempt.session is None else await tx.sessions.by_id(attempt.session.id)
        if session is not None:
            if attempt.kind is AttemptKind.SESSION:
                await tx.sessions.save(session.with_failed_prompts(session.failed_prompts + 1))
            caller = Caller(user, session, origin)
            await tx.audit_events.add(self.trail.by(caller, AuditType.PASSWORD_CHECK_FAILED, now, **details))
        else:
            type = AuditType.SIGN_IN_FAILED if attempt.kind in SIGN_IN_KINDS else AuditType.PASSWORD_CHECK_FAILED
            event = self.trail.by_stranger(origin, type, now, user.id, email=user.email.masked, **details)
            await tx.audit_events.add(event)
        if attempt.counts_into_ceiling:
            user = user.with_failed_sign_ins(user.failed_sign_ins + 1)
            await tx.users.save(user)
            if user.failed_sign_ins == MAX_CONSECUTIVE_FAILURES:
                disabled = self.trail.by_stranger(origin, AuditType.PASSWORD_DISABLED, now, user.id)
                await tx.audit_events.add(disabled)
                await self.letters.tell(tx, user, LetterKind.PASSWORD_DISABLED, origin, now)

    async def forget_failures(self, attempt: PasswordAttempt) -> None:
        """After the right password at a session's prompt, its next failure is the first in a row."""
        if attempt.session is None or not attempt.session.failed_prompts:
            return
        async with self.transactions.begin() as tx:
            session = await tx.sessions.by_id(attempt.session.id)
            if session is not None:
                await tx.sessions.save(session.with_failed_prompts(0))
                await tx.commit()

    async def clear_budgets(self, email: EmailAddress, familiar_networks: Iterable[str]) -> None:
        """After a reset by mail, strangers and familiar networks have their whole budgets again."""
        await self.limiter.clear(FAILED_SIGN_INS_PER_ACCOUNT, account_key(AttemptKind.STRANGER, email))
        for network in familiar_networks:
            key = account_key(AttemptKind.FAMILIAR_NETWORK, email, network)
            await self.limiter.clear(FAILED_SIGN_INS_PER_ACCOUNT, key)
