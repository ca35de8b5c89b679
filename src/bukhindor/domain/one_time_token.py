"""Tokens that prove a mailbox once: a long one for the link, a short code to type.

Only their hashes are stored. Each user has one live token for each purpose: a newer one replaces the older.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self
from uuid import UUID

from bukhindor.domain.email_address import EmailAddress

MAX_CODE_TRIES = 5
LOCKDOWN_LIFETIME = timedelta(days=7)
# The page that a link which locks the account leads to.
LOCKDOWN = "lockdown"


class Purpose(StrEnum):
    RESET_PASSWORD = "reset_password"
    VERIFY_EMAIL = "verify_email"
    CHANGE_EMAIL = "change_email"
    SIGN_IN = "sign_in_code"

    @property
    def lifetime(self) -> timedelta:
        """Ten minutes for signing in: such a proof alone opens an account (OWASP ASVS 5.0 section 6.5.5, NIST SP
        800-63B-4 section 3.1.3.2).
        """
        return _LIFETIMES.get(self, timedelta(minutes=60))


_LIFETIMES = {Purpose.VERIFY_EMAIL: timedelta(hours=24), Purpose.SIGN_IN: timedelta(minutes=10)}


@dataclass(frozen=True, slots=True)
class OneTimeSecret:
    """The secrets in the mail, which are not stored: the token of the link and the code of eight digits."""

    token: str = field(repr=False)
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OneTimeToken:
    """`email` is the mailbox that the token was sent to and proves: for a change of address that is the new one.

    Wrong codes are counted; after five the code is invalid, but the link still works.
    """

    user_id: UUID
    purpose: Purpose
    email: EmailAddress
    token_hash: bytes = field(repr=False)
    code_hash: bytes = field(repr=False)
    created_at: datetime
    expires_at: datetime
    failed_tries: int = 0

    @classmethod
    def issue(
        cls,
        user_id: UUID,
        purpose: Purpose,
        email: EmailAddress,
        token_hash: bytes,
        code_hash: bytes,
        now: datetime,
    ) -> Self:
        return cls(user_id, purpose, email, token_hash, code_hash, now, now + purpose.lifetime)

    def lives_at(self, now: datetime) -> bool:
        return now < self.expires_at

    def accepts_codes_at(self, now: datetime) -> bool:
        return self.lives_at(now) and self.failed_tries < MAX_CODE_TRIES

    def after_wrong_code(self) -> Self:
        return replace(self, failed_tries=self.failed_tries + 1)


@dataclass(frozen=True, slots=True)
class LinkToken:
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TypedCode:
    """`email` is the account's current address, even while another one is to be proved."""

    email: EmailAddress
    code: str = field(repr=False)


Proof = LinkToken | TypedCode


class MailedCode(str):
    """The eight digits of a mail, which its reader types in a session of the account."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MailedCode(…)"


@dataclass(frozen=True, slots=True)
class LockdownLink:
    """With it the reader of a mail locks an account that someone else has got into, until a reset by mail.

    Each mail has a link of its own, so that a newer mail leaves the older one alone.

    `email` is the mailbox that the mail went to, which may not be the account's address any more. `token_hash` is all
    that is stored of the link.
    """

    token_hash: bytes = field(repr=False)
    user_id: UUID
    email: EmailAddress
    created_at: datetime
    expires_at: datetime

    @classmethod
    def issue(cls, token_hash: bytes, user_id: UUID, email: EmailAddress, now: datetime) -> Self:
        return cls(token_hash, user_id, email, now, now + LOCKDOWN_LIFETIME)

    def lives_at(self, now: datetime) -> bool:
        return now < self.expires_at
