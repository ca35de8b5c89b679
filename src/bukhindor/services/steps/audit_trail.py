"""Events of the audit."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bukhindor.domain.audit import AuditEvent, AuditType, counted_event_id
from bukhindor.domain.caller import Actor, CallingService
from bukhindor.domain.origin import Origin
from bukhindor.domain.user import User
from bukhindor.ports.system import Identifiers

# The audit names these fields without their values.
_PROFILE = ("language", "metadata", "app_metadata")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditTrail:
    """Creates events; the use case that changes something adds the event in the same transaction."""

    identifiers: Identifiers

    def by(
        self, actor: Actor, type: AuditType, now: datetime, subject_id: UUID | None = None, /, **details: str
    ) -> AuditEvent:
        """An act of a person, the operator or a service, on their own account unless `subject_id` names another.

        The name of a service stays in the event when its key is revoked.
        """
        if isinstance(actor, CallingService):
            details["service"] = str(actor.key.name)
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

    def of_change(self, actor: Actor, before: User, after: User, now: datetime) -> Iterator[AuditEvent]:
        """The events of a change of a user."""
        for type, details in _news(before, after, now):
            yield self.by(actor, type, now, after.id, **details)

    def by_stranger(
        self, origin: Origin, type: AuditType, now: datetime, subject_id: UUID | None = None, /, **details: str
    ) -> AuditEvent:
        """An act of a client that was not signed in."""
        return AuditEvent(self.identifiers.event_id(), now, type, None, subject_id, None, origin, details)

    def counted(self, origin: Origin, type: AuditType, now: datetime, /, **details: str) -> AuditEvent:
        """One of many attempts that concern no account: counted by network and minute, not stored one by one."""
        event_id = counted_event_id(type, origin.network, details, now)
        place = Origin(origin.network, request_id=origin.request_id)
        return AuditEvent(event_id, now, type, None, None, None, place, details)


def _news(before: User, after: User, now: datetime) -> Iterator[tuple[AuditType, dict[str, str]]]:
    if before.name != after.name:
        yield AuditType.RENAMED, {}
    if before.email != after.email:
        yield AuditType.EMAIL_CHANGED, {}
    if before.role is not after.role:
        yield AuditType.ROLE_CHANGED, {"old": before.role, "new": after.role}
    status = (before.status_at(now), before.status_until, before.status_reason)
    if status != (after.status, after.status_until, after.status_reason):
        details = {"old": str(before.status_at(now)), "new": str(after.status)}
        if after.status_until is not None:
            details["until"] = after.status_until.isoformat()
        yield AuditType.STATUS_CHANGED, details
    changed = [name for name in _PROFILE if getattr(before, name) != getattr(after, name)]
    if changed:
        yield AuditType.PROFILE_CHANGED, {"fields": ", ".join(changed)}
