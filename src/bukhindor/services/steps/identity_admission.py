"""Finding, joining or creating the account of a person who signed in at a provider."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bukhindor.domain.audit import AuditType
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import EmailTaken, IdentityEmailNotVerified, IdentityTaken, InvalidValue, WriteConflict
from bukhindor.domain.identity import Identity, IdentityClaims, ProviderGrant, ProviderSettings
from bukhindor.domain.language import LanguageTag
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.origin import Origin
from bukhindor.domain.user import Name, User
from bukhindor.domain.ways_in import WaysIn
from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.identities import Identities
from bukhindor.ports.store.lockdown_links import HasLockdownLinks
from bukhindor.ports.store.transactions import Transaction
from bukhindor.ports.store.users import HasUsers
from bukhindor.ports.system import Identifiers
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.letters import Letters
from bukhindor.services.steps.planted_access import PlantedAccess, PlantedAccessStore


class IdentityAdmissionStore(HasUsers, HasLockdownLinks, PlantedAccessStore, HasAuditEvents, Transaction, Protocol):
    """What an admission needs from the store."""

    @property
    def identities(self) -> Identities:
        """All identities: one step removes those of an account, another one finds the one that signs in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """A person who signed in at a provider. `name` is what the app knows: Apple gives it once, and to the app alone."""

    claims: IdentityClaims
    settings: ProviderSettings
    origin: Origin
    grant: ProviderGrant | None = None
    name: str | None = None
    language: LanguageTag | None = None


@dataclass(frozen=True, slots=True)
class Admitted:
    """`identity` is None where nothing was linked: the account may not be used now, or has a second factor."""

    user: User
    identity: Identity | None
    is_new: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityAdmission:
    """An identity is its issuer and subject. Only at its first sign-in does the verified address count."""

    ways_in: WaysIn
    planted_access: PlantedAccess
    letters: Letters
    trail: AuditTrail
    identifiers: Identifiers

    async def admit(self, tx: IdentityAdmissionStore, applicant: Applicant, now: datetime) -> Admitted:
        """Return the account of the identity: the linked one, the one with its verified address, or a new one.

        Raises IdentityEmailNotVerified, RegistrationClosed, InvalidValue for a domain that is not accepted, and
        WriteConflict when another sign-in of the same person was faster.
        """
        claims = applicant.claims
        known = await tx.identities.by_subject(claims.issuer, claims.subject)
        user = None if known is None else await tx.users.by_id(known.user_id)
        if known is not None and user is not None:
            used = known.used(claims, now, applicant.grant)
            await tx.identities.save(used)
            return Admitted(user, used)
        email = claims.proven_email(applicant.settings)
        if email is None:
            raise IdentityEmailNotVerified
        try:
            user = await tx.users.by_email(email)
            if user is None:
                return await self._create(tx, applicant, email, now)
            return await self._join(tx, applicant, user, now)
        except (EmailTaken, IdentityTaken):
            raise WriteConflict from None

    async def _join(self, tx: IdentityAdmissionStore, applicant: Applicant, user: User, now: datetime) -> Admitted:
        """Link the identity to the account that has its address.

        While the account's address is not verified, another person may have registered it and may be waiting for its
        owner (account pre-hijacking), so everything from before ends.

        To an account with a second factor nothing is linked: the address proves the mailbox, and the link would outlast
        a sign-in that never proves the factor. Its person links the identity once they are signed in.
        """
        if not user.is_active_at(now) or user.locked_at is not None:
            return Admitted(user, None)
        origin = applicant.origin
        if not user.email_verified:
            user = await self.planted_access.end(tx, user.with_proven_email(user.email, now), origin, now)
            await tx.users.save(user)
            verified = self.trail.by_stranger(origin, AuditType.EMAIL_VERIFIED, now, user.id, by="provider alone")
            await tx.audit_events.add(verified)
        if user.has_factor:
            return Admitted(user, None)
        identity = await self._link(tx, applicant, user, now)
        await self.letters.warn(tx, user, LetterKind.IDENTITY_LINKED, origin, now, provider=applicant.settings.label)
        return Admitted(user, identity)

    async def _create(
        self, tx: IdentityAdmissionStore, applicant: Applicant, email: EmailAddress, now: datetime
    ) -> Admitted:
        self.ways_in.require_open_registration()
        self.ways_in.addresses.check(email)
        name = applicant.name or _name_of(applicant.claims, email)
        user = User(self.identifiers.user_id(), email, name, now, now, email_verified=True, language=applicant.language)
        await tx.users.add(user)
        registered = self.trail.by_stranger(
            applicant.origin, AuditType.REGISTERED, now, user.id, provider=applicant.claims.provider
        )
        await tx.audit_events.add(registered)
        return Admitted(user, await self._link(tx, applicant, user, now), is_new=True)

    async def _link(self, tx: IdentityAdmissionStore, applicant: Applicant, user: User, now: datetime) -> Identity:
        claims = applicant.claims
        identity = Identity.link(self.identifiers.identity_id(), user.id, claims, now).used(
            claims, now, applicant.grant
        )
        await tx.identities.add(identity)
        linked = self.trail.by_stranger(
            applicant.origin,
            AuditType.IDENTITY_LINKED,
            now,
            user.id,
            identity=str(identity.id),
            provider=claims.provider,
        )
        await tx.audit_events.add(linked)
        return identity


def _name_of(claims: IdentityClaims, email: EmailAddress) -> str:
    """The name that the provider gives, else the part of the address before the @."""
    try:
        return Name.parse(claims.name or "")
    except InvalidValue:
        return Name(email.local_part)
