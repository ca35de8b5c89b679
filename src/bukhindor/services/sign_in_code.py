"""Signing in with a code or a link that was mailed, without a password."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bukhindor.domain.audit import AuditType
from bukhindor.domain.device import Device
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import InvalidOneTimeToken, RateLimited
from bukhindor.domain.one_time_token import Proof, Purpose
from bukhindor.domain.origin import Origin
from bukhindor.domain.sign_in_method import Method
from bukhindor.domain.tokens import TokenPair
from bukhindor.domain.user import User
from bukhindor.ports.store.one_time_tokens import HasOneTimeTokens
from bukhindor.ports.store.passkeys import Passkeys
from bukhindor.ports.store.transactions import Writes
from bukhindor.ports.system import Clock
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.letters import Letters
from bukhindor.services.steps.mail_allowance import MailAllowance
from bukhindor.services.steps.mailbox_proof import MailboxProofs
from bukhindor.services.steps.planted_access import PlantedAccess, PlantedFactorStore
from bukhindor.services.steps.review_code import ReviewCodes
from bukhindor.services.steps.session_start import SessionStart, SessionStartStore
from bukhindor.services.steps.token_issuer import TokenIssuer


class _Writing(SessionStartStore, HasOneTimeTokens, PlantedFactorStore, Protocol):
    """What signing in with a proof of the mailbox needs from the store."""

    @property
    def passkeys(self) -> Passkeys:
        """All passkeys: one step removes those of an account, another one sees whether it has any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInCode:
    transactions: Writes[_Writing]
    proofs: MailboxProofs
    review_codes: ReviewCodes
    planted_access: PlantedAccess
    letters: Letters
    trail: AuditTrail
    token_issuer: TokenIssuer
    session_start: SessionStart
    clock: Clock
    allowance: MailAllowance

    async def request(self, email: EmailAddress, origin: Origin) -> None:
        """Send a link and a code that sign in.

        The response is the same for unknown addresses, banned accounts and too frequent requests, and no account is
        created. One address gets one mail a minute and five an hour; a newer mail makes the older ones invalid.
        """
        with suppress(RateLimited):
            async with self.allowance.of(f"sign-in:{email}"):
                await self._send(email, origin)

    async def _send(self, email: EmailAddress, origin: Origin) -> None:
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            user = await tx.users.by_email(email)
            asked = AuditType.SIGN_IN_CODE_ASKED
            if user is None:
                # Counting for unknown addresses also makes both cases take one commit.
                await tx.audit_events.count(self.trail.counted(origin, asked, now))
            else:
                # The address of such an account may belong to no one, and its reviewer has the code.
                if user.is_active_at(now) and not self.review_codes.accounts.signs_in(user):
                    await self.letters.ask_for_proof(tx, user, Purpose.SIGN_IN, origin, now)
                await tx.audit_events.add(self.trail.by_stranger(origin, asked, now, user.id, email=email.masked))
            await tx.commit()

    async def confirm(
        self, proof: Proof, device: Device, origin: Origin, device_proof: str = "", guest_token: str | None = None
    ) -> TokenPair:
        """Start a session, as signing in with a password does.

        The link and the code are valid for ten minutes, and one of them works once. Five wrong codes make the code
        invalid, and after ten wrong codes in a day an account accepts links only. Only with the right link or code do
        you learn that the account is banned or inactive.

        An account for reviewers or tests, which the operator lists, has a fixed code besides. It works more than once.

        At an address that is not verified the mailed proof verifies it. The person who registered may not be the person
        who reads the mailbox, so the account's password, its second factors and all its sessions end, and a mail to
        choose a new password is sent (account pre-hijacking, CVE-2024-38351).

        An account with a second factor gets `mfa_required` in place of a session, and a guest is merged into the
        account, as at `/auth/login`.

        Raises InvalidGuestToken, InvalidOneTimeToken, AccountBanned, AccountInactive, EmailNotVerified, MfaRequired.
        """
        self.token_issuer.require_key()
        guest = await self.session_start.guest_merge.recognise(guest_token)
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            user = await self.review_codes.owner(tx, proof, origin, now)
            if user is None:
                user = await self._owner_of_mailbox(tx, proof, origin, now)
            half = await self.session_start.half_signed_in(
                tx, user, Method.MAIL, device, origin, device_proof, now, guest
            )
            caller = await self.session_start.start(tx, half)
            await tx.commit()
        return self.token_issuer.issue(caller.session, caller.user, now, guest)

    async def _owner_of_mailbox(self, tx: _Writing, proof: Proof, origin: Origin, now: datetime) -> User:
        """Use the mailed proof up, and return its owner with a verified address."""
        user, token = await self.proofs.use(tx, Purpose.SIGN_IN, proof, origin, now)
        if token.email != user.email:
            raise InvalidOneTimeToken
        if user.email_verified or not user.is_active_at(now):
            return user
        return await self._verified(tx, user, origin, now)

    async def _verified(self, tx: _Writing, user: User, origin: Origin, now: datetime) -> User:
        """Return the user with a verified address, and without what a stranger may have planted."""
        user = await self.planted_access.end(tx, user.with_proven_email(user.email, now), origin, now)
        await tx.users.save(user)
        event = self.trail.by_stranger(origin, AuditType.EMAIL_VERIFIED, now, user.id, by="mailbox owner alone")
        await tx.audit_events.add(event)
        return user
