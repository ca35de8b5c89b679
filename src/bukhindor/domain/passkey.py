"""Passkeys: the credentials of WebAuthn Level 3 with which people sign in without a password."""

import re
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self
from uuid import UUID

from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.text import has_unsafe_characters

MAX_PASSKEYS = 20
MAX_NAME = 60
MAX_CREDENTIAL_ID = 1023
"""Bytes (WebAuthn Level 3, section 4, "credential ID")."""

CHALLENGE_LIFE = timedelta(minutes=5)

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_TRANSPORT = re.compile(r"[a-z][a-z-]{0,31}")
_MAX_TRANSPORTS = 8


class PasskeyName(str):
    """The trimmed name that a person gives a passkey, at most 60 characters."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Raises InvalidValue when it is empty, longer than 60 characters or holds control characters."""
        text = raw.strip()
        if not text:
            raise InvalidValue(cls, "This can't be empty.", "required")
        if len(text) > MAX_NAME:
            raise InvalidValue(cls, f"This must have at most {MAX_NAME} characters.", "too_long")
        if has_unsafe_characters(text):
            raise InvalidValue(cls, "This can't contain control characters.", "invalid_characters")
        return cls(text)


MAX_ENCODED = 16_384
"""Characters of one encoded part of a credential. Authenticators send some hundred, or thousand with an attestation."""


class Base64Url(bytes):
    """Bytes that travel as base64url without padding (RFC 4648 section 5)."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Raises InvalidValue for another text, and for one that no authenticator would send."""
        if len(raw) > MAX_ENCODED:
            raise InvalidValue(cls, f"This must have at most {MAX_ENCODED} characters.", "too_long")
        if not _BASE64URL.fullmatch(raw) or len(raw) % 4 == 1:
            raise InvalidValue(cls, "This is not base64url without padding.", "invalid_base64url")
        return cls(urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))


class Ceremony(StrEnum):
    """What a challenge is for: to make a passkey, or to prove that one is there."""

    CREATION = "creation"
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class PasskeyChallenge:
    """Random bytes that an authenticator signs once. `id` is what the client returns beside the signature.

    The challenge of a creation belongs to one account and names the `user_handle` of its passkeys. That of a request
    belongs to no account: the passkey says whose it is.
    """

    id: str
    value: bytes = field(repr=False)
    ceremony: Ceremony
    expires_at: datetime
    user_id: UUID | None = None
    user_handle: bytes = b""


@dataclass(frozen=True, slots=True)
class CreatedCredential:
    """What the client returns from `navigator.credentials.create()`; nothing of it is verified."""

    id: bytes
    client_data: bytes
    attestation_object: bytes
    transports: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UsedCredential:
    """What the client returns from `navigator.credentials.get()`; nothing of it is verified."""

    id: bytes
    client_data: bytes
    authenticator_data: bytes
    signature: bytes
    user_handle: bytes | None = None


@dataclass(frozen=True, slots=True)
class PresentedPasskey:
    """A use of a passkey, and the id of the challenge that it answers."""

    challenge_id: str
    credential: UsedCredential


@dataclass(frozen=True, slots=True)
class Attested:
    """What a verified creation says about the new passkey."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    is_synced: bool
    is_backed_up: bool


@dataclass(frozen=True, slots=True)
class Asserted:
    """What a verified use says about the passkey."""

    sign_count: int
    is_synced: bool
    is_backed_up: bool


@dataclass(frozen=True, slots=True)
class Passkey:
    """One passkey of an account.

    `public_key` is a COSE key (RFC 9052). `user_handle` is 32 random bytes, the same for all passkeys of an account.
    `sign_count` is the authenticator's counter of uses; it stays 0 where the passkey is on several devices. `is_synced`
    tells that the passkey may leave its device (backup eligibility), `is_backed_up` that a copy exists.
    """

    id: UUID
    user_id: UUID
    credential_id: bytes
    public_key: bytes = field(repr=False)
    user_handle: bytes = field(repr=False)
    name: str
    sign_count: int
    transports: tuple[str, ...]
    is_synced: bool
    is_backed_up: bool
    created_at: datetime
    last_used_at: datetime | None = None

    def renamed(self, name: str) -> Self:
        return replace(self, name=name)

    def is_copy(self, asserted: Asserted) -> bool:
        """Whether this use comes from a copy of the authenticator: its counter did not go forward.

        WebAuthn Level 3, section 6.1.1. Authenticators without a counter send 0 each time.
        """
        counts = asserted.sign_count > 0 or self.sign_count > 0
        return counts and asserted.sign_count <= self.sign_count

    def fits(self, user_handle: bytes | None, asserted: Asserted) -> bool:
        """Whether the rest of a use is that of this passkey: its account, and whether it may leave its device, which
        never changes (section 7.2, steps 6 and 18).
        """
        return user_handle in (None, self.user_handle) and asserted.is_synced is self.is_synced

    def used(self, asserted: Asserted, now: datetime) -> Self:
        return replace(self, sign_count=asserted.sign_count, is_backed_up=asserted.is_backed_up, last_used_at=now)


def known_transports(named: tuple[str, ...]) -> tuple[str, ...]:
    """Those transports of a client's list that look like one: a later standard may name others."""
    return tuple(dict.fromkeys(name for name in named if _TRANSPORT.fullmatch(name)))[:_MAX_TRANSPORTS]
