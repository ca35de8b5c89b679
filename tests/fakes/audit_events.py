"""Events in a dictionary."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from bukhindor.domain.audit import AuditEvent, AuditQuery
from bukhindor.domain.origin import Origin


class FakeAuditEvents:
    def __init__(self, events: dict[UUID, AuditEvent]) -> None:
        self._events = events

    async def all(self) -> list[AuditEvent]:
        """For tests: every event, in the order in which they were added."""
        return list(self._events.values())

    async def add(self, event: AuditEvent) -> None:
        kept = event.origin
        origin = Origin(kept.ip, kept.user_agent, kept.device_id, kept.request_id)
        self._events[event.id] = replace(event, origin=origin, details=dict(event.details))

    async def count(self, event: AuditEvent) -> None:
        kept = self._events.get(event.id)
        if kept is None:
            await self.add(event)
        else:
            self._events[event.id] = replace(kept, attempts=kept.attempts + 1)

    async def page(self, query: AuditQuery) -> list[AuditEvent]:
        matching = [event for event in self._events.values() if _matches(event, query)]
        matching.sort(key=lambda event: (event.at, event.id), reverse=True)
        return matching[: query.limit]

    async def forget(self, user_id: UUID) -> None:
        for event in list(self._events.values()):
            if event.actor_id == user_id or (event.actor_id is None and event.subject_id == user_id):
                origin = Origin(request_id=event.origin.request_id)
                self._events[event.id] = replace(event, origin=origin)
            if event.subject_id == user_id:
                self._events[event.id] = replace(self._events[event.id], details={})

    async def forget_more(self) -> int:
        return 0

    async def remove_before(self, moment: datetime) -> int:
        old = [event for event in self._events.values() if event.at < moment]
        for event in old:
            del self._events[event.id]
        return len(old)


def _matches(event: AuditEvent, query: AuditQuery) -> bool:
    return (
        query.actor_id in (None, event.actor_id)
        and query.subject_id in (None, event.subject_id)
        and query.type in (None, event.type)
        and (query.since is None or event.at >= query.since)
        and (query.until is None or event.at < query.until)
        and (query.before is None or (event.at, event.id) < query.before)
    )
