"""Moving an account to another address, which must answer first."""

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import EmailTaken, FieldError, InvalidInput, InvalidOneTimeToken
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.one_time_token import Proof, Purpose
from bukhindor.domain.origin import Origin
from bukhindor.domain.password import Password
from bukhindor.ports import Clock, RateLimiter, Transactions
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.letters import Letters
from bukhindor.services.steps.mail_allowance import MailAllowance
from bukhindor.services.steps.mailbox_proof import MailboxProofs
from bukhindor.services.steps.step_up import StepUp


class EmailChange:
    def __init__(
        self,
        transactions: Transactions,
        step_up: StepUp,
        proofs: MailboxProofs,
        letters: Letters,
        trail: AuditTrail,
        limiter: RateLimiter,
        clock: Clock,
    ) -> None:
        self._transactions = transactions
        self._step_up = step_up
        self._proofs = proofs
        self._letters = letters
        self._trail = trail
        self._allowance = MailAllowance(limiter)
        self._clock = clock

    async def request(self, caller: Caller, new_email: EmailAddress, password: Password) -> None:
        """Send a link and a code to the new address, and tell the old one.

        Until the new address answers, the old one stands. An address that has an account gets no mail, and the
        answer is the same.

        Raises IncorrectPassword, InvalidInput, InvalidAccessToken, RateLimited, TooBusy.
        """
        if new_email == caller.user.email:
            raise InvalidInput(FieldError("new_email", "This is your address already.", "unchanged"))
        await self._step_up.prove(caller, password, "change_email")
        # Counted for the address as well, taken or not: many accounts could bother one stranger.
        async with self._allowance.of(f"change:{caller.user.id}"), self._allowance.of(f"change-to:{new_email}"):
            await self._send(caller, new_email)

    async def _send(self, caller: Caller, new_email: EmailAddress) -> None:
        now, origin = self._clock.now(), caller.origin
        async with self._transactions.begin() as tx:
            user = await self._step_up.holder(tx, caller)
            # Also when no newer one is mailed: that the older still works would tell that the address is taken.
            await tx.one_time_tokens.remove(user.id, Purpose.CHANGE_EMAIL)
            if await tx.users.by_email(new_email) is None:
                await self._letters.ask_for_proof(tx, user, Purpose.CHANGE_EMAIL, origin, now, new_email)
            asked = LetterKind.EMAIL_CHANGE_ASKED
            await self._letters.tell(tx, user, asked, origin, now, new_email.masked)
            event = self._trail.by(caller, AuditType.EMAIL_CHANGE_ASKED, now, new_email=new_email.masked)
            await tx.audit_events.add(event)
            await tx.commit()

    async def confirm(self, proof: Proof, origin: Origin) -> None:
        """Make the new address the account's; with a code, the account is named by its present address.

        Raises InvalidOneTimeToken, AccountBanned, AccountInactive.
        """
        now = self._clock.now()
        async with self._transactions.begin() as tx:
            user, token = await self._proofs.use(tx, Purpose.CHANGE_EMAIL, proof, origin, now)
            user.refuse_unless_active(now)
            moved = user.with_proven_email(token.email, now)
            try:
                await tx.users.save(moved)
            except EmailTaken:
                raise InvalidOneTimeToken from None
            await tx.one_time_tokens.remove_of_user(user.id)
            await self._letters.tell(tx, user, LetterKind.EMAIL_CHANGED, origin, now, moved.email.masked)
            await tx.audit_events.add(self._trail.by_stranger(origin, AuditType.EMAIL_CHANGED, now, user.id))
            await tx.commit()
