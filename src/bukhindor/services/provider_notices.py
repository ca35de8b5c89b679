"""What a provider reports about a person by itself: consent withdrawn, account deleted, mails stopped."""

import logging
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from bukhindor.domain.audit import AuditType
from bukhindor.domain.errors import InvalidIdToken
from bukhindor.domain.identity import Identity, is_relay_address
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.origin import Origin
from bukhindor.domain.provider_notice import NoticeKind, ProviderNotice
from bukhindor.domain.sign_in_method import Method
from bukhindor.domain.user import User
from bukhindor.ports.store.identities import HasIdentities
from bukhindor.ports.store.passkeys import HasPasskeys
from bukhindor.ports.store.sessions import HasSessions
from bukhindor.ports.store.transactions import Transaction, Writes
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.erasure import ErasureStore, erase
from bukhindor.services.steps.identity_proof import IdentityProof
from bukhindor.services.steps.letters import Letters

_log = logging.getLogger(__name__)


class _Writing(ErasureStore, HasSessions, HasIdentities, HasPasskeys, Transaction, Protocol):
    """What the effects of a notice need from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderNotices:
    transactions: Writes[_Writing]
    proof: IdentityProof
    letters: Letters
    trail: AuditTrail

    async def receive(self, provider: str, payload: str, origin: Origin) -> None:
        """Carry out what Apple reports about a person (server-to-server notifications of Sign in with Apple).

        `consent-revoked` ends the sessions that the identity started, unless the person has signed in with it since.
        `account-delete` unlinks it and ends these sessions; an account that has no other way in is deleted.
        `email-disabled` and `email-enabled` stop and resume mails to the relay address. A notice has an effect once,
        even when it is sent again.

        Raises ProviderNotFound, InvalidIdToken, ProviderUnavailable.
        """
        try:
            notice = await self.proof.provider(provider).read_notice(payload)
        except InvalidIdToken as refusal:
            await self.proof.record_failure(provider, refusal, origin)
            raise
        async with self.transactions.begin() as tx:
            try:
                await tx.identities.use_up(notice.token_hash, notice.expires_at)
            except InvalidIdToken:
                _log.info("a notice of %s came again", provider)
                return
            identity = await tx.identities.by_subject(notice.issuer, notice.subject)
            user = None if identity is None else await tx.users.by_id(identity.user_id)
            if identity is not None and user is not None:
                await self._carry_out(tx, notice, identity, user, origin)
            await tx.commit()
        _log.info("a notice of %s: %s", provider, notice.kind)

    async def _carry_out(
        self, tx: _Writing, notice: ProviderNotice, identity: Identity, user: User, origin: Origin
    ) -> None:
        match notice.kind:
            case NoticeKind.CONSENT_REVOKED if not notice.is_older_than(identity.last_used_at):
                await self._end_sessions(tx, identity, user, origin)
            case NoticeKind.ACCOUNT_DELETED:
                await self._unlink(tx, identity, user, origin)
            case NoticeKind.MAIL_DISABLED | NoticeKind.MAIL_ENABLED:
                await self._turn_mails(tx, notice, identity)
            case _:
                # A later kind may be for other programs.
                pass

    async def _end_sessions(self, tx: _Writing, identity: Identity, user: User, origin: Origin) -> None:
        """End the sessions that the identity started. A sign-in that was completed with a second factor has forgotten
        which identity began it, so those of no known identity end, too.
        """
        others: set[UUID] = set()
        for other in await tx.identities.of_user(user.id):
            if other.id != identity.id:
                others.update(await tx.identities.sessions_of(other.id))
        for session in await tx.sessions.of_user(user.id):
            if Method.IDENTITY in session.methods and session.id not in others:
                await tx.sessions.remove(session.id)
                details = {"provider": identity.provider, "session": str(session.id)}
                ended = self.trail.by_stranger(
                    origin, AuditType.SESSION_ENDED, self.proof.clock.now(), user.id, **details
                )
                await tx.audit_events.add(ended)

    async def _unlink(self, tx: _Writing, identity: Identity, user: User, origin: Origin) -> None:
        """Unlink an identity that is gone. An account that no one could sign in to any more is deleted, but for the
        last active administrator's.
        """
        now, details = self.proof.clock.now(), {"provider": identity.provider, "identity": str(identity.id)}
        await self._end_sessions(tx, identity, user, origin)
        await tx.identities.remove(identity.id)
        unlinked = self.trail.by_stranger(origin, AuditType.IDENTITY_UNLINKED, now, user.id, **details)
        await tx.audit_events.add(unlinked)
        has_another_way_in = (
            user.password_hash is not None or await tx.identities.of_user(user.id) or await tx.passkeys.of_user(user.id)
        )
        is_last_admin = user.is_active_admin_at(now) and await tx.users.count_active_admins(now) == 1
        if not has_another_way_in and not is_last_admin:
            deleted = self.trail.by_stranger(origin, AuditType.DELETED, now, user.id, provider=identity.provider)
            await erase(tx, user.id, deleted)
            await self.letters.tell(tx, user, LetterKind.ACCOUNT_DELETED, origin, now)

    async def _turn_mails(self, tx: _Writing, notice: ProviderNotice, identity: Identity) -> None:
        email = notice.email or identity.email
        if email is None or not is_relay_address(email):
            return
        if notice.kind is NoticeKind.MAIL_DISABLED:
            await tx.identities.stop_mails(email)
        else:
            await tx.identities.resume_mails(email)
