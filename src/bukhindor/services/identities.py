"""The identities of an account: a person links accounts at other providers, and unlinks them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from bukhindor.domain.act import Act
from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller, Person
from bukhindor.domain.errors import (
    EmailTaken,
    IdentityNotFound,
    InvalidAuthorizationCode,
    InvalidIdToken,
    LastSignInMethod,
    TooManyIdentities,
    UserNotFound,
    WriteConflict,
)
from bukhindor.domain.guest import claimed
from bukhindor.domain.identity import MAX_IDENTITIES, Identity, IdentityClaims, ProviderGrant
from bukhindor.domain.identity_web_flow import Departure
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.user import User
from bukhindor.domain.ways_in import AddressPolicy
from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.identities import HasIdentities
from bukhindor.ports.store.lockdown_links import HasLockdownLinks
from bukhindor.ports.store.one_time_tokens import HasOneTimeTokens
from bukhindor.ports.store.outbox import HasOutbox
from bukhindor.ports.store.passkeys import HasPasskeys
from bukhindor.ports.store.sessions import HasSessions
from bukhindor.ports.store.transactions import Transaction, Transactions
from bukhindor.ports.store.users import HasUsers
from bukhindor.ports.store.withdrawals import HasWithdrawals
from bukhindor.ports.system import Identifiers
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.identity_journey import IdentityJourney
from bukhindor.services.steps.identity_proof import IdentityProof
from bukhindor.services.steps.letters import Letters
from bukhindor.services.steps.provider_access import ProviderAccess
from bukhindor.services.steps.step_up import StepUp


class _Reading(HasUsers, HasIdentities, Protocol):
    """What a list of identities needs from the store."""


class _Writing(
    HasUsers,
    HasIdentities,
    HasPasskeys,
    HasSessions,
    HasWithdrawals,
    HasOneTimeTokens,
    HasOutbox,
    HasLockdownLinks,
    HasAuditEvents,
    Transaction,
    Protocol,
):
    """What a change of identities needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identities:
    transactions: Transactions[_Reading, _Writing]
    proof: IdentityProof
    journey: IdentityJourney
    step_up: StepUp
    access: ProviderAccess
    letters: Letters
    trail: AuditTrail
    identifiers: Identifiers
    addresses: AddressPolicy

    async def own(self, caller: Caller) -> list[Identity]:
        """List the accounts at other providers that are linked to yours, the oldest first."""
        async with self.transactions.read() as stored:
            return await stored.identities.of_user(caller.user.id)

    async def of_user(self, actor: Person, user_id: UUID) -> list[Identity]:
        """List the linked accounts of a user, the oldest first. Raises Forbidden, UserNotFound."""
        actor.require_admin()
        async with self.transactions.read() as stored:
            if await stored.users.by_id(user_id) is None:
                raise UserNotFound
            return await stored.identities.of_user(user_id)

    async def link(
        self, caller: Caller, provider: str, id_token: str, nonce: str, authorization_code: str | None = None
    ) -> Identity:
        """Link an account at a provider to yours, with the ID token that the provider gave to your app.

        From then on it signs in. Its address need not be yours, and need not be verified. A mail notifies you. Linking
        what is linked to your account already changes nothing. An account can have ten. A guest with an identity is a
        guest no longer, and has the address that the provider has verified, if no account has it and its domain is
        accepted.

        Raises ReauthenticationRequired, ProviderNotFound, InvalidIdToken, ProviderUnavailable, IdentityTaken,
        TooManyIdentities, InvalidAccessToken.
        """
        await self.step_up.prove(caller, Act.LINK_IDENTITY)
        try:
            claims = await self.proof.check(provider, id_token, nonce)
            grant = await self.proof.grant(claims, authorization_code)
            return await self._link(caller, claims, grant)
        except InvalidIdToken as refusal:
            await self.proof.record_failure(provider, refusal, caller.origin)
            raise

    async def link_claims(self, caller: Caller, claims: IdentityClaims, grant: ProviderGrant | None) -> Identity:
        """Link as `link` does, for claims that this server has verified."""
        await self.step_up.prove(caller, Act.LINK_IDENTITY)
        return await self._link(caller, claims, grant)

    async def leave_to_link(self, caller: Caller, provider: str, page: str, browser: str | None) -> Departure:
        """Send the browser of this session to a provider; the hosted `page` takes it back to link.

        Raises ReauthenticationRequired, ProviderNotFound, ProviderUnavailable.
        """
        await self.step_up.prove(caller, Act.LINK_IDENTITY)
        found = self.proof.provider(provider)
        return await self.journey.begin_on_page(found, page, browser, session_id=caller.session.id)

    async def link_by_code(self, caller: Caller, code: str, browser: str | None) -> Identity:
        """Link as `link` does, with the code that this session's browser brought back; `browser` is what it keeps.

        Raises ReauthenticationRequired, InvalidAuthorizationCode, IdentityTaken, TooManyIdentities, InvalidAccessToken.
        """
        await self.step_up.prove(caller, Act.LINK_IDENTITY)
        identity = self.journey.end_on_page(code, browser, caller.session.id)
        try:
            return await self._link(caller, identity.claims, identity.grant)
        except InvalidIdToken:
            raise InvalidAuthorizationCode from None

    async def unlink(self, caller: Caller, identity_id: UUID) -> None:
        """Unlink an account at a provider: it signs in no more. Sessions that it started continue. A mail notifies you.

        The last way in can't be removed: set a password or add a passkey first. The service withdraws its access at the
        provider, where it has one.

        Raises ReauthenticationRequired, IdentityNotFound, LastSignInMethod, InvalidAccessToken.
        """
        await self.step_up.prove(caller, Act.UNLINK_IDENTITY)
        now = self.proof.clock.now()
        async with self.transactions.begin() as tx:
            user = (await self.step_up.present(tx, caller)).user
            linked = await tx.identities.of_user(user.id)
            identity = next((each for each in linked if each.id == identity_id), None)
            if identity is None:
                raise IdentityNotFound
            if len(linked) == 1 and not await _has_another_way_in(tx, user):
                raise LastSignInMethod
            await tx.identities.remove(identity.id)
            await self.access.withdraw(tx, [identity], now)
            label = self.proof.label_of(identity.provider)
            await self.letters.tell(tx, user, LetterKind.IDENTITY_UNLINKED, caller.origin, now, provider=label)
            unlinked = self.trail.by(
                caller, AuditType.IDENTITY_UNLINKED, now, identity=str(identity.id), provider=identity.provider
            )
            await tx.audit_events.add(unlinked)
            await tx.commit()

    async def _link(self, caller: Caller, claims: IdentityClaims, grant: ProviderGrant | None) -> Identity:
        now = self.proof.clock.now()
        async with self.transactions.begin() as tx:
            user = (await self.step_up.present(tx, caller)).user
            await tx.identities.use_up(claims.token_hash, claims.expires_at)
            linked = await tx.identities.of_user(user.id)
            same = (claims.issuer, claims.subject)
            known = next((each for each in linked if (each.issuer, each.subject) == same), None)
            if known is not None:
                if grant is not None:
                    await tx.identities.save(known.with_grant(grant))
                await tx.commit()
                return known
            if len(linked) >= MAX_IDENTITIES:
                raise TooManyIdentities
            identity = Identity.link(self.identifiers.identity_id(), user.id, claims, now)
            identity = identity if grant is None else identity.with_grant(grant)
            # Another account may have it: that raises IdentityTaken.
            await tx.identities.add(identity)
            if user.is_guest:
                user = await self._claim(tx, caller, user, claims, now)
            label = self.proof.label_of(claims.provider)
            await self.letters.warn(tx, user, LetterKind.IDENTITY_LINKED, caller.origin, now, provider=label)
            details = {"identity": str(identity.id), "provider": claims.provider}
            await tx.audit_events.add(self.trail.by(caller, AuditType.IDENTITY_LINKED, now, **details))
            await tx.commit()
        return identity

    async def _claim(self, tx: _Writing, caller: Caller, guest: User, claims: IdentityClaims, now: datetime) -> User:
        """Make a person of the guest."""
        email = claims.proven_email(self.proof.provider(claims.provider).settings)
        if email is not None and not (self.addresses.accepts(email) and await tx.users.by_email(email) is None):
            email = None
        person = claimed(guest, now, email=email, email_verified=True)
        try:
            await tx.users.save(person)
        except EmailTaken:
            raise WriteConflict from None
        await tx.one_time_tokens.remove_of_user(person.id)
        await tx.audit_events.add(self.trail.by(caller, AuditType.GUEST_CLAIMED, now, by="identity"))
        return person


async def _has_another_way_in(tx: HasPasskeys, user: User) -> bool:
    """Whether a password or a passkey is left. A mailed code does not count: a relay address ends with its identity."""
    return user.password_hash is not None or bool(await tx.passkeys.of_user(user.id))
