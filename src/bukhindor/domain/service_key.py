"""Service keys: with one, another service of the operator calls this one."""

import re
import string
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Self
from uuid import UUID
from zlib import crc32

from bukhindor.domain.errors import InvalidValue

PREFIX = "bk_"

_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
# 43 characters of 62 kinds hold 256 bits; 6 hold the 32 bits of the checksum.
_SECRET_LENGTH, _CHECKSUM_LENGTH = 43, 6
_FORM = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_SECRET_LENGTH + _CHECKSUM_LENGTH}}}")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?")
_USE_RESOLUTION = timedelta(hours=1)


class Scope(StrEnum):
    """What a service key is for: each word opens the endpoints that name it. Administrators may do all of it."""

    USERS_READ = "users:read"
    USERS_WRITE = "users:write"
    SESSIONS_READ = "sessions:read"
    SESSIONS_REVOKE = "sessions:revoke"
    AUDIT_READ = "audit:read"
    TOKENS_INTROSPECT = "tokens:introspect"

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Raises InvalidValue for a word that opens no endpoint."""
        try:
            return cls(raw)
        except ValueError:
            message = f"No endpoint has this scope; there are {', '.join(cls)}."
            raise InvalidValue(cls, message, "unknown_scope") from None


class ServiceKeyName(str):
    """The name of a service: lower-case letters, digits, `.`, `_` and `-`, at most 63 of them.

    So a name is the same in a form, a header and an address.
    """

    __slots__ = ()

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Raises InvalidValue for any other text."""
        if not _NAME.fullmatch(raw):
            message = "A name has 1 to 63 lower-case letters, digits and . _ - between them."
            raise InvalidValue(cls, message, "invalid_name")
        return cls(raw)


class ServiceKeySecret:
    """The key itself: `bk_`, 256 random bits and a checksum, in letters and digits. The program prints it only once.

    By the checksum the server refuses a mistyped key, or a text that only looks like one, without the database.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    @classmethod
    def of(cls, seed: bytes) -> Self:
        """The key of 32 random bytes."""
        secret = _in_digits(int.from_bytes(seed), _SECRET_LENGTH)
        return cls(PREFIX + secret + _checksum(secret))

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The key that a client presents; None for a text that can't be one."""
        if not _FORM.fullmatch(text):
            return None
        secret, checksum = text[len(PREFIX) : -_CHECKSUM_LENGTH], text[-_CHECKSUM_LENGTH:]
        return cls(text) if checksum == _checksum(secret) else None

    @property
    def digest(self) -> bytes:
        """What is stored of the key. It is as hard to guess as the key, so that no slow hash is needed."""
        return sha256(self._text.encode("ascii")).digest()

    def reveal(self) -> str:
        """The key itself, for the person who creates it."""
        return self._text

    def __repr__(self) -> str:
        return "ServiceKeySecret(***)"


@dataclass(frozen=True, slots=True)
class ServiceKey:
    """A stored key. `created_by` is the administrator's id, None for the command line. Without `expires_at` it is valid
    until it is revoked.
    """

    id: UUID
    name: str
    digest: bytes = field(repr=False)
    scopes: frozenset[Scope]
    created_at: datetime
    created_by: UUID | None = None
    expires_at: datetime | None = None
    last_used_at: datetime | None = None

    def has_expired_at(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    def used(self, now: datetime) -> Self:
        """The key after a use; the very same object when nothing changes.

        `last_used_at` moves in steps of an hour, so that a request does not cause a write.
        """
        if self.last_used_at is not None and now - self.last_used_at < _USE_RESOLUTION:
            return self
        return replace(self, last_used_at=now)


def in_order(scopes: Iterable[Scope]) -> list[Scope]:
    """Scopes in the order of their definition."""
    return [scope for scope in Scope if scope in frozenset(scopes)]


def _checksum(secret: str) -> str:
    return _in_digits(crc32(secret.encode("ascii")), _CHECKSUM_LENGTH)


def _in_digits(number: int, length: int) -> str:
    text = ""
    for _ in range(length):
        number, digit = divmod(number, len(_DIGITS))
        text = _DIGITS[digit] + text
    return text
