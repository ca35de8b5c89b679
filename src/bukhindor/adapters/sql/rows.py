"""Between rows and the domain's objects: for each aggregate its columns, in order, and both directions."""

import json
import unicodedata
from typing import Any

import msgspec

from bukhindor.adapters.sql import tables
from bukhindor.adapters.sql.connection import Row
from bukhindor.domain.audit import AuditEvent, AuditType
from bukhindor.domain.device import AppType, Device
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.mail import Mail, QueuedMail
from bukhindor.domain.one_time_token import OneTimeToken, Purpose
from bukhindor.domain.origin import Origin
from bukhindor.domain.session import Session
from bukhindor.domain.signing_key import SigningKey
from bukhindor.domain.user import Role, Status, User

_ALGORITHM = "ES256"

# Calling an enumeration with a value takes several times as long as a dictionary.
_ROLES = {role.value: role for role in Role}
_STATUSES = {status.value: status for status in Status}
_APP_TYPES: dict[str | None, AppType | None] = {None: None, **{app.value: app for app in AppType}}

_user = tables.users.c
USER_COLUMNS = (
    _user.id, _user.email, _user.name, _user.created_at, _user.updated_at, _user.role, _user.status,
    _user.status_reason, _user.status_until, _user.email_verified, _user.password_hash, _user.last_login_at,
    _user.failed_sign_ins, _user.wrong_codes, _user.last_wrong_code_at,
)  # fmt: skip

_session = tables.user_sessions.c
SESSION_COLUMNS = (
    _session.id, _session.user_id, _session.seed, _session.generation, _session.confirmed, _session.created_at,
    _session.rotated_at, _session.last_seen_at, _session.device_id, _session.app_type, _session.app_version,
    _session.ip, _session.user_agent, _session.oldest_valid_generation, _session.failed_prompts,
)  # fmt: skip

_key = tables.signing_keys.c
SIGNING_KEY_COLUMNS = (_key.kid, _key.public_jwk, _key.sealed_private_key, _key.created_at, _key.retired_at)

_token = tables.one_time_tokens.c
ONE_TIME_TOKEN_COLUMNS = (
    _token.user_id, _token.purpose, _token.email, _token.token_hash, _token.code_hash, _token.created_at,
    _token.expires_at, _token.failed_tries,
)  # fmt: skip

_queued = tables.outbox.c
OUTBOX_COLUMNS = (
    _queued.id, _queued.user_id, _queued.sealed_content, _queued.created_at, _queued.due_at, _queued.tries,
    _queued.failed_at,
)  # fmt: skip

_event = tables.audit_events.c
AUDIT_EVENT_COLUMNS = (
    _event.id, _event.at, _event.type, _event.actor_id, _event.subject_id, _event.session_id, _event.ip,
    _event.user_agent, _event.device_id, _event.request_id, _event.details, _event.attempts,
)  # fmt: skip

_mails = msgspec.json.Decoder(Mail)


def to_user(row: Row) -> User:
    """The user of USER_COLUMNS. Its address was parsed when it came in, and is not parsed again."""
    (id_, email, name, created_at, updated_at, role, status,
     reason, until, verified, password_hash, last_login_at, failed_sign_ins, wrong_codes, wrong_at) = row  # fmt: skip
    return User(
        id_, EmailAddress(email), name, created_at, updated_at, _ROLES[role], _STATUSES[status],
        reason, until, verified, password_hash, last_login_at, failed_sign_ins, wrong_codes, wrong_at,
    )  # fmt: skip


def from_user(user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "email": user.email.value,
        "name": user.name,
        "role": user.role.value,
        "status": user.status.value,
        "status_reason": user.status_reason,
        "status_until": user.status_until,
        "email_verified": user.email_verified,
        "password_hash": user.password_hash,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
        "last_login_at": user.last_login_at,
        "failed_sign_ins": user.failed_sign_ins,
        "wrong_codes": user.wrong_codes,
        "last_wrong_code_at": user.last_wrong_code_at,
        # No search holds a line break, so none can match across the two.
        "search_text": f"{folded(user.name)}\n{folded(user.email.value)}",
    }


def folded(text: str) -> str:
    """The form in which texts are compared when case and compatibility forms don't matter."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def to_session(row: Row) -> Session:
    """The session of SESSION_COLUMNS."""
    (id_, user_id, seed, generation, confirmed, created_at, rotated_at, last_seen_at,
     device_id, app_type, app_version, ip, user_agent, oldest_valid, failed_prompts) = row  # fmt: skip
    device = Device(device_id, _APP_TYPES[app_type], app_version, ip, user_agent)
    return Session(
        id_, user_id, seed, generation, confirmed, created_at, rotated_at, last_seen_at, device,
        oldest_valid, failed_prompts,
    )  # fmt: skip


def from_session(session: Session) -> dict[str, Any]:
    device = session.device
    return {
        "id": session.id,
        "user_id": session.user_id,
        "seed": session.seed,
        "generation": session.generation,
        "confirmed": session.confirmed,
        "created_at": session.created_at,
        "rotated_at": session.rotated_at,
        "last_seen_at": session.last_seen_at,
        "device_id": device.device_id,
        "app_type": None if device.app_type is None else device.app_type.value,
        "app_version": device.app_version,
        "ip": device.ip,
        "user_agent": device.user_agent,
        "oldest_valid_generation": session.oldest_valid_generation,
        "failed_prompts": session.failed_prompts,
    }


def to_signing_key(row: Row) -> SigningKey:
    """The key of SIGNING_KEY_COLUMNS."""
    kid, public_jwk, sealed_private_key, created_at, retired_at = row
    return SigningKey(kid, json.loads(public_jwk), sealed_private_key, created_at, retired_at)


def from_signing_key(key: SigningKey) -> dict[str, Any]:
    return {
        "kid": key.kid,
        "algorithm": _ALGORITHM,
        "public_jwk": json.dumps(dict(key.public_jwk)),
        "sealed_private_key": key.sealed_private_key,
        "created_at": key.created_at,
        "retired_at": key.retired_at,
    }


def to_one_time_token(row: Row) -> OneTimeToken:
    """The token of ONE_TIME_TOKEN_COLUMNS."""
    user_id, purpose, email, *rest = row
    return OneTimeToken(user_id, Purpose(purpose), EmailAddress(email), *rest)


def from_one_time_token(token: OneTimeToken) -> dict[str, Any]:
    return {
        "user_id": token.user_id,
        "purpose": token.purpose.value,
        "email": token.email.value,
        "token_hash": token.token_hash,
        "code_hash": token.code_hash,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "failed_tries": token.failed_tries,
    }


def to_queued_mail(row: Row, content: bytes | None) -> QueuedMail:
    """The mail of OUTBOX_COLUMNS with its opened content; None where it can't be opened."""
    id_, user_id, _, created_at, due_at, tries, failed_at = row
    mail = None if content is None else _mails.decode(content)
    return QueuedMail(id_, user_id, mail, created_at, due_at, tries, failed_at)


def content_of(queued: QueuedMail) -> bytes:
    """What of a mail must be sealed: all that it says, and to whom."""
    return msgspec.json.encode(queued.mail)


def from_queued_mail(queued: QueuedMail, sealed_content: bytes) -> dict[str, Any]:
    return {
        "id": queued.id,
        "user_id": queued.user_id,
        "sealed_content": sealed_content,
        "created_at": queued.created_at,
        "due_at": queued.due_at,
        "tries": queued.tries,
        "failed_at": queued.failed_at,
    }


def to_audit_event(row: Row) -> AuditEvent:
    """The event of AUDIT_EVENT_COLUMNS. The language of its request was not kept."""
    id_, at, type_, actor_id, subject_id, session_id, ip, user_agent, device_id, request_id, details, attempts = row
    origin = Origin(ip, user_agent, device_id, request_id)
    return AuditEvent(
        id_, at, AuditType(type_), actor_id, subject_id, session_id, origin, json.loads(details), attempts
    )


def from_audit_event(event: AuditEvent) -> dict[str, Any]:
    return {
        "id": event.id,
        "at": event.at,
        "type": event.type.value,
        "actor_id": event.actor_id,
        "subject_id": event.subject_id,
        "session_id": event.session_id,
        "ip": event.origin.ip,
        "user_agent": event.origin.user_agent,
        "device_id": event.origin.device_id,
        "request_id": event.origin.request_id,
        "details": json.dumps(dict(event.details), ensure_ascii=False),
        "attempts": event.attempts,
    }
