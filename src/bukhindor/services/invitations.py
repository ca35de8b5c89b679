"""Inviting people: administrators send a link, and may withdraw it."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from bukhindor.domain.act import Act
from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller, Person
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import EmailTaken, InvitationNotFound
from bukhindor.domain.invitation import Invitation
from bukhindor.domain.language import LanguageTag, tag_of
from bukhindor.domain.user import Role
from bukhindor.domain.ways_in import WaysIn
from bukhindor.ports.secrets import OneTimeSecrets
from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.invitations import HasInvitations
from bukhindor.ports.store.outbox import HasOutbox
from bukhindor.ports.store.sessions import HasSessions
from bukhindor.ports.store.transactions import Transaction, Transactions
from bukhindor.ports.store.users import HasUsers
from bukhindor.ports.system import Clock, Identifiers
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.letters import Letters
from bukhindor.services.steps.mail_allowance import MailAllowance
from bukhindor.services.steps.step_up import StepUp


class _Writing(HasInvitations, HasUsers, HasSessions, HasOutbox, HasAuditEvents, Transaction, Protocol):
    """What inviting needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitations:
    transactions: Transactions[HasInvitations, _Writing]
    ways_in: WaysIn
    step_up: StepUp
    allowance: MailAllowance
    letters: Letters
    secrets: OneTimeSecrets
    trail: AuditTrail
    identifiers: Identifiers
    clock: Clock

    async def invite(
        self,
        actor: Person,
        email: EmailAddress,
        role: Role = Role.USER,
        name: str | None = None,
        language: LanguageTag | None = None,
    ) -> Invitation:
        """Send a link with which the person behind the address creates an account of this role, within seven days.

        The person chooses the password, and may choose another name. A second invitation for the same address replaces
        the first; one address gets one mail a minute and five an hour. The mail is in `language`, or in that of the
        request. Inviting an administrator needs a fresh sign-in, and such an invitation works only while its inviter is
        an administrator.

        Raises Forbidden, RegistrationClosed, InvalidValue, ReauthenticationRequired, InvalidAccessToken, EmailTaken,
        RateLimited.
        """
        actor.require_admin()
        self.ways_in.require_invitations()
        self.ways_in.addresses.check(email)
        if role is Role.ADMIN:
            await self.step_up.prove(actor, Act.CREATE_ADMIN)
        async with self.allowance.of(f"invite:{email}"):
            return await self._send(actor, email, role, name, language)

    async def _send(
        self, actor: Person, email: EmailAddress, role: Role, name: str | None, language: LanguageTag | None
    ) -> Invitation:
        now, secret = self.clock.now(), self.secrets.make()
        id_, digest = self.identifiers.invitation_id(), self.secrets.hash_token(secret.token)
        invitation = Invitation.issue(id_, email, role, name, language, digest, actor.actor_id, now)
        async with self.transactions.begin() as tx:
            if isinstance(actor, Caller):
                (await self.step_up.present(tx, actor)).require_admin()
            if await tx.users.by_email(email) is not None:
                raise EmailTaken
            await tx.invitations.put(invitation)
            written_in = language or tag_of(actor.origin.language)
            await self.letters.invite(tx, email, name or "", written_in, secret, actor.origin, now)
            details = {"email": email.masked, "role": role.value}
            await tx.audit_events.add(self.trail.by(actor, AuditType.INVITED, now, invitation.id, **details))
            await tx.commit()
        return invitation

    async def all(self, actor: Person) -> list[Invitation]:
        """Return the invitations that wait for their person, the newest first.

        Raises Forbidden.
        """
        actor.require_admin()
        async with self.transactions.read() as stored:
            return await stored.invitations.all(self.clock.now())

    async def withdraw(self, actor: Person, invitation_id: UUID) -> None:
        """Withdraw an invitation: its link is dead from now on.

        Raises Forbidden, InvitationNotFound.
        """
        actor.require_admin()
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            invitation = await tx.invitations.remove(invitation_id)
            if invitation is None:
                raise InvitationNotFound
            details = {"email": invitation.email.masked, "role": invitation.role.value}
            withdrawn = self.trail.by(actor, AuditType.INVITATION_WITHDRAWN, now, invitation.id, **details)
            await tx.audit_events.add(withdrawn)
            await tx.commit()
