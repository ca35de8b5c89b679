"""Guests: an account without an address at once, and the account of a person later."""

from dataclasses import dataclass
from typing import Protocol

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller
from bukhindor.domain.device import Device
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import EmailTaken, NotAGuest, RegistrationClosed
from bukhindor.domain.guest import claimed, new_guest
from bukhindor.domain.language import LanguageTag
from bukhindor.domain.one_time_token import Purpose
from bukhindor.domain.origin import Origin
from bukhindor.domain.password import NewPassword, PasswordPolicy
from bukhindor.domain.password_attempt import AttemptKind
from bukhindor.domain.rate_limit import GUESTS_PER_DEVICE
from bukhindor.domain.session import SessionPolicy
from bukhindor.domain.sign_in import HalfSignedIn
from bukhindor.domain.tokens import TokenPair
from bukhindor.domain.user import User
from bukhindor.domain.ways_in import WaysIn
from bukhindor.ports.secrets import PasswordHasher, Requester
from bukhindor.ports.store.one_time_tokens import HasOneTimeTokens
from bukhindor.ports.store.transactions import Transactions
from bukhindor.ports.store.users import HasUsers
from bukhindor.ports.system import Clock, Identifiers, RateLimiter
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.letters import Letters
from bukhindor.services.steps.session_start import SessionStart, SessionStartStore
from bukhindor.services.steps.step_up import StepUp
from bukhindor.services.steps.token_issuer import TokenIssuer


class _Writing(SessionStartStore, HasOneTimeTokens, Protocol):
    """What guests need from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guests:
    transactions: Transactions[HasUsers, _Writing]
    ways_in: WaysIn
    policy: SessionPolicy
    hasher: PasswordHasher
    password_policy: PasswordPolicy
    limiter: RateLimiter
    step_up: StepUp
    letters: Letters
    trail: AuditTrail
    session_start: SessionStart
    token_issuer: TokenIssuer
    identifiers: Identifiers
    clock: Clock

    async def start(
        self, name: str | None, device: Device, origin: Origin, language: LanguageTag | None = None
    ) -> TokenPair:
        """Create an account without an address, and start a session.

        The account has the role user and `is_guest`. Its `email` ends in `@guest.invalid`: nothing is ever mailed
        there, and no one can choose such an address. The session is the only way in. The account of a guest who does
        not come back is removed after `GUEST_RETENTION`. Accept-Language becomes the account's language.

        There are no guests where registration is not open to everyone, where only some domains are allowed, or where
        an account needs a verified address or a second factor. One device may begin five times an hour.

        Raises RegistrationClosed, RateLimited.
        """
        self.ways_in.require_guests()
        now = self.clock.now()
        guest = new_guest(self.identifiers.user_id(), name, language, origin.language, now)
        if guest.role in self.policy.second_factor_for:
            raise RegistrationClosed
        self.token_issuer.require_key()
        if device.device_id is not None:
            await self.limiter.take(GUESTS_PER_DEVICE, f"{origin.network}:{device.device_id}")
        half = HalfSignedIn(
            user=guest,
            methods=(),
            authenticated_at=now,
            origin=origin,
            device=device,
            kind=AttemptKind.STRANGER,
            proven_device="",
            network_used_at=None,
        )
        async with self.transactions.begin() as tx:
            await tx.users.add(guest)
            event = self.trail.by_stranger(origin, AuditType.REGISTERED, now, guest.id, kind="guest")
            await tx.audit_events.add(event)
            caller = await self.session_start.start(tx, half)
            await tx.commit()
        return self.token_issuer.issue(caller.session, caller.user, now)

    async def upgrade(
        self, caller: Caller, email: EmailAddress, password: NewPassword, name: str | None = None
    ) -> User:
        """Give your account an address and a password: you are a guest no longer.

        Id, metadata and sessions stay, and all tokens go on working. The address is unverified until a mail to it is
        answered, as after a registration, and the same rules hold for address and password. An account can also get
        an address at `/auth/change-email`, and a way in without one at `/auth/passkeys`.

        Raises NotAGuest, InvalidValue, EmailTaken, InvalidAccessToken, TooBusy.
        """
        if not caller.user.is_guest:
            raise NotAGuest
        self.ways_in.addresses.check(email)
        self.password_policy.check(password, email, name or caller.user.name)
        async with self.transactions.read() as stored:
            known = await stored.users.by_email(email)
        if known is not None:
            raise EmailTaken
        password_hash = await self.hasher.hash(password, Requester(caller.origin.site, email.value))
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            guest = (await self.step_up.present(tx, caller)).user
            if not guest.is_guest:
                raise NotAGuest
            user = claimed(guest, now, email=email, name=name, password_hash=password_hash)
            await tx.users.save(user)
            await tx.one_time_tokens.remove_of_user(user.id)
            await self.letters.ask_for_proof(tx, user, Purpose.VERIFY_EMAIL, caller.origin, now)
            await tx.audit_events.add(self.trail.by(caller, AuditType.GUEST_CLAIMED, now, by="password"))
            await tx.commit()
        return user
