"""The mailbox of a development installation: mails stay in the database instead of being sent."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from bukhindor.adapters.sql.repositories.received_mails import SqlReceivedMails
from bukhindor.domain.mail import Mail, ReceivedMail
from bukhindor.ports.system import Clock

MOST_MAILS = 200
MOST_BYTES = 8 * 1024 * 1024


class Scope(Protocol):
    @property
    def received_mails(self) -> SqlReceivedMails:
        """The mails of the mailbox."""


class WritingScope(Scope, Protocol):
    async def commit(self) -> None:
        """Return once everything written is safe from power loss."""


class MailboxStore(Protocol):
    """What the mailbox needs of the store."""

    def begin(self) -> AbstractAsyncContextManager[WritingScope]:
        """A writing transaction."""

    def scan(self) -> AbstractAsyncContextManager[Scope]:
        """Reads that may take long."""


class DatabaseMailbox:
    """Both ends of the mail: what the worker sends can be read here, by every process on the same database.

    The oldest mails go when there are more than 200 or they take more than 8 MiB, and when they are older than `life`.
    `source_of` writes the message that a mail server would receive, and raises MailNotAccepted.
    """

    def __init__(
        self, store: MailboxStore, clock: Clock, source_of: Callable[[Mail, UUID], bytes], life: timedelta
    ) -> None:
        self._store = store
        self._clock = clock
        self._source_of = source_of
        self._life = life
        # Mails that leave together are numbered in the order in which they leave.
        self._turn = asyncio.Lock()

    async def send(self, mail: Mail, id: UUID) -> None:
        source = self._source_of(mail, id).decode("ascii")
        async with self._turn, self._store.begin() as tx:
            await tx.received_mails.add(mail, source, self._clock.now())
            await tx.received_mails.remove_beyond(MOST_MAILS, MOST_BYTES)
            await tx.commit()

    async def messages(self) -> Sequence[ReceivedMail]:
        async with self._store.scan() as stored:
            return await stored.received_mails.all()

    async def message(self, number: int) -> ReceivedMail | None:
        async with self._store.scan() as stored:
            return await stored.received_mails.find(number)

    async def purge(self) -> None:
        """Remove mails that are older than their life."""
        async with self._store.begin() as tx:
            if await tx.received_mails.remove_before(self._clock.now() - self._life):
                await tx.commit()
