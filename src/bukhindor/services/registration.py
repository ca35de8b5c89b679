"""Strangers become users."""

from dataclasses import dataclass
from typing import Protocol

from bukhindor.domain.audit import AuditType
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import EmailTaken
from bukhindor.domain.language import LanguageTag
from bukhindor.domain.one_time_token import Purpose
from bukhindor.domain.origin import Origin
from bukhindor.domain.password import NewPassword, PasswordPolicy
from bukhindor.domain.user import User
from bukhindor.domain.ways_in import WaysIn
from bukhindor.ports.secrets import PasswordHasher, Requester
from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.transactions import Transaction, Transactions
from bukhindor.ports.store.users import HasUsers
from bukhindor.ports.system import Clock, Identifiers
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.letters import Letters, LetterStore


class _Writing(LetterStore, HasUsers, HasAuditEvents, Transaction, Protocol):
    """What a registration needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    transactions: Transactions[HasUsers, _Writing]
    hasher: PasswordHasher
    password_policy: PasswordPolicy
    ways_in: WaysIn
    letters: Letters
    trail: AuditTrail
    identifiers: Identifiers
    clock: Clock

    async def register(
        self, name: str, email: EmailAddress, password: NewPassword, origin: Origin, language: LanguageTag | None = None
    ) -> User:
        """Create an account with the role user, and send a mail to verify its address.

        Registration never creates an administrator, not even as the first account. The password must not be common,
        your own address or your name. An address can have one account, in every spelling. Accept-Language becomes the
        account's language, in which its mails are written. The operator may close registration, and may refuse
        addresses by their domain.

        Raises RegistrationClosed, InvalidValue, EmailTaken, TooBusy.
        """
        self.ways_in.require_open_registration()
        self.ways_in.addresses.check(email)
        self.password_policy.check(password, email, name)
        async with self.transactions.read() as stored:
            known = await stored.users.by_email(email)
        if known is not None:
            raise EmailTaken

        password_hash = await self.hasher.hash(password, Requester(origin.site, email.value))
        now = self.clock.now()
        user = User(self.identifiers.user_id(), email, name, now, now, password_hash=password_hash, language=language)
        async with self.transactions.begin() as tx:
            await tx.users.add(user)
            await self.letters.ask_for_proof(tx, user, Purpose.VERIFY_EMAIL, origin, now)
            await tx.audit_events.add(self.trail.by_stranger(origin, AuditType.REGISTERED, now, user.id))
            await tx.commit()
        return user
