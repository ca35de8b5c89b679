"""Transactions and read scopes: each use case names the repositories that it needs in them, and reaches no other."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVar

Stored_co = TypeVar("Stored_co", covariant=True)
Writing_co = TypeVar("Writing_co", covariant=True)


class Transaction(Protocol):
    async def commit(self) -> None:
        """Return once everything written is safe from power loss, and so is what this transaction has read.

        Once, and last: nothing may be read or written in this transaction afterwards.
        """


class Reads(Protocol[Stored_co]):
    """The store, for what is read. Scopes are not nested, and nothing slow is awaited inside one."""

    def read(self) -> AbstractAsyncContextManager[Stored_co]:
        """Short reads of committed data, each on its own."""

    def scan(self) -> AbstractAsyncContextManager[Stored_co]:
        """Reads that may take long, kept apart from those of other requests."""


class Writes(Protocol[Writing_co]):
    """The store, for what is written; the same rules for scopes."""

    def begin(self) -> AbstractAsyncContextManager[Writing_co]:
        """Begin a writing transaction: other transactions can't change what it has read until it ends.

        Leaving the scope without a commit undoes what was written. The response may depend on data that other
        transactions wrote and that is not safe from power loss yet. So leaving normally or by a refusal waits until
        that data is safe, and raises StoreUnavailable when it was lost. Any other error and a cancellation leave at
        once.
        """


class Transactions(Reads[Stored_co], Writes[Writing_co], Protocol[Stored_co, Writing_co]):
    """The store, for what is read and written."""


class Readiness(Protocol):
    async def has_right_schema(self) -> bool:
        """Whether the store responds in time, takes writes, and has a schema that this program can work on.

        Raises StoreUnavailable when it does not respond, or takes no writes.
        """
