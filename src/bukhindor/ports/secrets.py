"""Hashes, tokens and keys."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from bukhindor.domain.one_time_token import OneTimeSecret, Purpose
from bukhindor.domain.password import Password
from bukhindor.domain.session import Session
from bukhindor.domain.signing_key import SigningKey
from bukhindor.domain.tokens import AccessClaims, RefreshTicket


@dataclass(frozen=True, slots=True)
class PasswordVerdict:
    """`outdated` says that the stored hash is weaker than what is made today; only set on a match."""

    matches: bool
    outdated: bool = False


@dataclass(frozen=True, slots=True)
class Requester:
    """The requester of a hash: the client's network, and the account that the password is for.

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
        """Compare with a stored hash; no hash, or one that can't be read, takes the same time and never matches."""


class OneTimeSecrets(Protocol):
    """Secrets that go out by mail, and the only forms of them that are kept."""

    def make(self) -> OneTimeSecret:
        """A new token of at least 128 random bits and a code of eight digits."""

    def hash_token(self, token: str) -> bytes:
        """A digest to find the token by."""

    def hash_code(self, code: str, user_id: UUID, purpose: Purpose) -> bytes:
        """A digest under the server's secret: a code is too short to be safe under a plain one."""


class Seal(Protocol):
    """Encryption under the server's secret, for what must be kept and read again."""

    def close(self, content: bytes, context: str) -> bytes:
        """Sealed content that opens for the same context only."""

    def open(self, sealed: bytes, context: str) -> bytes | None:
        """The content; None when it is not ours, or was changed."""


class AccessTokens(Protocol):
    """Signed access tokens under a ring of keys that the caller provides."""

    def use(self, keys: Sequence[SigningKey]) -> None:
        """Replace the ring: the newest key that is not retired and can be unsealed signs, all of them verify."""

    def can_sign(self) -> bool:
        """Whether the ring has a key to sign with."""

    def issue(self, claims: AccessClaims) -> str:
        """A signed compact JWT. Asking while `can_sign()` is False is a mistake of the program."""

    def knows_key_of(self, token: str) -> bool:
        """Whether the token names a key of the ring; False may mean that the ring is old."""

    def read(self, token: str, now: datetime) -> AccessClaims | None:
        """The claims of a token that we signed for us and that lives at `now`; None for anything else."""


class DeviceProofs(Protocol):
    """Proofs that a client was signed in to an account before. They are signed, and stored nowhere."""

    def issue(self, user_id: UUID, device: UUID, now: datetime) -> str:
        """A proof for one account and device. The id of the device is only told apart from others, never shown."""

    def device_of(self, proof: str, user_id: UUID, now: datetime) -> str | None:
        """The device of a proof that this server issued for this account, less than a year ago; None for any other
        text."""


class SigningKeyMaker(Protocol):
    def make(self, now: datetime) -> SigningKey:
        """A new key pair, its private part sealed under the server's first secret."""


class RefreshTokens(Protocol):
    """Opaque refresh tokens, derived from a session, its generation and the server's secret; stored nowhere."""

    def derive(self, session: Session) -> str:
        """The token of the session's newest generation: the same one whenever it is asked for."""

    def read(self, token: str) -> Iterable[RefreshTicket]:
        """What the token may say, one reading for each secret in use; empty when it has not our form."""

    def is_genuine(self, ticket: RefreshTicket, session: Session) -> bool:
        """Whether we derived this ticket for this session."""
