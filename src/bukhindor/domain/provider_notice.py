"""Notices: what a provider reports about a person by itself (Apple's server-to-server notifications)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bukhindor.domain.email_address import EmailAddress

LIFE = timedelta(days=7)
"""A notice that is older is refused: a provider repeats what was not received for a while."""


class NoticeKind(StrEnum):
    """OTHER is a kind that this program does not know."""

    CONSENT_REVOKED = "consent-revoked"
    ACCOUNT_DELETED = "account-delete"
    MAIL_DISABLED = "email-disabled"
    MAIL_ENABLED = "email-enabled"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderNotice:
    """What a verified notice says. It has an effect once: `token_hash` is the SHA-256 of it, and after `expires_at` no
    one accepts it anyway. `email` is the relay address that it is about, None when it names none.
    """

    kind: NoticeKind
    provider: str
    issuer: str
    subject: str
    email: EmailAddress | None
    token_hash: bytes
    expires_at: datetime
