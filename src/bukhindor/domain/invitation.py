"""Invitations: an administrator chooses address and role, the person behind the address name and password."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.language import LanguageTag
from bukhindor.domain.user import Role, User

LIFETIME = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Invitation:
    """One address has one invitation: a newer one replaces the older.

    `name` is how the mail greets the person, who may choose another one. `token_hash` is all that is stored of the
    link. `invited_by` is None for the operator; the account of an inviter may be gone.
    """

    id: UUID
    email: EmailAddress
    role: Role
    name: str | None
    language: LanguageTag | None
    token_hash: bytes = field(repr=False)
    invited_by: UUID | None
    created_at: datetime
    expires_at: datetime

    @classmethod
    def issue(
        cls,
        id: UUID,
        email: EmailAddress,
        role: Role,
        name: str | None,
        language: LanguageTag | None,
        token_hash: bytes,
        invited_by: UUID | None,
        now: datetime,
    ) -> Self:
        return cls(id, email, role, name, language, token_hash, invited_by, now, now + LIFETIME)

    def lives_at(self, now: datetime) -> bool:
        return now < self.expires_at

    def is_good_at(self, now: datetime, inviter: User | None) -> bool:
        """Whether the link works at `now`.

        An invitation that makes an administrator works only while its inviter, as the account is now, still is one; the
        operator's always does.
        """
        depends = self.role is Role.ADMIN and self.invited_by is not None
        return self.lives_at(now) and (not depends or (inviter is not None and inviter.is_active_admin_at(now)))
