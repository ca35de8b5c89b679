"""Queueing mails in the transaction of the change that they report."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from bukhindor.domain.device import Device
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.language import LanguageTag, tag_of
from bukhindor.domain.mail import Letter, LetterKind, MailLinks, QueuedMail
from bukhindor.domain.one_time_token import LOCKDOWN, LockdownLink, OneTimeSecret, OneTimeToken, Purpose
from bukhindor.domain.origin import Origin
from bukhindor.domain.user import User
from bukhindor.ports.mail import LetterWriter
from bukhindor.ports.secrets import OneTimeSecrets
from bukhindor.ports.store.lockdown_links import HasLockdownLinks
from bukhindor.ports.store.one_time_tokens import HasOneTimeTokens
from bukhindor.ports.store.outbox import HasOutbox
from bukhindor.ports.system import Identifiers


class LetterStore(HasOutbox, HasOneTimeTokens, Protocol):
    """What a mail with a proof needs from the store."""


class WarningStore(HasOutbox, HasLockdownLinks, Protocol):
    """What a mail with a link that locks the account needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """Shared by the services that write to people."""

    writer: LetterWriter
    secrets: OneTimeSecrets
    identifiers: Identifiers
    links: MailLinks

    async def ask_for_proof(
        self,
        tx: LetterStore,
        user: User,
        purpose: Purpose,
        origin: Origin,
        now: datetime,
        mailbox: EmailAddress | None = None,
    ) -> None:
        """Send a link and a code to the user's address, or to another `mailbox`; earlier ones are void.

        An account without an address gets neither.
        """
        to = mailbox or user.email
        if to.is_of_guest:
            return
        secret = self.secrets.make()
        token_hash = self.secrets.hash_token(secret.token)
        code_hash = self.secrets.hash_code(secret.code, user.id, purpose)
        await tx.one_time_tokens.put(OneTimeToken.issue(user.id, purpose, to, token_hash, code_hash, now))
        link = self.links.to(purpose, secret)
        kind, name, language = LetterKind(purpose.value), _name_for(user, to), _language_for(user, origin)
        letter = Letter(kind, to, name, language, link, secret.code)
        await self._queue(tx, user.id, letter, origin, now)

    async def invite(
        self,
        tx: HasOutbox,
        to: EmailAddress,
        name: str,
        language: LanguageTag,
        secret: OneTimeSecret,
        origin: Origin,
        now: datetime,
    ) -> None:
        """Send the link of an invitation to an address that has no account; an administrator chose the `name`."""
        kind = LetterKind.INVITATION
        letter = Letter(kind, to, name, language, self.links.to(kind, secret))
        await self._queue(tx, None, letter, origin, now)

    async def tell(
        self,
        tx: HasOutbox,
        user: User,
        kind: LetterKind,
        origin: Origin,
        now: datetime,
        new_email: str = "",
        provider: str = "",
    ) -> None:
        """Notify the user of something that happened to the account. `provider` is its name for people."""
        await self._queue(tx, user.id, self._notice(user, kind, origin, new_email, provider), origin, now)

    async def warn(
        self,
        tx: WarningStore,
        user: User,
        kind: LetterKind,
        origin: Origin,
        now: datetime,
        new_email: str = "",
        provider: str = "",
    ) -> None:
        """Notify as `tell` does of what a thief may have done, with a link that locks the account for seven days. The
        links in earlier mails go on working.
        """
        token = self.secrets.make_token()
        await tx.lockdown_links.add(LockdownLink.issue(self.secrets.hash_token(token), user.id, user.email, now))
        lockdown_link = self.links.to(LOCKDOWN, OneTimeSecret(token, ""))
        notice = replace(self._notice(user, kind, origin, new_email, provider), lockdown_link=lockdown_link)
        await self._queue(tx, user.id, notice, origin, now)

    def _notice(self, user: User, kind: LetterKind, origin: Origin, new_email: str, provider: str) -> Letter:
        device = Device(user_agent=origin.user_agent).name or ""
        name = _name_for(user, user.email)
        # A user can choose an address that reads like a message, too.
        moved_to = new_email if user.email_verified else ""
        language = _language_for(user, origin)
        return Letter(
            kind, user.email, name, language, device=device, ip=origin.ip, new_email=moved_to, provider=provider
        )

    async def _queue(self, tx: HasOutbox, user_id: UUID | None, letter: Letter, origin: Origin, now: datetime) -> None:
        """Every mail passes here, so none leaves for an account that has no address."""
        if letter.to.is_of_guest:
            return
        mail = self.writer.write(letter)
        await tx.outbox.add(QueuedMail(self.identifiers.event_id(), user_id, mail, now, now, cause=origin.cause))


def _name_for(user: User, mailbox: EmailAddress) -> str:
    """The name to greet with; none when the mailbox is not proved to be the user's.

    Anyone can register a stranger's address, and could have their own text mailed to the stranger as a name.
    """
    return user.name if user.email_verified and mailbox == user.email else ""


def _language_for(user: User, origin: Origin) -> LanguageTag:
    """The recipient's language; while it is unknown, the language of the request that causes the mail."""
    return user.language or tag_of(origin.language)
