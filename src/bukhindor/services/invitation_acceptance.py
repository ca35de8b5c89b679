"""Accepting an invitation: its link becomes an account."""

from dataclasses import dataclass
from typing import Protocol

from bukhindor.domain.audit import AuditType
from bukhindor.domain.errors import InvalidOneTimeToken
from bukhindor.domain.invitation import Invitation
from bukhindor.domain.language import LanguageTag
from bukhindor.domain.one_time_token import LinkToken
from bukhindor.domain.origin import Origin
from bukhindor.domain.password import NewPassword, PasswordPolicy
from bukhindor.domain.user import Role, User
from bukhindor.domain.ways_in import WaysIn
from bukhindor.ports.secrets import OneTimeSecrets, PasswordHasher, Requester
from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.invitations import HasInvitations
from bukhindor.ports.store.transactions import Transaction, Transactions
from bukhindor.ports.store.users import HasUsers
from bukhindor.ports.system import Clock, Identifiers
from bukhindor.services.steps.audit_trail import AuditTrail


class _Reading(HasInvitations, HasUsers, Protocol):
    """What a look at a link needs from the store."""


class _Writing(HasInvitations, HasUsers, HasAuditEvents, Transaction, Protocol):
    """What an acceptance needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationAcceptance:
    transactions: Transactions[_Reading, _Writing]
    ways_in: WaysIn
    hasher: PasswordHasher
    password_policy: PasswordPolicy
    secrets: OneTimeSecrets
    trail: AuditTrail
    identifiers: Identifiers
    clock: Clock

    async def look(self, link: LinkToken) -> Invitation:
        """Return the invitation behind a link, to a person who holds it. Looking changes nothing and records nothing.

        Raises InvalidOneTimeToken for a link that was used, withdrawn or replaced, has expired, or never was one.
        """
        async with self.transactions.read() as stored:
            invitation = await stored.invitations.by_token_hash(self.secrets.hash_token(link.token))
            inviter = await self._inviter(stored, invitation)
        if invitation is None or not invitation.is_good_at(self.clock.now(), inviter):
            raise InvalidOneTimeToken
        return invitation

    async def accept(
        self, link: LinkToken, name: str, password: NewPassword, origin: Origin, language: LanguageTag | None = None
    ) -> User:
        """Create the account that an invitation is for. Its address counts as verified: the link was read there.

        It starts no session: sign in afterwards. Mails to the account are written in the language of the invitation, or
        else in that of the request. If the password is refused, the link stays valid. All dead links look alike.

        Raises RegistrationClosed, InvalidOneTimeToken, InvalidValue, TooBusy, and EmailTaken when the address has got
        an account meanwhile.
        """
        self.ways_in.require_invitations()
        try:
            invitation = await self.look(link)
        except InvalidOneTimeToken:
            await self._count_guess(origin)
            raise
        self.password_policy.check(password, invitation.email, name)
        requester = Requester(origin.site, invitation.email.value)
        password_hash = await self.hasher.hash(password, requester)
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            # Users are locked before what else there is.
            inviter = await self._inviter(tx, invitation)
            found = await tx.invitations.by_token_hash(invitation.token_hash)
            if found is None or not found.is_good_at(now, inviter):
                raise InvalidOneTimeToken
            user = User(
                self.identifiers.user_id(),
                found.email,
                name,
                now,
                now,
                found.role,
                email_verified=True,
                password_hash=password_hash,
                language=found.language or language,
            )
            await tx.users.add(user)
            await tx.invitations.remove(found.id)
            details = {"invitation": str(found.id), "role": found.role.value}
            accepted = self.trail.by_stranger(origin, AuditType.INVITATION_ACCEPTED, now, user.id, **details)
            await tx.audit_events.add(accepted)
            await tx.commit()
        return user

    async def _inviter(self, stored: HasUsers, invitation: Invitation | None) -> User | None:
        """The inviter as the account is now, where the invitation depends on it."""
        if invitation is None or invitation.invited_by is None or invitation.role is not Role.ADMIN:
            return None
        return await stored.users.by_id(invitation.invited_by)

    async def _count_guess(self, origin: Origin) -> None:
        """A guess is counted by network and minute, like those of other links."""
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            guess = self.trail.counted(origin, AuditType.PROOF_FAILED, now, purpose="invitation", what="link")
            await tx.audit_events.count(guess)
            await tx.commit()
