"""Waiting mails in a dictionary, unsealed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from bukhindor.domain.mail import Backlog, QueuedMail


class FakeOutbox:
    def __init__(self, mails: dict[UUID, QueuedMail]) -> None:
        self._mails = mails

    async def all(self) -> list[QueuedMail]:
        """For tests: every mail, the oldest first."""
        return sorted(self._mails.values(), key=lambda queued: (queued.created_at, queued.id))

    async def add(self, queued: QueuedMail) -> None:
        self._mails[queued.id] = queued

    async def has_due(self, now: datetime) -> bool:
        return bool(self._due(now))

    async def backlog(self, now: datetime) -> Backlog:
        due = [queued.due_at for queued in self._mails.values() if queued.failed_at is None]
        overdue = max(now - min(due), timedelta()) if due else timedelta()
        return Backlog(len(due), len(self._mails) - len(due), overdue)

    async def claim(self, now: datetime, lease_until: datetime, at_most: int) -> list[QueuedMail]:
        claimed = [replace(queued, tries=queued.tries + 1, due_at=lease_until) for queued in self._due(now)[:at_most]]
        for queued in claimed:
            self._mails[queued.id] = queued
        return claimed

    async def renew(self, queued: QueuedMail, lease_until: datetime) -> bool:
        kept = self._mails.get(queued.id)
        if kept is None or kept.failed_at is not None or (kept.tries, kept.due_at) != (queued.tries, queued.due_at):
            return False
        self._mails[queued.id] = replace(kept, due_at=lease_until)
        return True

    async def save(self, queued: QueuedMail) -> None:
        kept = self._mails.get(queued.id)
        if kept is not None and kept.tries == queued.tries:
            self._mails[queued.id] = replace(kept, due_at=queued.due_at, failed_at=queued.failed_at)

    async def oldest(self, at_most: int) -> list[QueuedMail]:
        return (await self.all())[:at_most]

    async def find(self, queued_id: UUID) -> QueuedMail | None:
        return self._mails.get(queued_id)

    async def retry(self, queued_id: UUID, now: datetime, no_lease_after: datetime) -> bool:
        kept = self._mails.get(queued_id)
        if kept is None or (kept.failed_at is None and kept.due_at <= no_lease_after):
            return False
        self._mails[queued_id] = replace(kept, tries=0, due_at=now, failed_at=None)
        return True

    async def retry_failed(self, now: datetime) -> int:
        failed = [queued for queued in self._mails.values() if queued.failed_at is not None]
        for queued in failed:
            self._mails[queued.id] = replace(queued, tries=0, due_at=now, failed_at=None)
        return len(failed)

    async def remove(self, queued_id: UUID) -> None:
        self._mails.pop(queued_id, None)

    async def remove_of_user(self, user_id: UUID) -> int:
        return self._remove(lambda queued: queued.user_id == user_id)

    async def remove_failed(self, before: datetime) -> int:
        return self._remove(lambda queued: queued.failed_at is not None and queued.failed_at < before)

    def _due(self, now: datetime) -> list[QueuedMail]:
        due = [queued for queued in self._mails.values() if queued.failed_at is None and queued.due_at <= now]
        return sorted(due, key=lambda queued: (queued.due_at, queued.id))

    def _remove(self, is_meant: Callable[[QueuedMail], bool]) -> int:
        meant = [queued for queued in self._mails.values() if is_meant(queued)]
        for queued in meant:
            del self._mails[queued.id]
        return len(meant)
