"""The words of the record, and what surrounds an event."""

import re
from datetime import timedelta

from bukhindor.domain.audit import AuditQuery, AuditType, Retention
from bukhindor.domain.origin import NOWHERE, Language, Origin
from tests.makers import make_audit_event

# Who reads the record compares with these words: one may be added, none may change or go.
PROMISED_TYPES = {
    "user.registered",
    "user.created",
    "user.renamed",
    "user.profile_changed",
    "user.role_changed",
    "user.status_changed",
    "user.email_changed",
    "user.deleted",
    "user.exported",
    "sign_in.succeeded",
    "sign_in.failed",
    "sign_in.repeated",
    "sign_in.code_asked",
    "sign_in.review_code_used",
    "sign_in.review_code_refused",
    "sign_in.password_disabled",
    "session.refresh_token_reused",
    "sign_in.factor_asked",
    "factor.added",
    "factor.removed",
    "factor.reset",
    "factor.check_failed",
    "factor.disabled",
    "recovery_codes.made",
    "recovery_codes.used",
    "session.ended",
    "password.added",
    "password.changed",
    "passkey.added",
    "passkey.renamed",
    "passkey.removed",
    "passkey.copied",
    "password.change_failed",
    "password.check_failed",
    "password.reset_asked",
    "password.reset",
    "email.verification_asked",
    "email.verified",
    "email.change_asked",
    "limit.hit",
    "mailbox_proof.failed",
    "mailbox_proof.codes_disabled",
    "access.refused",
    "mail.abandoned",
    "mail.retried",
    "guest.claimed",
    "guest.merged",
    "user.locked",
    "user.unlocked",
    "identity.linked",
    "identity.unlinked",
    "invitation.created",
    "invitation.withdrawn",
    "invitation.accepted",
    "service_key.created",
    "service_key.revoked",
}


def test_the_types_are_the_promised_ones() -> None:
    """LOG-02."""
    assert sorted(AuditType) == sorted(PROMISED_TYPES)
    assert all(re.fullmatch(r"[a-z_]+\.[a-z_]+", type) for type in AuditType)


def test_an_event_has_no_details_unless_they_are_given() -> None:
    assert make_audit_event().details == {}
    assert make_audit_event(details={"route": "GET /users"}).details == {"route": "GET /users"}


def test_without_wishes_the_newest_fifty_of_all_events_are_meant() -> None:
    query = AuditQuery()
    assert (query.actor_id, query.subject_id, query.type, query.since, query.until) == (None,) * 5
    assert (query.before, query.limit) == (None, 50)


def test_events_are_kept_for_a_year() -> None:
    assert Retention().audit == timedelta(days=365)


def test_nowhere_is_no_address_and_speaks_english() -> None:
    assert Origin() == NOWHERE
    assert (NOWHERE.ip, NOWHERE.user_agent, NOWHERE.device_id, NOWHERE.request_id) == ("", "", None, "")
    assert NOWHERE.language is Language.ENGLISH
    assert set(Language) == {"en", "ru"}
