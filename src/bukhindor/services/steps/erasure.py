"""Removing an account from the store, for every reason."""

from typing import Protocol
from uuid import UUID

from bukhindor.domain.audit import AuditEvent
from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.outbox import HasOutbox
from bukhindor.ports.store.users import HasUsers


class Removable(Protocol):
    """What is removed without a look at it."""

    async def remove_of_user(self, user_id: UUID) -> None:
        """Remove all of a user."""


class ErasureStore(HasUsers, HasOutbox, HasAuditEvents, Protocol):
    """What the removal of an account needs from the store."""

    @property
    def kept_responses(self) -> Removable:
        """Responses that are kept for requests that are sent twice."""


async def erase(tx: ErasureStore, user_id: UUID, deleted: AuditEvent) -> None:
    """Remove an account in `tx` with everything personal, and record it. The audit keeps what happened, and the id.

    A last mail comes after this: those that wait are removed.
    """
    await tx.users.remove(user_id)
    await tx.outbox.remove_of_user(user_id)
    await tx.kept_responses.remove_of_user(user_id)
    await tx.audit_events.add(deleted)
    await tx.audit_events.forget(user_id)
