"""Everything the core needs from outside.

Each method says what absence means. A port that talks to a store may also raise StoreUnavailable from any method.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.password import Password
from bukhindor.domain.session import Session, SessionPolicy
from bukhindor.domain.signing_key import SigningKey
from bukhindor.domain.tokens import AccessClaims, RefreshTicket
from bukhindor.domain.user import User
from bukhindor.domain.user_listing import UserPage, UserQuery


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, in UTC."""


class Identifiers(Protocol):
    """New identifiers and random bytes, from the operating system's generator."""

    def user_id(self) -> UUID:
        """A version 7 UUID (RFC 9562): ordered by time of creation."""

    def session_id(self) -> UUID:
        """A version 4 UUID: it tells nothing."""

    def token_id(self) -> str:
        """At least 128 random bits as base64url."""

    def seed(self) -> bytes:
        """32 random bytes."""


@dataclass(frozen=True, slots=True)
class PasswordVerdict:
    """`outdated` says that the stored hash is weaker than what is made today; only set on a match."""

    matches: bool
    outdated: bool = False


class PasswordHasher(Protocol):
    """Slow hashes in a bounded pool of their own. Both methods raise TooBusy when the pool's queue is full."""

    async def hash(self, password: Password) -> str:
        """A new salted argon2id hash in PHC form."""

    async def verify(self, password: Password, stored: str | None) -> PasswordVerdict:
        """Compare with a stored hash; no hash, or one that can't be read, takes the same time and never matches."""


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


class Users(Protocol):
    async def by_id(self, user_id: UUID) -> User | None:
        """None when there is no such user."""

    async def by_email(self, email: EmailAddress) -> User | None:
        """None when no account has the address."""

    async def add(self, user: User) -> None:
        """Raises EmailTaken when another account has the address."""

    async def save(self, user: User) -> None:
        """Write all of an existing user. Raises EmailTaken when another account has the address."""

    async def remove(self, user_id: UUID) -> bool:
        """Remove the user and its sessions; False when there was none."""

    async def count_active_admins(self, now: datetime) -> int:
        """How many may administer at `now`. In a writing transaction the answer stays true until it ends."""

    async def page(self, query: UserQuery, now: datetime) -> UserPage:
        """One page in the order asked for; empty past the end."""


class Sessions(Protocol):
    async def by_id(self, session_id: UUID) -> Session | None:
        """None when there is no such session, or no longer."""

    async def with_user(self, session_id: UUID) -> tuple[Session, User] | None:
        """A session and its owner in one read."""

    async def of_user(self, user_id: UUID) -> list[Session]:
        """The newest first."""

    async def add(self, session: Session) -> None:
        """Keep a new session of a user that exists."""

    async def save(self, session: Session) -> None:
        """Write seed, generation, confirmation and times; a session that has ended stays ended."""

    async def remove(self, session_id: UUID) -> bool:
        """False when it had ended before."""

    async def remove_of_user(self, user_id: UUID, keep: UUID | None = None) -> int:
        """End all sessions of a user but `keep`; how many there were."""

    async def remove_beyond(self, user_id: UUID, newest: int) -> int:
        """End all but the `newest` sessions of a user; how many there were."""

    async def remove_over(self, now: datetime, policy: SessionPolicy) -> int:
        """End every session whose idle or absolute life is over; how many there were."""


class SigningKeys(Protocol):
    async def all(self) -> list[SigningKey]:
        """The newest first."""

    async def add(self, key: SigningKey) -> None:
        """Keep a new key."""

    async def save(self, key: SigningKey) -> None:
        """Write the moment of retirement."""

    async def remove(self, kid: str) -> None:
        """Forget a key; nothing happens when it is gone already."""


class Reading(Protocol):
    """The repositories of one scope."""

    @property
    def users(self) -> Users:
        """All accounts."""

    @property
    def sessions(self) -> Sessions:
        """All sessions that have not ended."""

    @property
    def signing_keys(self) -> SigningKeys:
        """All signing keys, retired ones too."""


class Transaction(Reading, Protocol):
    async def commit(self) -> None:
        """Returns once everything written is safe from power loss. Leaving the scope without it rolls back.

        So is what others wrote and this transaction has read: an answer that rests on it needs a commit as well.
        Once, and last: nothing may be read or written in this transaction afterwards.
        """


class Transactions(Protocol):
    """The store. Scopes are not nested, and nothing slow is awaited inside of one."""

    def begin(self) -> AbstractAsyncContextManager[Transaction]:
        """A writing transaction: what it has read can't be changed by others until it ends."""

    def read(self) -> AbstractAsyncContextManager[Reading]:
        """Short reads of what is committed, each on its own."""

    def scan(self) -> AbstractAsyncContextManager[Reading]:
        """Reads that may take long, kept away from everybody else's."""

    async def check(self) -> None:
        """Raises StoreUnavailable unless the store answers and its schema is the one this program needs."""
