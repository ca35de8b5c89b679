"""Writing down what happens, in the words of the audit."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bukhindor.domain.audit import AuditEvent, AuditType, counted_event_id
from bukhindor.domain.caller import Actor
from bukhindor.domain.origin import Origin
from bukhindor.ports import Identifiers


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditTrail:
    """Makes events; whoever changes something adds the event in the same transaction."""

    identifiers: Identifiers

    def by(
        self, actor: Actor, type: AuditType, now: datetime, subject_id: UUID | None = None, /, **details: str
    ) -> AuditEvent:
        """What a signed-in person or the operator did, to itself unless `subject_id` says otherwise."""
        return AuditEvent(
            self.identifiers.event_id(),
            now,
            type,
            actor.actor_id,
            subject_id or actor.actor_id,
            actor.session_id,
            actor.origin,
            details,
        )

    def by_stranger(
        self, origin: Origin, type: AuditType, now: datetime, subject_id: UUID | None = None, /, **details: str
    ) -> AuditEvent:
        """What somebody did who was not signed in."""
        return AuditEvent(self.identifiers.event_id(), now, type, None, subject_id, None, origin, details)

    def counted(self, origin: Origin, type: AuditType, now: datetime, /, **details: str) -> AuditEvent:
        """One of many attempts that concern no account: counted by network and minute, not stored one by one."""
        event_id = counted_event_id(type, origin.network, details, now)
        place = Origin(origin.network, request_id=origin.request_id)
        return AuditEvent(event_id, now, type, None, None, None, place, details)
