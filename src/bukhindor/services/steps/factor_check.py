"""Every check of a second factor: one budget, one ceiling, one audit event for each failure."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from bukhindor.domain.audit import AuditEvent, AuditType
from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import IncorrectFactor
from bukhindor.domain.factor import FactorProof, TotpCode
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.origin import Origin
from bukhindor.domain.rate_limit import MAX_CONSECUTIVE_FAILURES, SECOND_FACTORS_PER_ACCOUNT
from bukhindor.domain.recovery_code import FEW_LEFT, RecoveryCode
from bukhindor.domain.sign_in_method import Method
from bukhindor.domain.user import User
from bukhindor.ports.factors import RecoverySecrets, TotpCodes
from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.factors import HasFactors
from bukhindor.ports.store.outbox import HasOutbox
from bukhindor.ports.store.recovery_codes import HasRecoveryCodes
from bukhindor.ports.store.transactions import Transaction, Writes
from bukhindor.ports.store.users import HasUsers
from bukhindor.ports.system import Clock, RateLimiter
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.letters import Letters


class FactorStore(HasUsers, HasFactors, HasRecoveryCodes, HasOutbox, HasAuditEvents, Transaction, Protocol):
    """What a check of a second factor needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorCheck:
    """Shared by sign-in and reauthentication. All clients have one budget: who tries a second factor has proved the
    first one.
    """

    transactions: Writes[FactorStore]
    totp: TotpCodes
    recovery: RecoverySecrets
    letters: Letters
    trail: AuditTrail
    limiter: RateLimiter
    clock: Clock

    @asynccontextmanager
    async def budget(self, user_id: UUID) -> AsyncIterator[None]:
        """Count the attempt before its outcome is known: many guesses at once must not all pass.

        A right factor clears the account's count; any outcome but a wrong factor takes the attempt back.

        Raises RateLimited.
        """
        key = str(user_id)
        await self.limiter.take(SECOND_FACTORS_PER_ACCOUNT, key)
        try:
            yield
        except IncorrectFactor:
            raise
        except BaseException:
            await self.limiter.give_back(SECOND_FACTORS_PER_ACCOUNT, key)
            raise
        await self.limiter.clear(SECOND_FACTORS_PER_ACCOUNT, key)

    async def use(
        self, tx: FactorStore, user: User, proof: FactorProof, who: Caller | Origin, now: datetime
    ) -> tuple[User, Method] | None:
        """Use up a second factor in `tx`, of a signed-in person or of a client that signs in.

        Returns the user without earlier failures, which the use case saves, and the method; None for a wrong factor, or
        one that was used.
        """
        if not user.accepts_factors:
            return None
        if isinstance(proof, TotpCode):
            method = Method.OTP if await self._use_code(tx, user, proof, now) else None
        else:
            method = Method.RECOVERY if await self._use_recovery_code(tx, user, proof, who, now) else None
        return None if method is None else (user.with_failed_factors(0), method)

    async def _use_code(self, tx: FactorStore, user: User, code: TotpCode, now: datetime) -> bool:
        for factor in await tx.factors.of_user(user.id):
            if factor.secret is not None and factor.is_confirmed:
                step = self.totp.matching_step(factor.secret, code, factor.steps_at(now))
                if step is not None and await tx.factors.save(factor.used(step, now)):
                    return True
        return False

    async def _use_recovery_code(
        self, tx: FactorStore, user: User, code: RecoveryCode, who: Caller | Origin, now: datetime
    ) -> bool:
        if not await tx.recovery_codes.use(user.id, self.recovery.digests(code, user.id)):
            return False
        left = await tx.recovery_codes.count(user.id)
        await tx.audit_events.add(self._event(who, AuditType.RECOVERY_CODE_USED, now, user.id, left=str(left)))
        origin = _origin_of(who)
        await self.letters.tell(tx, user, LetterKind.RECOVERY_CODE_USED, origin, now)
        if left == FEW_LEFT:
            await self.letters.tell(tx, user, LetterKind.FEW_RECOVERY_CODES, origin, now)
        return True

    async def record_failure(self, user_id: UUID, proof: FactorProof, who: Caller | Origin, act: str) -> None:
        """Record a wrong factor, and count it against the account. After 100 in a row no factor is right until the
        password is reset by mail, and a mail says so.
        """
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            user = await tx.users.by_id(user_id)
            if user is None:
                return
            user = user.with_failed_factors(user.failed_factors + 1)
            await tx.users.save(user)
            type = "totp" if isinstance(proof, TotpCode) else "recovery_code"
            failed = self._event(who, AuditType.FACTOR_CHECK_FAILED, now, user.id, act=act, factor=type)
            await tx.audit_events.add(failed)
            if user.failed_factors == MAX_CONSECUTIVE_FAILURES:
                await tx.audit_events.add(self._event(who, AuditType.FACTORS_DISABLED, now, user.id))
                await self.letters.tell(tx, user, LetterKind.FACTORS_DISABLED, _origin_of(who), now)
            await tx.commit()

    def _event(
        self, who: Caller | Origin, type: AuditType, now: datetime, user_id: UUID, /, **details: str
    ) -> AuditEvent:
        if isinstance(who, Caller):
            return self.trail.by(who, type, now, user_id, **details)
        return self.trail.by_stranger(who, type, now, user_id, **details)


def _origin_of(who: Caller | Origin) -> Origin:
    return who.origin if isinstance(who, Caller) else who
