"""Proving that an account's address belongs to the person who uses the account."""

from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol
from uuid import UUID

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller, Operator
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import EmailRequired, IncorrectPassword, InvalidOneTimeToken, RateLimited, UserNotFound
from bukhindor.domain.one_time_token import Proof, Purpose
from bukhindor.domain.origin import Origin
from bukhindor.domain.password import Password
from bukhindor.domain.password_attempt import AttemptKind, PasswordAttempt
from bukhindor.domain.user import User
from bukhindor.ports.store.transactions import Writes
from bukhindor.ports.system import Clock
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.letters import Letters
from bukhindor.services.steps.mail_allowance import MailAllowance
from bukhindor.services.steps.mailbox_proof import MailboxProofs, ProofStore
from bukhindor.services.steps.password_check import PasswordCheck
from bukhindor.services.steps.planted_access import PlantedAccess, PlantedAccessStore


class Verification(Enum):
    """What a proof of the mailbox has changed."""

    PASSWORD_KEPT = auto()
    PASSWORD_REMOVED = auto()
    ALREADY_VERIFIED = auto()


class _Writing(ProofStore, PlantedAccessStore, Protocol):
    """What a verification needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailVerification:
    transactions: Writes[_Writing]
    password_check: PasswordCheck
    proofs: MailboxProofs
    planted_access: PlantedAccess
    letters: Letters
    trail: AuditTrail
    clock: Clock
    allowance: MailAllowance

    async def request(self, email: EmailAddress, origin: Origin) -> None:
        """Send the mail of the registration again.

        The response is the same for every address: it does not show whether there is an account, or whether it is
        verified. One address gets one mail a minute and five an hour.
        """
        with suppress(RateLimited):
            async with self.allowance.of(f"verify:{email}"):
                await self._send(email, origin)

    async def _send(self, email: EmailAddress, origin: Origin) -> None:
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            user = await tx.users.by_email(email)
            asked = AuditType.EMAIL_VERIFICATION_ASKED
            if user is None:
                # Counting for unknown addresses also makes both cases take one commit.
                await tx.audit_events.count(self.trail.counted(origin, asked, now))
            else:
                if user.is_active_at(now) and not user.email_verified:
                    await self.letters.ask_for_proof(tx, user, Purpose.VERIFY_EMAIL, origin, now)
                await tx.audit_events.add(self.trail.by_stranger(origin, asked, now, user.id, email=email.masked))
            await tx.commit()

    async def confirm(
        self, proof: Proof, origin: Origin, caller: Caller | None = None, password: Password | None = None
    ) -> Verification:
        """Mark the address as verified.

        The person who registered may not be the person who reads the mailbox. So password and sessions stay only if the
        request comes from a session of the account, or has its password. Without either, both end, and a mail to
        choose a new password is sent (account pre-hijacking, CVE-2024-38351). A wrong password changes nothing, and the
        same link or code can be used again.

        While the link and the code live, using them again changes nothing, and says that the address is verified.

        Raises InvalidOneTimeToken, IncorrectPassword, AccountBanned, AccountInactive, RateLimited, TooBusy.
        """
        known, token = await self.proofs.look_up(Purpose.VERIFY_EMAIL, proof, origin, self.clock.now())
        if known.has_proven(token.email):
            return Verification.ALREADY_VERIFIED
        is_registrant = caller is not None and caller.user.id == known.id
        if not is_registrant and password is not None:
            await self._require_password_of(known, password, origin)
            is_registrant = True
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            user, token = await self.proofs.find(tx, Purpose.VERIFY_EMAIL, proof, origin, now)
            if user.has_proven(token.email):
                return Verification.ALREADY_VERIFIED
            user.refuse_unless_active(now)
            if token.email != user.email or user.password_hash != known.password_hash:
                raise InvalidOneTimeToken
            user = user.with_proven_email(token.email, now)
            if not is_registrant:
                user = await self.planted_access.end(tx, user, origin, now)
                # A second use gets the response that the address is verified.
                await tx.one_time_tokens.put(token)
            await tx.users.save(user)
            event = self.trail.by_stranger(origin, AuditType.EMAIL_VERIFIED, now, user.id, by=_who(user))
            await tx.audit_events.add(event)
            await tx.commit()
        return Verification.PASSWORD_KEPT if is_registrant else Verification.PASSWORD_REMOVED

    async def vouch(self, operator: Operator, user_id: UUID) -> User:
        """Mark the address as verified on the word of the operator, as for a first administrator who gets no mail.

        Nothing else changes: the operator says as well that the account is that person's. A link that was mailed finds
        the address verified.

        Raises UserNotFound, EmailRequired.
        """
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            user = await tx.users.by_id(user_id)
            if user is None:
                raise UserNotFound
            if user.email.is_of_guest:
                raise EmailRequired
            verified = user.with_proven_email(user.email, now)
            if verified is not user:
                await tx.users.save(verified)
                event = self.trail.by(operator, AuditType.EMAIL_VERIFIED, now, user.id, by="operator")
                await tx.audit_events.add(event)
                await tx.commit()
        return verified

    async def _require_password_of(self, user: User, password: Password, origin: Origin) -> None:
        attempt = PasswordAttempt(AttemptKind.MAILED_LINK, user.email, origin, user)
        async with self.password_check.budget(attempt):
            if not (await self.password_check.verify(attempt, password)).matches:
                await self.password_check.record_failure(attempt, "verify_email")
                raise IncorrectPassword


def _who(user: User) -> str:
    return "mailbox owner alone" if user.password_hash is None else "registrant"
