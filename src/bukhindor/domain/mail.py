"""Mails: their content, and how they wait for delivery."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self
from urllib.parse import urlencode
from uuid import UUID

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.folding import folded
from bukhindor.domain.language import LanguageTag
from bukhindor.domain.one_time_token import OneTimeSecret
from bukhindor.domain.origin import NO_REQUEST, Cause

# The pauses after the first try; a mail that failed five times is given up.
_PAUSES = (timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=30))
MAX_TRIES = len(_PAUSES) + 1

# A worker renews it while it delivers; after a lease that was not renewed, another worker takes the mail over.
LEASE = timedelta(minutes=2)


class LetterKind(StrEnum):
    VERIFY_EMAIL = "verify_email"
    RESET_PASSWORD = "reset_password"
    CHANGE_EMAIL = "change_email"
    SIGN_IN_CODE = "sign_in_code"
    EMAIL_CHANGE_ASKED = "email_change_asked"
    EMAIL_CHANGED = "email_changed"
    PASSWORD_ADDED = "password_added"
    PASSWORD_CHANGED = "password_changed"
    PASSWORD_DISABLED = "password_disabled"
    CODES_DISABLED = "codes_disabled"
    FACTOR_ADDED = "factor_added"
    FACTOR_REMOVED = "factor_removed"
    FACTORS_RESET = "factors_reset"
    FACTORS_DISABLED = "factors_disabled"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    RECOVERY_CODE_USED = "recovery_code_used"
    FEW_RECOVERY_CODES = "few_recovery_codes"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    IDENTITY_LINKED = "identity_linked"
    IDENTITY_UNLINKED = "identity_unlinked"
    NEW_DEVICE = "new_device"
    ACCOUNT_DELETED = "account_deleted"
    INVITATION = "invitation"
    ACCOUNT_LOCKED = "account_locked"


@dataclass(frozen=True, slots=True)
class Letter:
    """The facts that a mail reports, and its recipient; the writer chooses the words.

    `link` and `code` are for letters that ask for a proof; `device` and `ip` for those that report a sign-in;
    `new_email` for those about a change of address, `provider` for those about an account at one, and `lockdown_link`
    for those that may be about a thief.
    """

    kind: LetterKind
    to: EmailAddress
    name: str
    language: LanguageTag
    link: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    device: str = ""
    ip: str = ""
    new_email: str = ""
    provider: str = ""
    lockdown_link: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Mail:
    """A letter in words. `links` and `codes` repeat those in the text, for the development mailbox."""

    to: EmailAddress
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)
    links: tuple[str, ...] = field(default=(), repr=False)
    codes: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """A mail in the development mailbox. `source` is the message that a mail server would have received."""

    number: int
    mail: Mail
    source: str = field(repr=False)
    received_at: datetime

    def matches(self, search: str) -> bool:
        """Whether the recipient, the subject, the text and the codes contain every word of `search`, in any case."""
        words = folded(search).split()
        if not words:
            return True
        mail = self.mail
        content = folded("\n".join((mail.to.value, mail.to.shown, mail.subject, mail.text, *mail.codes)))
        return all(word in content for word in words)


@dataclass(frozen=True, slots=True)
class QueuedMail:
    """A mail that waits for delivery. `tries` counts those that have begun; `failed_at` is when it was given up.

    `mail` is None when no secret of this process opens it: another process may have sealed it under a newer secret.
    Then `cause` is unknown, too.
    """

    id: UUID
    user_id: UUID | None
    mail: Mail | None
    created_at: datetime
    due_at: datetime
    tries: int = 0
    failed_at: datetime | None = None
    cause: Cause = NO_REQUEST

    def under_lease(self, now: datetime) -> Self:
        """This mail, left to its worker until the lease is over."""
        return replace(self, due_at=now + LEASE)

    def after_failure(self, now: datetime, *, permanent: bool) -> Self:
        if permanent or self.tries >= MAX_TRIES:
            return replace(self, failed_at=now)
        return replace(self, due_at=now + _PAUSES[self.tries - 1])


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many mails wait, how many were given up, and since when the oldest due mail has been due."""

    waiting: int
    failed: int
    overdue: timedelta


class MailNotAccepted(Exception):
    """The mail server did not accept a mail; `permanent` means that it never will."""

    def __init__(self, reason: str, *, permanent: bool) -> None:
        super().__init__(reason)
        self.permanent = permanent


@dataclass(frozen=True, slots=True)
class MailLinks:
    """Where mailed links lead: the address of the page for each kind of mail with a link, which has the name of its
    purpose if it has one. `page_of` takes them from the configuration, never from a request."""

    page_of: Callable[[str], str]

    def to(self, purpose: str, secret: OneTimeSecret) -> str:
        return f"{self.page_of(purpose)}?{urlencode({'token': secret.token})}"
