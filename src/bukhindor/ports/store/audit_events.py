"""How the core writes and reads the audit log."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from bukhindor.domain.audit import AuditEvent, AuditQuery


class AuditEvents(Protocol):
    async def add(self, event: AuditEvent) -> None:
        """Store an event until the retention ends."""

    async def count(self, event: AuditEvent) -> None:
        """Store an event, or add one to the attempts of the event with the same id."""

    async def page(self, query: AuditQuery) -> list[AuditEvent]:
        """Return the newest first, at most `query.limit`."""

    async def forget(self, user_id: UUID) -> None:
        """Remove address, device and details from the events of a user; its id stays as a pseudonym. What is too much
        for one transaction is left to `forget_more`.
        """

    async def forget_more(self) -> int:
        """Continue what `forget` has left, not too much at once; 0 when nothing is left."""

    async def remove_before(self, moment: datetime) -> int:
        """Remove a limited number at once. Returns how many, 0 when none is left."""


class HasAuditEvents(Protocol):
    @property
    def audit_events(self) -> AuditEvents:
        """The audit log."""
