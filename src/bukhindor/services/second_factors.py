"""The second factors of an account, as its owner sees and changes them."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from bukhindor.domain.act import Act
from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import (
    EmailRequired,
    FactorConfirmed,
    FactorNotFound,
    IncorrectFactor,
    NoFactor,
    TooManyFactors,
)
from bukhindor.domain.factor import MAX_FACTORS, Enrolment, Factor, FactorName, TotpCode
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.recovery_code import RecoveryCode
from bukhindor.domain.sign_in_method import Method
from bukhindor.domain.user import User
from bukhindor.ports.factors import RecoverySecrets, TotpCodes
from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.factors import HasFactors
from bukhindor.ports.store.lockdown_links import HasLockdownLinks
from bukhindor.ports.store.outbox import HasOutbox
from bukhindor.ports.store.recovery_codes import HasRecoveryCodes
from bukhindor.ports.store.sessions import HasSessions
from bukhindor.ports.store.transactions import Transaction, Transactions
from bukhindor.ports.store.users import HasUsers
from bukhindor.ports.system import Clock, Identifiers
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.letters import Letters
from bukhindor.services.steps.step_up import StepUp


class _Reading(HasFactors, HasRecoveryCodes, Protocol):
    """What a list of factors needs from the store."""


class _Writing(
    HasUsers,
    HasSessions,
    HasFactors,
    HasRecoveryCodes,
    HasOutbox,
    HasLockdownLinks,
    HasAuditEvents,
    Transaction,
    Protocol,
):
    """What a change of factors needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactors:
    """Every change is mailed and recorded."""

    transactions: Transactions[_Reading, _Writing]
    totp: TotpCodes
    recovery: RecoverySecrets
    step_up: StepUp
    letters: Letters
    trail: AuditTrail
    identifiers: Identifiers
    clock: Clock

    async def overview(self, caller: Caller) -> tuple[list[Factor], int]:
        """Return your confirmed second factors, the oldest first, and how many recovery codes are left."""
        async with self.transactions.read() as stored:
            factors = await stored.factors.of_user(caller.user.id)
            left = await stored.recovery_codes.count(caller.user.id)
        return [factor for factor in factors if factor.is_confirmed], left

    async def add_totp(self, caller: Caller, name: FactorName | None) -> Enrolment:
        """Begin to add an authenticator app: show the QR code to the app, or type the secret, and confirm with a code.

        Until then the factor is pending, for ten minutes, and changes nothing. A newer pending factor takes its place.
        An account has at most five factors. The secret is shown only here.

        Your sign-in must be fresh, and with a second factor if the account has one. A guest needs a first one before.

        Raises EmailRequired, ReauthenticationRequired, InvalidAccessToken, TooManyFactors.
        """
        if caller.user.is_guest:
            raise EmailRequired
        await self.step_up.prove(caller, Act.ADD_FACTOR)
        now, secret = self.clock.now(), self.totp.make_secret()
        async with self.transactions.begin() as tx:
            user = (await self.step_up.present(tx, caller)).user
            _require_room(await tx.factors.of_user(user.id))
            factor = Factor(self.identifiers.event_id(), user.id, name, secret, now)
            await tx.factors.put(factor)
            await tx.commit()
        uri = self.totp.uri(secret, user.email)
        return Enrolment(factor, self.totp.in_base32(secret), uri, self.totp.qr_svg(uri))

    async def confirm(
        self, caller: Caller, factor_id: UUID, code: TotpCode, *, end_other_sessions: bool
    ) -> list[RecoveryCode]:
        """Confirm a pending factor with a code of it. From now on signing in asks for a second factor.

        With the first factor of an account come ten recovery codes. Each stands in for the app once. They are shown
        only here: if the response gets lost, send the same request again within ten minutes.

        This session has proved a second factor by this; new access tokens say so. Other sessions continue, unless
        `end_other_sessions` is true.

        Raises FactorNotFound, FactorConfirmed, IncorrectFactor, TooManyFactors, ReauthenticationRequired,
        InvalidAccessToken.
        """
        await self.step_up.prove(caller, Act.ADD_FACTOR)
        now = self.clock.now()
        codes: list[RecoveryCode] = []
        async with self.transactions.begin() as tx:
            present = await self.step_up.present(tx, caller)
            user, session = present.user, present.session
            factors = await tx.factors.of_user(user.id)
            factor = next((each for each in factors if each.id == factor_id), None)
            if factor is not None and factor.is_confirmed:
                raise FactorConfirmed
            if factor is None or factor.secret is None or not factor.is_pending_at(now):
                raise FactorNotFound
            _require_room(factors)
            step = self.totp.matching_step(factor.secret, code, factor.steps_at(now))
            if step is None:
                raise IncorrectFactor
            await tx.factors.save(factor.used(step, now))
            if not user.has_factor:
                codes = await self._new_codes(tx, user)
            user = user.with_factor(now)
            await tx.users.save(user)
            await tx.sessions.save(session.reauthenticated((Method.OTP,), now))
            if end_other_sessions:
                await tx.sessions.remove_of_user(user.id, keep=session.id)
            await self.letters.warn(tx, user, LetterKind.FACTOR_ADDED, caller.origin, now)
            await tx.audit_events.add(self.trail.by(caller, AuditType.FACTOR_ADDED, now, factor=str(factor.id)))
            await tx.commit()
        return codes

    async def remove(self, caller: Caller, factor_id: UUID) -> None:
        """Remove a second factor. With the last one go the recovery codes.

        Your sign-in must be fresh, and with a second factor.

        Raises FactorNotFound, ReauthenticationRequired, InvalidAccessToken.
        """
        await self.step_up.prove(caller, Act.REMOVE_FACTOR)
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            user = (await self.step_up.present(tx, caller)).user
            factors = [factor for factor in await tx.factors.of_user(user.id) if factor.is_confirmed]
            if not await tx.factors.remove(user.id, factor_id):
                raise FactorNotFound
            if any(factor.id == factor_id for factor in factors):
                if len(factors) == 1:
                    user = user.without_factors(now)
                    await tx.users.save(user)
                    await tx.recovery_codes.remove_of_user(user.id)
                await self.letters.tell(tx, user, LetterKind.FACTOR_REMOVED, caller.origin, now)
                await tx.audit_events.add(self.trail.by(caller, AuditType.FACTOR_REMOVED, now, factor=str(factor_id)))
            await tx.commit()

    async def renew_recovery_codes(self, caller: Caller) -> list[RecoveryCode]:
        """Make ten new recovery codes, shown only here; the older ones are void.

        Your sign-in must be fresh, and with a second factor.

        Raises NoFactor, ReauthenticationRequired, InvalidAccessToken.
        """
        await self.step_up.prove(caller, Act.RENEW_RECOVERY_CODES)
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            user = (await self.step_up.present(tx, caller)).user
            if not user.has_factor:
                raise NoFactor
            codes = await self._new_codes(tx, user)
            await self.letters.tell(tx, user, LetterKind.RECOVERY_CODES_MADE, caller.origin, now)
            await tx.audit_events.add(self.trail.by(caller, AuditType.RECOVERY_CODES_MADE, now))
            await tx.commit()
        return codes

    async def _new_codes(self, tx: HasRecoveryCodes, user: User) -> list[RecoveryCode]:
        codes = self.recovery.make()
        await tx.recovery_codes.replace(user.id, [self.recovery.digests(code, user.id)[0] for code in codes])
        return codes


def _require_room(factors: list[Factor]) -> None:
    """Raise TooManyFactors when no other factor can be confirmed."""
    if sum(factor.is_confirmed for factor in factors) >= MAX_FACTORS:
        raise TooManyFactors
