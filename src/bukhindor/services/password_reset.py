"""A forgotten password: a mail, a proof, a new password."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from bukhindor.domain.audit import AuditType
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import InvalidOneTimeToken, RateLimited
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.one_time_token import Proof, Purpose
from bukhindor.domain.origin import Origin
from bukhindor.domain.password import NewPassword, PasswordPolicy
from bukhindor.domain.password_attempt import is_worth_recording
from bukhindor.ports.secrets import DeviceProofs, PasswordHasher, Requester
from bukhindor.ports.store.familiar_networks import HasFamiliarNetworks
from bukhindor.ports.store.lockdown_links import HasLockdownLinks
from bukhindor.ports.store.sessions import HasSessions
from bukhindor.ports.store.transactions import Writes
from bukhindor.ports.system import Clock, Identifiers
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.letters import Letters
from bukhindor.services.steps.mail_allowance import MailAllowance
from bukhindor.services.steps.mailbox_proof import MailboxProofs, ProofStore
from bukhindor.services.steps.password_check import PasswordCheck
from bukhindor.services.steps.planted_access import PlantedFactorStore, without_planted_factors


class _Writing(ProofStore, HasSessions, HasLockdownLinks, HasFamiliarNetworks, PlantedFactorStore, Protocol):
    """What a reset needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordReset:
    transactions: Writes[_Writing]
    hasher: PasswordHasher
    password_policy: PasswordPolicy
    proofs: MailboxProofs
    letters: Letters
    trail: AuditTrail
    password_check: PasswordCheck
    device_proofs: DeviceProofs
    identifiers: Identifiers
    clock: Clock
    allowance: MailAllowance

    async def request(self, email: EmailAddress, origin: Origin) -> None:
        """Send a link and a code to an account's address.

        The response is the same for unknown addresses, banned accounts and too frequent requests. One address gets one
        mail a minute and five an hour; a newer mail makes the older ones invalid.
        """
        with suppress(RateLimited):
            async with self.allowance.of(f"reset:{email}"):
                await self._send(email, origin)

    async def _send(self, email: EmailAddress, origin: Origin) -> None:
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            user = await tx.users.by_email(email)
            asked = AuditType.PASSWORD_RESET_ASKED
            if user is None:
                # Counting for unknown addresses also makes both cases take one commit.
                await tx.audit_events.count(self.trail.counted(origin, asked, now))
            else:
                if user.is_active_at(now):
                    await self.letters.ask_for_proof(tx, user, Purpose.RESET_PASSWORD, origin, now)
                await tx.audit_events.add(self.trail.by_stranger(origin, asked, now, user.id, email=email.masked))
            await tx.commit()

    async def confirm(self, proof: Proof, new: NewPassword, origin: Origin) -> str:
        """Set a new password: every session is revoked, and the address counts as verified. Second factors stay, unless
        the address was not verified before: the person who registered may not be the person who reads the mailbox.

        A reset starts no session: sign in afterwards. It unlocks the account, clears the account's counts of failures,
        makes your network familiar, and returns a device proof, so that strangers can't block that sign-in. If the new
        password is refused, the link and the code stay valid.

        Raises InvalidOneTimeToken, InvalidValue, AccountBanned, AccountInactive, TooBusy.
        """
        user, _ = await self.proofs.look_up(Purpose.RESET_PASSWORD, proof, origin, self.clock.now())
        self.password_policy.check(new, user.email, user.name)
        password_hash = await self.hasher.hash(new, Requester(origin.site, user.email.value))
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            user, token = await self.proofs.use(tx, Purpose.RESET_PASSWORD, proof, origin, now)
            user.refuse_unless_active(now)
            if token.email != user.email:
                raise InvalidOneTimeToken
            if not user.email_verified:
                user = await without_planted_factors(tx, user, now)
            user = user.with_reset_password(password_hash, now).with_proven_email(token.email, now)
            await tx.users.save(user)
            if is_worth_recording(origin.wider_network, None, now):
                await tx.familiar_networks.record(user.id, origin.wider_network, now)
            await tx.sessions.remove_of_user(user.id)
            await tx.one_time_tokens.remove_of_user(user.id)
            await self.letters.warn(tx, user, LetterKind.PASSWORD_CHANGED, origin, now)
            await tx.audit_events.add(self.trail.by_stranger(origin, AuditType.PASSWORD_RESET, now, user.id))
            familiar = [network for network, _ in await tx.familiar_networks.of_user(user.id)]
            await tx.commit()
        await self.password_check.clear_budgets(user.email, familiar)
        return self.device_proofs.issue(user.id, self.identifiers.session_id(), now)
