"""The audit: who did what, to which account, from where, and with which result."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from bukhindor.domain.origin import Origin


class AuditType(StrEnum):
    """Stable names: new ones may come, none is renamed."""

    REGISTERED = "user.registered"
    CREATED = "user.created"
    RENAMED = "user.renamed"
    PROFILE_CHANGED = "user.profile_changed"
    ROLE_CHANGED = "user.role_changed"
    STATUS_CHANGED = "user.status_changed"
    EMAIL_CHANGED = "user.email_changed"
    DELETED = "user.deleted"
    EXPORTED = "user.exported"
    SIGNED_IN = "sign_in.succeeded"
    SIGN_IN_FAILED = "sign_in.failed"
    REAUTHENTICATED = "sign_in.repeated"
    SIGN_IN_CODE_ASKED = "sign_in.code_asked"
    REVIEW_CODE_USED = "sign_in.review_code_used"
    REVIEW_CODE_REFUSED = "sign_in.review_code_refused"
    PASSWORD_DISABLED = "sign_in.password_disabled"
    REFRESH_TOKEN_REUSED = "session.refresh_token_reused"
    SESSION_ENDED = "session.ended"
    PASSWORD_ADDED = "password.added"
    PASSWORD_CHANGED = "password.changed"
    PASSWORD_CHECK_FAILED = "password.check_failed"
    # No longer written; stored events still have this type.
    PASSWORD_CHANGE_FAILED = "password.change_failed"
    PASSKEY_ADDED = "passkey.added"
    PASSKEY_RENAMED = "passkey.renamed"
    PASSKEY_REMOVED = "passkey.removed"
    # Its counter went back, so a copy of the authenticator is in use.
    PASSKEY_COPIED = "passkey.copied"
    PASSWORD_RESET_ASKED = "password.reset_asked"
    PASSWORD_RESET = "password.reset"
    EMAIL_VERIFICATION_ASKED = "email.verification_asked"
    EMAIL_VERIFIED = "email.verified"
    EMAIL_CHANGE_ASKED = "email.change_asked"
    PROOF_FAILED = "mailbox_proof.failed"
    CODES_DISABLED = "mailbox_proof.codes_disabled"
    LIMIT_HIT = "limit.hit"
    REFUSED = "access.refused"
    MAIL_ABANDONED = "mail.abandoned"
    MAIL_RETRIED = "mail.retried"
    FACTOR_ASKED = "sign_in.factor_asked"
    FACTOR_ADDED = "factor.added"
    FACTOR_REMOVED = "factor.removed"
    FACTORS_RESET = "factor.reset"
    FACTOR_CHECK_FAILED = "factor.check_failed"
    FACTORS_DISABLED = "factor.disabled"
    IDENTITY_LINKED = "identity.linked"
    IDENTITY_UNLINKED = "identity.unlinked"
    RECOVERY_CODES_MADE = "recovery_codes.made"
    RECOVERY_CODE_USED = "recovery_codes.used"
    GUEST_CLAIMED = "guest.claimed"
    GUEST_MERGED = "guest.merged"
    LOCKED = "user.locked"
    UNLOCKED = "user.unlocked"
    INVITED = "invitation.created"
    INVITATION_WITHDRAWN = "invitation.withdrawn"
    INVITATION_ACCEPTED = "invitation.accepted"
    SERVICE_KEY_CREATED = "service_key.created"
    SERVICE_KEY_REVOKED = "service_key.revoked"


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """`actor_id` acted (None: a client that is not signed in, or the command line) on the account `subject_id`.
    Either may also be a service key, and `subject_id` an invitation.

    `details` are short plain words: never a token, a password, or an address in clear. A counted event stands for
    `attempts` of one kind from one network within one minute.
    """

    id: UUID
    at: datetime
    type: AuditType
    actor_id: UUID | None
    subject_id: UUID | None
    session_id: UUID | None
    origin: Origin
    details: Mapping[str, str] = field(default_factory=dict)
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """All parts narrow the result; `before` is the position of the last event of the previous page. The newest come
    first.
    """

    actor_id: UUID | None = None
    subject_id: UUID | None = None
    type: AuditType | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: tuple[datetime, UUID] | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Retention:
    """How long events are stored, and guests after their last use; None keeps guests forever."""

    audit: timedelta = timedelta(days=365)
    guests: timedelta | None = timedelta(days=30)


def counted_event_id(type: AuditType, network: str, details: Mapping[str, str], at: datetime) -> UUID:
    """The id of the event that counts all such attempts of one network and minute: a UUID of version 7 (RFC 9562)."""
    minute = at.replace(second=0, microsecond=0)
    what = "\0".join([type, network, *(f"{name}={value}" for name, value in sorted(details.items()))])
    digest = int.from_bytes(sha256(f"{what}\0{minute.isoformat()}".encode()).digest()[:16])
    low_bits = digest & ((1 << 62) - 1)
    middle_bits = digest >> 116
    milliseconds = round(minute.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | middle_bits << 64 | 0b10 << 62 | low_bits)
