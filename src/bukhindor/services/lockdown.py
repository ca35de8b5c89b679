"""Locking an account: its person says that someone else is in it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller, Operator
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import EmailRequired, InvalidAccessToken, InvalidOneTimeToken, UserNotFound
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.one_time_token import LinkToken, LockdownLink, Purpose
from bukhindor.domain.origin import Origin
from bukhindor.domain.user import User
from bukhindor.ports.secrets import OneTimeSecrets
from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.identities import HasIdentities
from bukhindor.ports.store.lockdown_links import HasLockdownLinks
from bukhindor.ports.store.passkeys import HasPasskeys
from bukhindor.ports.store.sessions import HasSessions
from bukhindor.ports.store.transactions import Transaction, Transactions
from bukhindor.ports.store.users import HasUsers
from bukhindor.ports.system import Clock
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.letters import Letters, LetterStore


class _Writing(
    LetterStore,
    HasUsers,
    HasSessions,
    HasPasskeys,
    HasIdentities,
    HasLockdownLinks,
    HasAuditEvents,
    Transaction,
    Protocol,
):
    """What locking needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lockdown:
    transactions: Transactions[HasLockdownLinks, _Writing]
    letters: Letters
    secrets: OneTimeSecrets
    trail: AuditTrail
    clock: Clock

    async def look(self, link: LinkToken) -> LockdownLink:
        """Return the link that a person holds. Looking changes nothing and records nothing.

        Raises InvalidOneTimeToken for a link that was used, has expired, or never was one.
        """
        async with self.transactions.read() as stored:
            found = await stored.lockdown_links.by_token_hash(self.secrets.hash_token(link.token))
        if found is None or not found.lives_at(self.clock.now()):
            raise InvalidOneTimeToken
        return found

    async def lock_own(self, caller: Caller) -> None:
        """Lock your account, when someone else is in it: with the link of a mail, or signed in.

        All sessions end, at once and on every device, and mailed links and codes are void. No one signs in until the
        password is reset by mail: with the right credentials the refusal is account_locked. A mail notifies you, and
        another one lets you choose a new password.

        The links in mails about a new device, a new password or a new address work for seven days, once. A link in a
        mail to an earlier address of the account moves it back to that address: a thief may have changed it. If that
        address has another account meanwhile, the account becomes inactive, until an administrator decides. Passkeys
        and linked accounts of other providers that were added since the mail are removed; a second factor stays until
        support resets it. An account without an address can't be reset by mail, so it can't be
        locked either.

        Raises EmailRequired, InvalidAccessToken.
        """
        if caller.user.email.is_of_guest:
            raise EmailRequired
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            user = await tx.users.by_id(caller.user.id)
            if user is None:
                raise InvalidAccessToken
            await self._close(tx, user, user.email, now, caller.origin, now)
            await tx.audit_events.add(self.trail.by(caller, AuditType.LOCKED, now))
            await tx.commit()

    async def lock_by_link(self, token: LinkToken, origin: Origin) -> None:
        """Lock the account of a link, as `lock_own` does. Raises InvalidOneTimeToken."""
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            link = await tx.lockdown_links.by_token_hash(self.secrets.hash_token(token.token))
            user = None if link is None else await tx.users.by_id(link.user_id)
            if link is None or user is None or not link.lives_at(now):
                # Counted by network and minute, like guesses of other links.
                guess = self.trail.counted(origin, AuditType.PROOF_FAILED, now, purpose="lockdown", what="link")
                await tx.audit_events.count(guess)
                await tx.commit()
                raise InvalidOneTimeToken
            await self._close(tx, user, link.email, link.created_at, origin, now)
            await self._remove_ways_in(tx, user, link.created_at, origin, now)
            details = {"mailbox": link.email.masked}
            await tx.audit_events.add(self.trail.by_stranger(origin, AuditType.LOCKED, now, user.id, **details))
            await tx.commit()

    async def _close(
        self, tx: _Writing, user: User, mailbox: EmailAddress, since: datetime, origin: Origin, now: datetime
    ) -> None:
        """Lock `user`, whose reader of `mailbox` says so. Links that are older than `since` and went to another mailbox
        stay: a thief who got in last must not take the button from the person who was there before.
        """
        locked = user.locked(now)
        if user.email != mailbox:
            is_taken = await tx.users.by_email(mailbox) is not None
            locked = locked.closed_by_former_address(now) if is_taken else locked.with_proven_email(mailbox, now)
        await tx.users.save(locked)
        await tx.sessions.remove_of_user(user.id)
        await tx.one_time_tokens.remove_of_user(user.id)
        await tx.lockdown_links.remove_for(user.id, mailbox, since)
        await self.letters.tell(tx, replace(locked, email=mailbox), LetterKind.ACCOUNT_LOCKED, origin, now)
        if locked.email != user.email:
            await self.letters.tell(tx, user, LetterKind.EMAIL_CHANGED, origin, now, locked.email.masked)
        if locked.is_active_at(now):
            await self.letters.ask_for_proof(tx, locked, Purpose.RESET_PASSWORD, origin, now)

    async def _remove_ways_in(self, tx: _Writing, user: User, since: datetime, origin: Origin, now: datetime) -> None:
        """Remove passkeys and identities that were added since the mail: a thief's would sign in again after the reset.

        A second factor stays. It is no way in by itself, and without it the mailbox alone would be one.
        """
        for passkey in await tx.passkeys.of_user(user.id):
            if passkey.created_at >= since:
                await tx.passkeys.remove(passkey.id)
                removed = self.trail.by_stranger(
                    origin, AuditType.PASSKEY_REMOVED, now, user.id, passkey=str(passkey.id)
                )
                await tx.audit_events.add(removed)
        for identity in await tx.identities.of_user(user.id):
            if identity.created_at >= since:
                await tx.identities.remove(identity.id)
                details = {"identity": str(identity.id), "provider": identity.provider}
                unlinked = self.trail.by_stranger(origin, AuditType.IDENTITY_UNLINKED, now, user.id, **details)
                await tx.audit_events.add(unlinked)

    async def unlock(self, operator: Operator, user_id: UUID) -> User:
        """Let a person sign in again who can't reset the password by mail. Sessions that have ended stay so.

        Raises UserNotFound.
        """
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            user = await tx.users.by_id(user_id)
            if user is None:
                raise UserNotFound
            if user.locked_at is None:
                return user
            unlocked = user.unlocked(now)
            await tx.users.save(unlocked)
            await tx.audit_events.add(self.trail.by(operator, AuditType.UNLOCKED, now, user.id))
            await tx.commit()
        return unlocked
