"""The store: repositories, and the transactions they live in.

Any method may raise StoreUnavailable, and any of a writing transaction WriteConflict: then nothing of it happened.
"""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from bukhindor.domain.audit import AuditEvent, AuditQuery
from bukhindor.domain.device import Device
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.mail import Backlog, QueuedMail
from bukhindor.domain.one_time_token import OneTimeToken, Purpose
from bukhindor.domain.session import Session, SessionPolicy
from bukhindor.domain.signing_key import SigningKey
from bukhindor.domain.user import User
from bukhindor.domain.user_listing import UserPage, UserQuery


class Users(Protocol):
    async def by_id(self, user_id: UUID) -> User | None:
        """None when there is no such user."""

    async def by_email(self, email: EmailAddress) -> User | None:
        """None when no account has the address."""

    async def by_email_with_network(self, email: EmailAddress, network: str) -> tuple[User, datetime | None] | None:
        """A user, and when the last sign-in or reset came from `network`: None for never, or longer ago than is kept.

        Costs the same whether or not an account has the address.
        """

    async def add(self, user: User) -> None:
        """Raises EmailTaken when another account has the address: then the transaction can only be left."""

    async def save(self, user: User) -> None:
        """Write all of an existing user. Raises EmailTaken as `add` does."""

    async def remove(self, user_id: UUID) -> bool:
        """Remove the user and its sessions; False when there was none."""

    async def count_active_admins(self, now: datetime) -> int:
        """How many may administer at `now`. In a writing transaction there are no fewer of them until it ends."""

    async def page(self, query: UserQuery, now: datetime) -> UserPage:
        """One page in the order asked for; empty past the end."""


class Sessions(Protocol):
    async def by_id(self, session_id: UUID) -> Session | None:
        """None when there is no such session, or no longer."""

    async def with_user(self, session_id: UUID) -> tuple[Session, User] | None:
        """A session and its owner in one read."""

    async def of_user(self, user_id: UUID) -> list[Session]:
        """The newest first."""

    async def has_device(self, user_id: UUID, device: Device) -> bool:
        """Whether one of the user's sessions is on the same device, as `Device.is_same_as` tells it."""

    async def add(self, session: Session) -> None:
        """Keep a new session of a user that exists."""

    async def save(self, session: Session) -> None:
        """Write seed, generations, confirmation, failed prompts and times; a session that has ended stays ended."""

    async def refuse_access_tokens_of(self, user_id: UUID) -> None:
        """Have every access token of the user refused that was issued until now; refresh tokens stay good."""

    async def remove(self, session_id: UUID) -> bool:
        """False when it had ended before."""

    async def remove_of_user(self, user_id: UUID, keep: UUID | None = None) -> int:
        """End all sessions of a user but `keep`; how many there were."""

    async def remove_beyond(self, user_id: UUID, newest: int) -> int:
        """End all but the `newest` sessions of a user; how many there were."""

    async def count(self) -> int:
        """How many there are, those included whose life is over and that no purge has removed yet. It takes a while."""

    async def remove_over(self, now: datetime, policy: SessionPolicy) -> int:
        """End sessions whose idle or absolute life is over, not too many at once; 0 when none is left."""


class FamiliarNetworks(Protocol):
    async def record(self, user_id: UUID, network: str, now: datetime) -> None:
        """Keep that a user signed in or was reset from a network, for as long as it stays familiar.

        The caller holds the user, so that two of them can't record the same network at once.
        """

    async def of_user(self, user_id: UUID) -> list[tuple[str, datetime]]:
        """Each network and when it was used last, the newest first."""

    async def remove_before(self, moment: datetime) -> int:
        """Not too many at once; how many, 0 when none is left."""


class SigningKeys(Protocol):
    async def all(self) -> list[SigningKey]:
        """The newest first."""

    async def add(self, key: SigningKey) -> None:
        """Keep a new key."""

    async def save(self, key: SigningKey) -> None:
        """Write the moment of retirement."""

    async def remove(self, kid: str) -> None:
        """Forget a key; nothing happens when it is gone already."""


class OneTimeTokens(Protocol):
    async def by_token_hash(self, token_hash: bytes) -> OneTimeToken | None:
        """None when no live or expired token has the digest."""

    async def of_user(self, user_id: UUID, purpose: Purpose) -> OneTimeToken | None:
        """None when nothing was asked for, or it was used."""

    async def put(self, token: OneTimeToken) -> None:
        """Keep a new token; the older one of the same user and purpose is gone."""

    async def save(self, token: OneTimeToken) -> None:
        """Write the count of failed tries."""

    async def remove_of_user(self, user_id: UUID) -> int:
        """Remove the tokens of all purposes; how many there were."""

    async def remove(self, user_id: UUID, purpose: Purpose) -> bool:
        """False when it was gone: somebody else has used it."""

    async def remove_expired(self, now: datetime) -> int:
        """Not too many at once; how many, 0 when none is left."""


class Outbox(Protocol):
    async def add(self, queued: QueuedMail) -> None:
        """Keep a mail for delivery; its content is sealed in the store."""

    async def has_due(self, now: datetime) -> bool:
        """Whether a mail waits whose time has come."""

    async def backlog(self, now: datetime) -> Backlog:
        """What lies in it."""

    async def claim(self, now: datetime, lease_until: datetime, at_most: int) -> list[QueuedMail]:
        """Take the mails that are due, the oldest first: their tries count one more, and nobody else gets them
        before `lease_until`."""

    async def save(self, queued: QueuedMail) -> None:
        """Write when it is due next, or that it was given up."""

    async def remove(self, queued_id: UUID) -> None:
        """Forget a mail that was delivered."""

    async def remove_of_user(self, user_id: UUID) -> int:
        """Forget all mails of a user; how many there were."""

    async def remove_failed(self, before: datetime) -> int:
        """Forget mails that were given up before a moment, not too many at once; 0 when none is left."""


class AuditEvents(Protocol):
    async def add(self, event: AuditEvent) -> None:
        """Keep an event for as long as events are kept."""

    async def count(self, event: AuditEvent) -> None:
        """Keep an event, or add one to the attempts of the event with the same id."""

    async def page(self, query: AuditQuery) -> list[AuditEvent]:
        """The newest first, at most `query.limit`."""

    async def forget(self, user_id: UUID) -> None:
        """Remove address, device and details from the events of a user; its id stays as a pseudonym. What is too much
        for one transaction is left to `forget_more`."""

    async def forget_more(self) -> int:
        """Go on with what `forget` has left, not too much at once; 0 when nothing is left."""

    async def remove_before(self, moment: datetime) -> int:
        """Not too many at once; how many, 0 when none is left."""


class Reading(Protocol):
    """The repositories of one scope."""

    @property
    def users(self) -> Users:
        """All accounts."""

    @property
    def sessions(self) -> Sessions:
        """All sessions that have not ended."""

    @property
    def familiar_networks(self) -> FamiliarNetworks:
        """Networks from which people signed in or were reset lately."""

    @property
    def signing_keys(self) -> SigningKeys:
        """All signing keys, retired ones too."""

    @property
    def one_time_tokens(self) -> OneTimeTokens:
        """Proofs of a mailbox that wait to be used."""

    @property
    def outbox(self) -> Outbox:
        """Mails that wait for their delivery."""

    @property
    def audit_events(self) -> AuditEvents:
        """What has happened."""


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

    async def has_right_schema(self) -> bool:
        """Whether the store answers, soon, and its schema is one that this program can work on.

        Raises StoreUnavailable when it does not answer.
        """
