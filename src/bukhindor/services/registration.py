"""Strangers become users."""

from bukhindor.domain.audit import AuditType
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import EmailTaken
from bukhindor.domain.one_time_token import Purpose
from bukhindor.domain.origin import Origin
from bukhindor.domain.password import Password, PasswordPolicy
from bukhindor.domain.user import User
from bukhindor.ports import Clock, Identifiers, PasswordHasher, Requester, Transactions
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.letters import Letters


class Registration:
    def __init__(
        self,
        transactions: Transactions,
        hasher: PasswordHasher,
        password_policy: PasswordPolicy,
        letters: Letters,
        trail: AuditTrail,
        identifiers: Identifiers,
        clock: Clock,
    ) -> None:
        self._transactions = transactions
        self._hasher = hasher
        self._password_policy = password_policy
        self._letters = letters
        self._trail = trail
        self._identifiers = identifiers
        self._clock = clock

    async def register(self, name: str, email: EmailAddress, password: Password, origin: Origin) -> User:
        """Create an account with the role user, and send a mail to verify its address.

        Nobody becomes an administrator this way, not even the first to come. The password may not be common, nor
        the person's own address or name. An address has one account, however it is spelled.

        Raises InvalidInput, EmailTaken, TooBusy.
        """
        self._password_policy.check(password, email, name)
        async with self._transactions.read() as stored:
            known = await stored.users.by_email(email)
        if known is not None:
            raise EmailTaken

        password_hash = await self._hasher.hash(password, Requester(origin.site, email.value))
        now = self._clock.now()
        user = User(self._identifiers.user_id(), email, name, now, now, password_hash=password_hash)
        async with self._transactions.begin() as tx:
            await tx.users.add(user)
            await self._letters.ask_for_proof(tx, user, Purpose.VERIFY_EMAIL, origin, now)
            await tx.audit_events.add(self._trail.by_stranger(origin, AuditType.REGISTERED, now, user.id))
            await tx.commit()
        return user
