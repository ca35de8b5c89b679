"""Hashes, tokens and seals."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Protocol
from uuid import UUID

from bukhindor.domain.one_time_token import OneTimeSecret, Purpose
from bukhindor.domain.password import Password
from bukhindor.domain.session import Session
from bukhindor.domain.tokens import AccessClaims, RefreshTicket

NO_CUSTOM_CLAIMS: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PasswordVerdict:
    """`outdated` means that the stored hash is weaker than what is made today; only set on a match."""

    matches: bool
    outdated: bool = False


@dataclass(frozen=True, slots=True)
class Requester:
    """The requester of a hash: the client's network, and the account of the password.

    Networks take turns, and within a network its accounts do: a flood from one network delays that network only.
    """

    network: str
    account: str


class PasswordHasher(Protocol):
    """Computes slow hashes in a bounded pool of its own. Both methods raise TooBusy when the requester's share of the
    queue is used up, or the queue is full."""

    async def hash(self, password: Password, requester: Requester) -> str:
        """Return a new salted argon2id hash in PHC form."""

    async def verify(self, password: Password, stored: str | None, requester: Requester) -> PasswordVerdict:
        """Compare with a stored hash. No hash, or an unreadable one, takes the same time and never matches."""


class OneTimeSecrets(Protocol):
    """Secrets for mails, and their only stored forms."""

    def make(self) -> OneTimeSecret:
        """Make a token of at least 128 random bits and a code of eight digits."""

    def make_token(self) -> str:
        """Make a token alone, for a link without a code."""

    def hash_token(self, token: str) -> bytes:
        """Return a digest to find the token by."""

    def hash_code(self, code: str, user_id: UUID, purpose: Purpose) -> bytes:
        """Return a digest under the server's secret: a code is too short to be safe under a plain one."""


class Seal(Protocol):
    """Encryption under the server's secret, for what must be stored and read again."""

    def close(self, content: bytes, context: str) -> bytes:
        """Seal the content, so that it opens for the same context only."""

    def open(self, sealed: bytes, context: str) -> bytes | None:
        """Return the content; None when this server did not seal it, or it was changed."""


class AccessTokens(Protocol):
    """Signed access tokens under a ring of keys."""

    def can_sign(self) -> bool:
        """Whether the ring has a key to sign with."""

    def issue(self, claims: AccessClaims, custom: Mapping[str, Any] = NO_CUSTOM_CLAIMS) -> str:
        """Return a signed compact JWT with the custom claims beside ours. Calling this while `can_sign()` is False is a
        programming error.
        """

    def knows_key_of(self, token: str) -> bool:
        """Whether the token names a key of the ring; False may mean that the ring is outdated."""

    def read(self, token: str, now: datetime) -> AccessClaims | None:
        """Return the claims of a token that this server signed for itself and that is valid at `now`; None for anything
        else.
        """

    def read_at_any_age(self, token: str) -> AccessClaims | None:
        """Return the claims of a token that this server signed for itself, even if it has expired."""


class DeviceProofs(Protocol):
    """Proofs that a client was signed in to an account before. They are signed, and not stored."""

    def issue(self, user_id: UUID, device: UUID, now: datetime) -> str:
        """Issue a proof for one account and device. The device's id only distinguishes it from others, and is never
        shown.
        """

    def device_of(self, proof: str, user_id: UUID, now: datetime) -> str | None:
        """Return the device of a proof that this server issued for this account less than a year ago; None for any
        other text.
        """

    def is_named(self, name: str, device: UUID) -> bool:
        """Whether `device_of` returns this name for proofs that were issued to the device."""


class RefreshTokens(Protocol):
    """Opaque refresh tokens, derived from a session, its generation and the server's secret; not stored."""

    def derive(self, session: Session) -> str:
        """Return the token of the session's newest generation, always the same one."""

    def read(self, token: str) -> Iterable[RefreshTicket]:
        """Return the possible contents of the token, one for each secret in use; empty for another form."""

    def is_genuine(self, ticket: RefreshTicket, session: Session) -> bool:
        """Whether this server derived this ticket for this session."""
