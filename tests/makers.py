"""Users, sessions and moments for tests: everything has a sensible value, and a test names only what matters to it."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from bukhindor.domain.audit import AuditEvent, AuditType
from bukhindor.domain.device import Device
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.factor import Factor
from bukhindor.domain.identity import Identity, IdentityClaims, ProviderGrant
from bukhindor.domain.invitation import LIFETIME, Invitation
from bukhindor.domain.language import LanguageTag, tag_of
from bukhindor.domain.mail import Letter, LetterKind, Mail, QueuedMail
from bukhindor.domain.one_time_token import OneTimeToken, Purpose
from bukhindor.domain.origin import Language, Origin
from bukhindor.domain.passkey import Passkey
from bukhindor.domain.provider_notice import NoticeKind, ProviderNotice
from bukhindor.domain.service_key import Scope, ServiceKey, ServiceKeySecret
from bukhindor.domain.session import Session, SessionPolicy
from bukhindor.domain.signing_key import KeyRing, SigningKey
from bukhindor.domain.user import Role, User
from bukhindor.domain.withdrawal import Withdrawal
from bukhindor.ports.secrets import Requester

T0 = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
"""When tests begin, unless they say otherwise."""

ORIGIN = Origin("192.0.2.7", "Tests/1.0", "device-1", "request-1", Language.ENGLISH)
"""Where the requests of tests come from."""

REQUESTER = Requester("192.0.2.7", "ann@example.com")
"""The requester of the hashes in tests."""


def address(value: str) -> EmailAddress:
    return EmailAddress.parse(value)


def make_user(email: str | EmailAddress | None = None, **parts: Any) -> User:
    """A user with an address of its own; `parts` are fields of User."""
    user_id: UUID = parts.pop("id", None) or uuid4()
    if email is None:
        email = f"{user_id.hex}@example.com"
    return User(
        id=user_id,
        email=address(email) if isinstance(email, str) else email,
        name=parts.pop("name", "Ann Example"),
        created_at=parts.pop("created_at", T0),
        updated_at=parts.pop("updated_at", T0),
        password_hash=parts.pop("password_hash", "hashed:correct horse battery"),
        **parts,
    )


def make_guest(**parts: Any) -> User:
    """A guest who began at T0; `parts` are fields of User."""
    user_id: UUID = parts.pop("id", None) or uuid4()
    seen_at = parts.pop("guest_seen_at", T0)
    return make_user(
        EmailAddress.of_guest(user_id),
        id=user_id,
        password_hash=None,
        guest_seen_at=seen_at,
        **({"name": "Guest"} | parts),
    )


def make_session(owner: User | UUID, **parts: Any) -> Session:
    """A fresh session of `owner`; `parts` are fields of Session."""
    session_id: UUID = parts.pop("id", None) or uuid4()
    created_at: datetime = parts.pop("created_at", T0)
    return Session(
        id=session_id,
        user_id=owner.id if isinstance(owner, User) else owner,
        seed=parts.pop("seed", session_id.bytes * 2),
        generation=parts.pop("generation", 1),
        confirmed=parts.pop("confirmed", True),
        created_at=created_at,
        rotated_at=parts.pop("rotated_at", created_at),
        last_seen_at=parts.pop("last_seen_at", created_at),
        device=parts.pop("device", Device()),
        authenticated_at=parts.pop("authenticated_at", created_at),
        **parts,
    )


def make_signing_key(kid: str = "key", **parts: Any) -> SigningKey:
    """A key in the ring; its halves are letters, not numbers that could sign."""
    return SigningKey(
        kid=kid,
        public_jwk=parts.pop("public_jwk", {"kty": "EC", "crv": "P-256", "kid": kid, "x": "x", "y": "y"}),
        sealed_private_key=parts.pop("sealed_private_key", b"sealed:" + kid.encode()),
        created_at=parts.pop("created_at", T0),
        **parts,
    )


def make_secret(number: int = 1) -> ServiceKeySecret:
    """What a service presents, another one for each number."""
    return ServiceKeySecret.of(number.to_bytes(32))


def make_service_key(
    name: str = "orders", *scopes: Scope, secret: ServiceKeySecret | None = None, **parts: Any
) -> ServiceKey:
    """A key with these scopes, or with all; `parts` are fields of ServiceKey."""
    return ServiceKey(
        id=parts.pop("id", None) or uuid4(),
        name=name,
        digest=(make_secret() if secret is None else secret).digest,
        scopes=frozenset(scopes or Scope),
        created_at=parts.pop("created_at", T0),
        **parts,
    )


def make_passkey(owner: User, **parts: Any) -> Passkey:
    """A passkey of `owner` with a credential of its own; `parts` are fields of Passkey."""
    passkey_id: UUID = parts.pop("id", None) or uuid4()
    return Passkey(
        id=passkey_id,
        user_id=owner.id,
        credential_id=parts.pop("credential_id", passkey_id.bytes),
        public_key=parts.pop("public_key", b"key:" + passkey_id.bytes),
        user_handle=parts.pop("user_handle", owner.id.bytes * 2),
        name=parts.pop("name", "Phone"),
        sign_count=parts.pop("sign_count", 0),
        transports=parts.pop("transports", ("internal", "hybrid")),
        is_synced=parts.pop("is_synced", True),
        is_backed_up=parts.pop("is_backed_up", False),
        created_at=parts.pop("created_at", T0),
        **parts,
    )


def make_claims(**parts: Any) -> IdentityClaims:
    """What a verified ID token of Ann says; `parts` are fields of IdentityClaims."""
    subject = parts.pop("subject", "ann")
    return IdentityClaims(
        provider=parts.pop("provider", "google"),
        issuer=parts.pop("issuer", "https://accounts.google.com"),
        subject=subject,
        audience=parts.pop("audience", "web-client"),
        email=parts.pop("email", address("ann@example.com")),
        is_email_verified=parts.pop("is_email_verified", True),
        is_private_email=parts.pop("is_private_email", False),
        name=parts.pop("name", "Ann Example"),
        amr=parts.pop("amr", ()),
        token_hash=parts.pop("token_hash", None) or uuid4().bytes,
        expires_at=parts.pop("expires_at", T0 + timedelta(minutes=11)),
        **parts,
    )


def make_notice(**parts: Any) -> ProviderNotice:
    """A notice of Apple about Ann; `parts` are fields of ProviderNotice."""
    return ProviderNotice(
        kind=parts.pop("kind", NoticeKind.CONSENT_REVOKED),
        provider=parts.pop("provider", "apple"),
        issuer=parts.pop("issuer", "https://appleid.apple.com"),
        subject=parts.pop("subject", "ann"),
        reported_at=parts.pop("reported_at", T0),
        email=parts.pop("email", None),
        token_hash=parts.pop("token_hash", None) or uuid4().bytes,
        expires_at=parts.pop("expires_at", T0 + timedelta(days=7)),
        **parts,
    )


def make_identity(owner: User, **parts: Any) -> Identity:
    """An identity of `owner` with a subject of its own; `parts` are fields of Identity."""
    identity_id: UUID = parts.pop("id", None) or uuid4()
    return Identity(
        id=identity_id,
        user_id=owner.id,
        provider=parts.pop("provider", "google"),
        issuer=parts.pop("issuer", "https://accounts.google.com"),
        subject=parts.pop("subject", identity_id.hex),
        email=parts.pop("email", owner.email),
        is_email_verified=parts.pop("is_email_verified", True),
        is_private_email=parts.pop("is_private_email", False),
        created_at=parts.pop("created_at", T0),
        **parts,
    )


def make_withdrawal(**parts: Any) -> Withdrawal:
    """A withdrawal that is due; `parts` are fields of Withdrawal."""
    return Withdrawal(
        id=parts.pop("id", None) or uuid4(),
        provider=parts.pop("provider", "apple"),
        grant=parts.pop("grant", ProviderGrant("com.example.app", "refresh")),
        created_at=parts.pop("created_at", T0),
        due_at=parts.pop("due_at", T0),
        **parts,
    )


def make_key_ring(*keys: SigningKey, now: datetime = T0) -> KeyRing:
    """These keys as they stand at `now`."""
    return KeyRing.at(now, keys, SessionPolicy().access_token)


def make_factor(owner: User | UUID, **parts: Any) -> Factor:
    """A confirmed factor of `owner`; `parts` are fields of Factor."""
    factor_id: UUID = parts.pop("id", None) or uuid4()
    created_at: datetime = parts.pop("created_at", T0)
    return Factor(
        id=factor_id,
        user_id=owner.id if isinstance(owner, User) else owner,
        name=parts.pop("name", None),
        secret=parts.pop("secret", factor_id.bytes + b"1234"),
        created_at=created_at,
        confirmed_at=parts.pop("confirmed_at", created_at),
        **parts,
    )


def make_one_time_token(
    owner: User, purpose: Purpose = Purpose.RESET_PASSWORD, token: str | None = None, **parts: Any
) -> OneTimeToken:
    """A token of `owner` for its own mailbox; `parts` are fields of OneTimeToken."""
    created_at: datetime = parts.pop("created_at", T0)
    return OneTimeToken(
        user_id=owner.id,
        purpose=purpose,
        email=parts.pop("email", owner.email),
        token_hash=sha256((token or uuid4().hex).encode()).digest(),
        code_hash=parts.pop("code_hash", sha256(b"12345678").digest()),
        created_at=created_at,
        expires_at=parts.pop("expires_at", created_at + purpose.lifetime),
        **parts,
    )


def make_invitation(email: str, *, language: str | None = None, **parts: Any) -> Invitation:
    """An invitation that was just sent; `parts` are fields of Invitation."""
    created_at: datetime = parts.pop("created_at", T0)
    return Invitation(
        id=parts.pop("id", None) or uuid4(),
        email=address(email),
        role=parts.pop("role", Role.USER),
        name=parts.pop("name", None),
        language=None if language is None else LanguageTag.parse(language),
        token_hash=parts.pop("token_hash", None) or sha256(uuid4().bytes).digest(),
        invited_by=parts.pop("invited_by", None),
        created_at=created_at,
        expires_at=parts.pop("expires_at", created_at + LIFETIME),
        **parts,
    )


def make_letter(kind: LetterKind = LetterKind.RESET_PASSWORD, to: str = "ann@example.com", **parts: Any) -> Letter:
    """A letter that has everything any kind needs; `parts` are fields of Letter."""
    return Letter(
        kind=kind,
        to=address(to),
        name=parts.pop("name", "Ann Example"),
        language=parts.pop("language", tag_of(Language.ENGLISH)),
        **parts,
    )


def make_mail(to: str = "ann@example.com", **parts: Any) -> Mail:
    """A mail with a link and a code; `parts` are fields of Mail."""
    return Mail(
        to=address(to),
        subject=parts.pop("subject", "Reset your password"),
        text=parts.pop("text", "https://app.example.com/reset-password?token=t0ken 1234 5678"),
        html=parts.pop("html", "<a href='https://app.example.com/reset-password?token=t0ken'>Reset</a> 1234 5678"),
        links=parts.pop("links", ("https://app.example.com/reset-password?token=t0ken",)),
        codes=parts.pop("codes", ("12345678",)),
        **parts,
    )


def make_queued_mail(mail: Mail | None = None, **parts: Any) -> QueuedMail:
    """A mail that is due at once; `parts` are fields of QueuedMail."""
    created_at: datetime = parts.pop("created_at", T0)
    return QueuedMail(
        id=parts.pop("id", None) or uuid4(),
        user_id=parts.pop("user_id", None),
        mail=mail or make_mail(),
        created_at=created_at,
        due_at=parts.pop("due_at", created_at),
        **parts,
    )


def mail_of(queued: QueuedMail) -> Mail:
    """What a waiting mail says."""
    assert queued.mail is not None
    return queued.mail


def make_audit_event(
    type: AuditType = AuditType.SIGNED_IN, at: datetime | timedelta = timedelta(0), **parts: Any
) -> AuditEvent:
    """An event at a moment, or so long after T0; `parts` are fields of AuditEvent."""
    return AuditEvent(
        id=parts.pop("id", None) or uuid4(),
        at=T0 + at if isinstance(at, timedelta) else at,
        type=type,
        actor_id=parts.pop("actor_id", None),
        subject_id=parts.pop("subject_id", None),
        session_id=parts.pop("session_id", None),
        origin=parts.pop("origin", ORIGIN),
        **parts,
    )
