"""Shapes that several endpoints share."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from bukhindor.domain.audit import AuditEvent, AuditType
from bukhindor.domain.device import AppType
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.language import MAX_TAG, TAG_PATTERN, LanguageChoice, LanguageTag
from bukhindor.domain.metadata import MAX_BYTES, MAX_LEVELS, MetadataPatch
from bukhindor.domain.password import MAX_PRESENTED, NewPassword, Password
from bukhindor.domain.session import Session, SessionPolicy
from bukhindor.domain.tokens import TokenPair
from bukhindor.domain.user import Name, Role, Status, User
from bukhindor.web.api.patterns import SAFE_TEXT, SAFE_TEXT_NOT_BLANK

_AN_ID = "01890a5d-ac96-774b-bcce-b302099a8057"
_A_TIME = "2026-01-31T12:00:00Z"

UserId = Annotated[UUID, Meta(examples=[_AN_ID])]
Time = Annotated[datetime, Meta(tz=True, examples=[_A_TIME], description="ISO 8601, UTC")]


# The limits are for readers and generators of clients: the domain types check them.
_password = {"format": "password", "minLength": 1, "maxLength": 128, "pattern": SAFE_TEXT}
EmailField = Annotated[
    EmailAddress, Meta(extra_json_schema={"format": "email", "maxLength": 254}, examples=["anna@example.com"])
]
NameField = Annotated[
    Name,
    Meta(extra_json_schema={"minLength": 1, "maxLength": 100, "pattern": SAFE_TEXT_NOT_BLANK}, examples=["Anna"]),
]
PasswordField = Annotated[
    Password,
    Meta(
        extra_json_schema={"format": "password", "minLength": 1, "maxLength": MAX_PRESENTED},
        examples=["violet-otter-41"],
    ),
]
NewPasswordField = Annotated[
    NewPassword, Meta(extra_json_schema=_password | {"minLength": 8}, examples=["violet-otter-41"])
]

LanguageField = Annotated[
    LanguageTag,
    Meta(
        extra_json_schema={"maxLength": MAX_TAG, "pattern": f"^{TAG_PATTERN}$"},
        description="A language tag (BCP 47)",
        examples=["pt-BR"],
    ),
]
LanguageChoiceField = Annotated[
    LanguageChoice,
    Meta(
        extra_json_schema={"maxLength": MAX_TAG, "pattern": f"^(?:{TAG_PATTERN})?$"},
        description="A language tag (BCP 47); an empty text makes the language unknown again",
        examples=["pt-BR"],
    ),
]
_METADATA = f"A JSON object of at most {MAX_BYTES} bytes and {MAX_LEVELS} levels"
MetadataField = Annotated[
    MetadataPatch,
    Meta(
        description=f"Merged into what is kept (RFC 7396): null removes a key, other keys stay. {_METADATA}",
        examples=[{"theme": "dark", "font": None}],
    ),
]
MetadataShape = Annotated[
    msgspec.Raw, Meta(extra_json_schema={"type": "object"}, description=_METADATA, examples=[{"theme": "dark"}])
]


class UserShape(msgspec.Struct, frozen=True):
    """One account. `is_active` means that `status` is active.

    A guest has no address: `email` ends in `@guest.invalid`, and nothing is mailed there. An account whose only way in
    is a passkey may have none either.

    Mails to the person are written in `language`; null means unknown. The person writes `metadata`, administrators
    write `app_metadata`. Only administrators see `status_reason`, `status_until` and `locked_at`.
    """

    id: UserId
    email: Annotated[str, Meta(examples=["anna@example.com"])]
    name: Annotated[str, Meta(min_length=1, examples=["Anna"])]
    is_active: bool
    role: Role
    status: Status
    email_verified: bool
    created_at: Time
    updated_at: Time
    last_login_at: Time | None
    language: Annotated[str | None, Meta(description="A language tag (BCP 47)", examples=["pt-BR"])]
    metadata: MetadataShape
    app_metadata: MetadataShape
    is_guest: Annotated[bool, Meta(description="Whether the account has no way in but its sessions")]
    status_reason: Annotated[str | None, Meta(description="Why the account is not active")] | UnsetType = UNSET
    status_until: Annotated[Time | None, Meta(description="When the status ends by itself")] | UnsetType = UNSET
    locked_at: (
        Annotated[Time | None, Meta(description="When the person locked the account; a new password unlocks it")]
        | UnsetType
    ) = UNSET

    @classmethod
    def of(cls, user: User, now: datetime, *, for_admin: bool) -> "UserShape":
        status = user.status_at(now)
        limits = (*user.limits_at(now), user.locked_at) if for_admin else (UNSET, UNSET, UNSET)
        return cls(
            user.id,
            user.email.shown,
            user.name,
            status is Status.ACTIVE,
            user.role,
            status,
            user.email_verified,
            user.created_at,
            user.updated_at,
            user.last_login_at,
            None if user.language is None else user.language.value,
            msgspec.Raw(user.metadata.text),
            msgspec.Raw(user.app_metadata.text),
            user.is_guest,
            *limits,
        )


DEVICE_PROOF = (
    "Keep it beyond the session and send it as the header X-Device-Proof when the account signs in again. Strangers "
    "who guess passwords then can't use up the attempts of this client"
)


REFRESH_TOKEN = (
    "Opaque; exchange it when the access token has expired. Empty when it travels in a cookie, for which the request "
    "asks with `X-Token-Transport: cookie`"
)


class TokensShape(msgspec.Struct, frozen=True):
    """The tokens of a session; lifetimes in seconds from now, so that the client needs no correct clock."""

    access_token: Annotated[
        str, Meta(examples=["eyJhbGciOiJFUzI1NiIs…"], description="A JWT for the header Authorization")
    ]
    refresh_token: Annotated[str, Meta(examples=["bkr_…"], description=REFRESH_TOKEN)]
    expires_in: Annotated[int, Meta(ge=0, examples=[900])]
    refresh_expires_in: Annotated[int, Meta(ge=0, examples=[2592000])]
    token_type: Annotated[str, Meta(examples=["Bearer"])]
    device_proof: Annotated[str, Meta(examples=["bkd_…"], description=DEVICE_PROOF)]

    @classmethod
    def of(cls, tokens: TokenPair) -> "TokensShape":
        return cls(
            tokens.access_token,
            tokens.refresh_token,
            tokens.expires_in,
            tokens.refresh_expires_in,
            "Bearer",
            tokens.device_proof,
        )


GuestToken = Annotated[
    str,
    Meta(
        description="The access token of a guest, who is merged into the account: see `merged_from`",
        examples=["eyJhbGciOiJFUzI1NiIs…"],
    ),
]


class SignInResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """The tokens are under `user`, where clients look for them. `merged_from` is the id that a merged guest had."""

    message: Annotated[str, Meta(examples=["Signed in."])]
    user: TokensShape
    merged_from: UserId | UnsetType = UNSET

    @classmethod
    def of(cls, tokens: TokenPair) -> "SignInResult":
        merged_from = UNSET if tokens.merged_from is None else tokens.merged_from
        return cls("Signed in.", TokensShape.of(tokens), merged_from)


class SessionShape(msgspec.Struct, frozen=True):
    """One signed-in device. `current` marks the session of this request."""

    id: UserId
    current: bool
    device_id: str | None
    app_type: AppType | None
    app_version: str | None
    device_name: Annotated[str | None, Meta(examples=["Firefox on Windows"])]
    ip: str
    user_agent: str
    created_at: Time
    last_seen_at: Time
    expires_at: Time

    @classmethod
    def of(cls, session: Session, owner: User, policy: SessionPolicy, current: UUID | None) -> "SessionShape":
        device = session.device
        return cls(
            session.id,
            session.id == current,
            device.device_id,
            device.app_type,
            device.app_version,
            device.name,
            device.ip,
            device.user_agent,
            session.created_at,
            session.last_seen_at,
            session.ends_at(policy, owner.role),
        )


class SessionList(msgspec.Struct, frozen=True):
    sessions: list[SessionShape]


class AuditEventShape(msgspec.Struct, frozen=True):
    """One event: `actor_id` acted on `subject_id`; null for a client that is not signed in, or no account. Either may
    be a service key.
    """

    id: UserId
    at: Time
    type: AuditType
    actor_id: UUID | None
    subject_id: UUID | None
    session_id: UUID | None
    ip: str
    user_agent: str
    device_id: str | None
    request_id: str
    details: dict[str, str]
    attempts: Annotated[int, Meta(ge=1, description="How many attempts the event stands for")]

    @classmethod
    def of(cls, event: AuditEvent) -> "AuditEventShape":
        origin = event.origin
        return cls(
            event.id,
            event.at,
            event.type,
            event.actor_id,
            event.subject_id,
            event.session_id,
            origin.ip,
            origin.user_agent,
            origin.device_id,
            origin.request_id,
            dict(event.details),
            event.attempts,
        )


class Message(msgspec.Struct, frozen=True):
    """A sentence for people."""

    message: str


class RevocationResult(msgspec.Struct, frozen=True):
    message: str
    revoked: Annotated[int, Meta(ge=0, description="How many sessions ended")]
