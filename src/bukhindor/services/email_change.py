"""Moving an account to another address, which must be proved first."""

from dataclasses import dataclass
from typing import Protocol

from bukhindor.domain.act import Act
from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import EmailTaken, InvalidOneTimeToken, InvalidValue
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.one_time_token import Proof, Purpose
from bukhindor.domain.origin import Origin
from bukhindor.domain.password import Password
from bukhindor.domain.ways_in import AddressPolicy
from bukhindor.ports.store.lockdown_links import HasLockdownLinks
from bukhindor.ports.store.sessions import HasSessions
from bukhindor.ports.store.transactions import Writes
from bukhindor.ports.system import Clock
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.letters import Letters
from bukhindor.services.steps.mail_allowance import MailAllowance
from bukhindor.services.steps.mailbox_proof import MailboxProofs, ProofStore
from bukhindor.services.steps.step_up import StepUp


class _Writing(ProofStore, HasSessions, HasLockdownLinks, Protocol):
    """What a change of the address needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChange:
    transactions: Writes[_Writing]
    step_up: StepUp
    addresses: AddressPolicy
    proofs: MailboxProofs
    letters: Letters
    trail: AuditTrail
    clock: Clock
    allowance: MailAllowance

    async def request(self, caller: Caller, new_email: EmailAddress, password: Password | None) -> None:
        """Send a link and a code to the new address, and notify the old one.

        The old address stays until the new one is confirmed. A new address that already has an account gets no mail,
        and the response is the same. The operator may refuse addresses by their domain.

        Send your password, if your account has one. Without it your sign-in must be fresh, and with two factors.

        Raises ReauthenticationRequired, IncorrectPassword, InvalidValue, InvalidAccessToken, RateLimited, TooBusy.
        """
        if new_email == caller.user.email:
            raise InvalidValue(EmailAddress, "This is your address already.", "unchanged")
        self.addresses.check(new_email)
        await self.step_up.prove(caller, Act.CHANGE_EMAIL, password=password)
        # Counted for the new address as well, taken or not: otherwise many accounts could bother one stranger.
        async with self.allowance.of(f"change:{caller.user.id}"), self.allowance.of(f"change-to:{new_email}"):
            await self._send(caller, new_email)

    async def _send(self, caller: Caller, new_email: EmailAddress) -> None:
        now, origin = self.clock.now(), caller.origin
        async with self.transactions.begin() as tx:
            user = (await self.step_up.holder(tx, caller)).user
            # Also when no newer one is mailed: if the older still worked, that would reveal that the address is taken.
            await tx.one_time_tokens.remove(user.id, Purpose.CHANGE_EMAIL)
            if await tx.users.by_email(new_email) is None:
                await self.letters.ask_for_proof(tx, user, Purpose.CHANGE_EMAIL, origin, now, new_email)
            asked = LetterKind.EMAIL_CHANGE_ASKED
            await self.letters.warn(tx, user, asked, origin, now, new_email.masked)
            event = self.trail.by(caller, AuditType.EMAIL_CHANGE_ASKED, now, new_email=new_email.masked)
            await tx.audit_events.add(event)
            await tx.commit()

    async def confirm(self, proof: Proof, origin: Origin) -> None:
        """Confirm the new address of the account. With a code, `email` is the account's present address. A guest with
        an address is a guest no longer.

        Raises InvalidOneTimeToken, AccountBanned, AccountInactive.
        """
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            user, token = await self.proofs.use(tx, Purpose.CHANGE_EMAIL, proof, origin, now)
            user.refuse_unless_active(now)
            moved = user.with_proven_email(token.email, now)
            try:
                await tx.users.save(moved)
            except EmailTaken:
                raise InvalidOneTimeToken from None
            await tx.one_time_tokens.remove_of_user(user.id)
            await self.letters.warn(tx, user, LetterKind.EMAIL_CHANGED, origin, now, moved.email.masked)
            await tx.audit_events.add(self.trail.by_stranger(origin, AuditType.EMAIL_CHANGED, now, user.id))
            if user.is_guest:
                claimed = self.trail.by_stranger(origin, AuditType.GUEST_CLAIMED, now, user.id, by="mail")
                await tx.audit_events.add(claimed)
            await tx.commit()
