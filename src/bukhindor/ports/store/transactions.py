"""Transactions and read scopes, with the repositories in each of them."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from bukhindor.ports.store.audit_events import AuditEvents
from bukhindor.ports.store.familiar_networks import FamiliarNetworks
from bukhindor.ports.store.kept_responses import KeptResponses
from bukhindor.ports.store.one_time_tokens import OneTimeTokens
from bukhindor.ports.store.outbox import Outbox
from bukhindor.ports.store.service_keys import ServiceKeyStore
from bukhindor.ports.store.sessions import Sessions
from bukhindor.ports.store.signing_keys import SigningKeys
from bukhindor.ports.store.users import Users


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
        """Networks from which people recently signed in or were reset."""

    @property
    def signing_keys(self) -> SigningKeys:
        """All signing keys, retired ones too."""

    @property
    def service_keys(self) -> ServiceKeyStore:
        """All service keys that were not revoked, expired ones too."""

    @property
    def one_time_tokens(self) -> OneTimeTokens:
        """Proofs of a mailbox that have not been used yet."""

    @property
    def outbox(self) -> Outbox:
        """Mails that wait for delivery."""

    @property
    def kept_responses(self) -> KeptResponses:
        """Responses that are given again when a request is repeated."""

    @property
    def audit_events(self) -> AuditEvents:
        """The audit log."""


class Transaction(Reading, Protocol):
    async def commit(self) -> None:
        """Return once everything written is safe from power loss, and so is what this transaction has read.

        Once, and last: nothing may be read or written in this transaction afterwards.
        """


class Transactions(Protocol):
    """The store. Scopes are not nested, and nothing slow is awaited inside one."""

    def begin(self) -> AbstractAsyncContextManager[Transaction]:
        """Begin a writing transaction: other transactions can't change what it has read until it ends.

        Leaving the scope without a commit undoes what was written. The response may depend on data that other
        transactions wrote and that is not safe from power loss yet. So leaving normally or by a refusal waits until
        that data is safe, and raises StoreUnavailable when it was lost. Any other error and a cancellation leave at
        once.
        """

    def read(self) -> AbstractAsyncContextManager[Reading]:
        """Short reads of committed data, each on its own."""

    def scan(self) -> AbstractAsyncContextManager[Reading]:
        """Reads that may take long, kept apart from those of other requests."""

    async def has_right_schema(self) -> bool:
        """Whether the store responds in time, takes writes, and has a schema that this program can work on.

        Raises StoreUnavailable when it does not respond, or takes no writes.
        """
