"""Guests: accounts without an address, which become those of people."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.language import LanguageTag
from bukhindor.domain.origin import Language
from bukhindor.domain.user import User

_UNNAMED = {Language.ENGLISH: "Guest", Language.RUSSIAN: "Гость"}


@dataclass(frozen=True, slots=True)
class PresentedGuest:
    """The guest whose access token came with a sign-in to another account, as that token was read."""

    user_id: UUID
    session_id: UUID


def new_guest(user_id: UUID, name: str | None, language: LanguageTag | None, spoken: Language, now: datetime) -> User:
    """A guest who begins now. Without a name they have one in the language in which they are spoken to."""
    return User(
        user_id,
        EmailAddress.of_guest(user_id),
        name or _UNNAMED[spoken],
        now,
        now,
        language=language,
        guest_seen_at=now,
    )


def claimed(
    user: User,
    now: datetime,
    *,
    email: EmailAddress | None = None,
    email_verified: bool = False,
    name: str | None = None,
    password_hash: str | None = None,
) -> User:
    """The account of a guest once a person has a way in; the very same object for everyone else.

    Id, role and metadata stay. Without an `email` the account goes on without one, and gets no mails.
    """
    if not user.is_guest:
        return user
    return replace(
        user,
        email=email or user.email,
        email_verified=email is not None and email_verified,
        name=name or user.name,
        password_hash=password_hash,
        guest_seen_at=None,
        updated_at=now,
    )


def merged(user: User, guest: User, now: datetime) -> User:
    """The account with what the guest has written; the very same object when that adds nothing.

    Each member of the guest's metadata joins unless the account has one of this name, or no room for it. What
    administrators wrote for the guest stays behind: it was not meant for this account.
    """
    metadata = user.metadata.joined_by(guest.metadata)
    return user if metadata == user.metadata else replace(user, metadata=metadata, updated_at=now)
