"""The record of who did what to whom, from where, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from bukhindor.domain.origin import Origin


class AuditType(StrEnum):
    """Stable words; new ones may come."""

    REGISTERED = "user.registered"
    CREATED = "user.created"
    RENAMED = "user.renamed"
    ROLE_CHANGED = "user.role_changed"
    STATUS_CHANGED = "user.status_changed"
    EMAIL_CHANGED = "user.email_changed"
    DELETED = "user.deleted"
    EXPORTED = "user.exported"
    SIGNED_IN = "sign_in.succeeded"
    SIGN_IN_FAILED = "sign_in.failed"
    PASSWORD_DISABLED = "sign_in.password_disabled"
    REFRESH_TOKEN_REUSED = "session.refresh_token_reused"
    SESSION_ENDED = "session.ended"
    PASSWORD_CHANGED = "password.changed"
    PASSWORD_CHANGE_FAILED = "password.change_failed"
    PASSWORD_RESET_ASKED = "password.reset_asked"
    PASSWORD_RESET = "password.reset"
    EMAIL_VERIFICATION_ASKED = "email.verification_asked"
    EMAIL_VERIFIED = "email.verified"
    EMAIL_CHANGE_ASKED = "email.change_asked"
    PROOF_FAILED = "mailbox_proof.failed"
    LIMIT_HIT = "limit.hit"
    REFUSED = "access.refused"
    MAIL_ABANDONED = "mail.abandoned"


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """`actor_id` did it (None: nobody signed in, or the command line), `subject_id` is whom it concerns.

    `details` are short plain words: never a token, a password, or an address in clear.
    """

    id: UUID
    at: datetime
    type: AuditType
    actor_id: UUID | None
    subject_id: UUID | None
    session_id: UUID | None
    origin: Origin
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """All parts narrow; `before` is the position of the last event of the page before. The newest come first."""

    actor_id: UUID | None = None
    subject_id: UUID | None = None
    type: AuditType | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: tuple[datetime, UUID] | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Retention:
    """How long events are kept."""

    audit: timedelta = timedelta(days=365)
