"""A store in memory with real transactions: each works on a copy, and its commit replaces what was there."""

import asyncio
from datetime import datetime
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar
from uuid import UUID

from bukhindor.domain.audit import AuditEvent
from bukhindor.domain.errors import BukhindorError, StoreUnavailable, Unavailable
from bukhindor.domain.factor import Factor
from bukhindor.domain.identity import Identity
from bukhindor.domain.invitation import Invitation
from bukhindor.domain.mail import QueuedMail
from bukhindor.domain.one_time_token import LockdownLink, OneTimeToken, Purpose
from bukhindor.domain.passkey import Passkey
from bukhindor.domain.service_key import ServiceKey
from bukhindor.domain.session import Session
from bukhindor.domain.signing_key import SigningKey
from bukhindor.domain.user import User
from bukhindor.domain.withdrawal import Withdrawal
from tests.fakes.audit_events import FakeAuditEvents
from tests.fakes.factors import FakeFactors
from tests.fakes.familiar_networks import FakeFamiliarNetworks
from tests.fakes.guests import FakeGuests
from tests.fakes.identities import FakeIdentities
from tests.fakes.invitations import FakeInvitations
from tests.fakes.kept_responses import FakeKeptResponses, Kept
from tests.fakes.lockdown_links import FakeLockdownLinks
from tests.fakes.one_time_tokens import FakeOneTimeTokens
from tests.fakes.outbox import FakeOutbox
from tests.fakes.passkeys import FakePasskeys
from tests.fakes.recovery_codes import FakeRecoveryCodes
from tests.fakes.service_keys import FakeServiceKeys
from tests.fakes.sessions import FakeSessions
from tests.fakes.signing_keys import FakeSigningKeys
from tests.fakes.user_listing import FakeUserListing
from tests.fakes.users import FakeUsers
from tests.fakes.withdrawals import FakeWithdrawals

K = TypeVar("K")
V = TypeVar("V")


class _Tables(NamedTuple):
    users: dict[UUID, User]
    sessions: dict[UUID, Session]
    keys: dict[str, SigningKey]
    one_time_tokens: dict[tuple[UUID, Purpose], OneTimeToken]
    familiar_networks: dict[tuple[UUID, str], datetime]
    outbox: dict[UUID, QueuedMail]
    kept_responses: dict[bytes, Kept]
    service_keys: dict[UUID, ServiceKey]
    factors: dict[UUID, Factor]
    recovery_codes: dict[tuple[UUID, bytes], bool]
    invitations: dict[UUID, Invitation]
    lockdown_links: dict[bytes, LockdownLink]
    passkeys: dict[UUID, Passkey]
    used_challenges: dict[bytes, datetime]
    identities: dict[UUID, Identity]
    identity_sessions: dict[UUID, UUID]
    used_id_tokens: dict[bytes, datetime]
    stopped_addresses: dict[str, bool]
    withdrawals: dict[UUID, Withdrawal]
    audit_events: dict[UUID, AuditEvent]

    def copy(self) -> "_Tables":
        return _Tables._make(dict(table) for table in self)

    def read_only(self) -> "_Tables":
        return _Tables._make(_ReadOnly(table) for table in self)


class _ReadOnly(dict[K, V]):
    def _refuse(self, *_: Any) -> Any:
        message = "Nothing can be written outside of begin()."
        raise TypeError(message)

    __setitem__ = __delitem__ = pop = _refuse


class _Scope:
    """The repositories over whatever `_tables` returns at that moment."""

    @property
    def users(self) -> FakeUsers:
        tables = self._tables()
        return FakeUsers(
            tables.users,
            tables.sessions,
            tables.one_time_tokens,
            tables.familiar_networks,
            tables.factors,
            tables.recovery_codes,
            tables.passkeys,
            tables.identities,
        )

    @property
    def user_listing(self) -> FakeUserListing:
        return FakeUserListing(self._tables().users)

    @property
    def sessions(self) -> FakeSessions:
        tables = self._tables()
        return FakeSessions(tables.users, tables.sessions)

    @property
    def guests(self) -> FakeGuests:
        tables = self._tables()
        return FakeGuests(tables.users, tables.sessions)

    @property
    def signing_keys(self) -> FakeSigningKeys:
        return FakeSigningKeys(self._tables().keys)

    @property
    def service_keys(self) -> FakeServiceKeys:
        return FakeServiceKeys(self._tables().service_keys)

    @property
    def factors(self) -> FakeFactors:
        return FakeFactors(self._tables().factors)

    @property
    def recovery_codes(self) -> FakeRecoveryCodes:
        return FakeRecoveryCodes(self._tables().recovery_codes)

    @property
    def invitations(self) -> FakeInvitations:
        return FakeInvitations(self._tables().invitations)

    @property
    def lockdown_links(self) -> FakeLockdownLinks:
        tables = self._tables()
        return FakeLockdownLinks(tables.users, tables.lockdown_links)

    @property
    def passkeys(self) -> FakePasskeys:
        tables = self._tables()
        return FakePasskeys(tables.passkeys, tables.used_challenges)

    @property
    def identities(self) -> FakeIdentities:
        tables = self._tables()
        return FakeIdentities(
            tables.users,
            tables.identities,
            tables.identity_sessions,
            tables.used_id_tokens,
            tables.sessions,
            tables.stopped_addresses,
        )

    @property
    def withdrawals(self) -> FakeWithdrawals:
        return FakeWithdrawals(self._tables().withdrawals)

    @property
    def one_time_tokens(self) -> FakeOneTimeTokens:
        tables = self._tables()
        return FakeOneTimeTokens(tables.users, tables.one_time_tokens)

    @property
    def familiar_networks(self) -> FakeFamiliarNetworks:
        return FakeFamiliarNetworks(self._tables().familiar_networks)

    @property
    def outbox(self) -> FakeOutbox:
        return FakeOutbox(self._tables().outbox)

    @property
    def kept_responses(self) -> FakeKeptResponses:
        return FakeKeptResponses(self._tables().kept_responses)

    @property
    def audit_events(self) -> FakeAuditEvents:
        return FakeAuditEvents(self._tables().audit_events)

    def _tables(self) -> _Tables:
        raise AssertionError


class FakeTransactions(_Scope):
    """Its own `users`, `sessions` and so on show and change what is committed: tests arrange and look there.

    `commits` counts. `fail_next_commit` makes the next commit fail, or the next leaving that waits for what was read.
    `is_down` makes everything fail that begins.
    """

    def __init__(self) -> None:
        self.commits = 0
        self.fail_next_commit = False
        self.is_down = False
        self.has_schema = True
        self.committed = _Tables(*({} for _ in _Tables._fields))
        self.turn = asyncio.Lock()

    def begin(self) -> "_Transaction":
        return _Transaction(self)

    def read(self) -> "_Reading":
        return _Reading(self)

    def scan(self) -> "_Reading":
        return _Reading(self)

    async def has_right_schema(self) -> bool:
        if self.is_down:
            raise StoreUnavailable
        return self.has_schema

    def _tables(self) -> _Tables:
        return self.committed


class _Reading(_Scope):
    def __init__(self, store: FakeTransactions) -> None:
        self._store = store

    async def __aenter__(self) -> Self:
        await self._store.has_right_schema()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is open between two reads."""

    def _tables(self) -> _Tables:
        return self._store.committed.read_only()


class _Transaction(_Scope):
    def __init__(self, store: FakeTransactions) -> None:
        self._store = store
        self._copy: _Tables | None = None

    async def __aenter__(self) -> Self:
        await self._store.has_right_schema()
        await self._store.turn.acquire()
        self._copy = self._store.committed.copy()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        is_refusal = isinstance(error, BukhindorError) and not isinstance(error, Unavailable)
        waits = self._copy is not None and (error is None or is_refusal)
        self._copy = None
        self._store.turn.release()
        if waits:
            self._reach_the_disk()

    async def commit(self) -> None:
        tables = self._tables()
        self._copy = None
        self._reach_the_disk()
        self._store.committed = tables
        self._store.commits += 1

    def _reach_the_disk(self) -> None:
        if self._store.fail_next_commit:
            self._store.fail_next_commit = False
            raise StoreUnavailable

    def _tables(self) -> _Tables:
        if self._copy is None:
            message = "A transaction can't be used after its commit."
            raise RuntimeError(message)
        return self._copy
