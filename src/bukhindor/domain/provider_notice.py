"""Notices: what a provider reports about a person by itself (Apple's server-to-server notifications)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bukhindor.domain.email_address import EmailAddress

LIFE = timedelta(days=7)
"""A notice that is older is refused: a provider repeats what was not received for a while."""


CLOCK_SKEW = timedelta(minutes=1)
"""How far the clocks of a provider and of this server may be apart."""


class NoticeKind(StrEnum):
    """OTHER is a kind that this program does not know."""

    CONSENT_REVOKED = "consent-revoked"
    ACCOUNT_DELETED = "account-delete"
    MAIL_DISABLED = "email-disabled"
    MAIL_ENABLED = "email-enabled"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderNotice:
    """What a verified notice says. The provider wrote it at `reported_at`.

    It has an effect once: `token_hash` is its SHA-256, and after `expires_at` no one accepts it anyway. `email` is
    the relay address that it is about, None when it names none.
    """

    kind: NoticeKind
    provider: str
    issuer: str
    subject: str
    reported_at: datetime
    email: EmailAddress | None
    token_hash: bytes
    expires_at: datetime

    def is_older_than(self, sign_in: datetime | None) -> bool:
        """Whether the person has signed in with the identity since: that is their consent."""
        return sign_in is not None and self.reported_at < sign_in - CLOCK_SKEW
