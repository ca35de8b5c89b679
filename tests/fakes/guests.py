"""Guests among the users of a dictionary."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from bukhindor.domain.session import Session
from bukhindor.domain.user import User

_AT_ONCE = 50


class FakeGuests:
    def __init__(self, users: dict[UUID, User], sessions: dict[UUID, Session]) -> None:
        self._users = users
        self._sessions = sessions

    async def unseen_since(self, moment: datetime) -> list[tuple[User, datetime | None]]:
        seen = {user.id: user.guest_seen_at for user in self._users.values() if user.guest_seen_at is not None}
        unseen = sorted((seen_at, user_id) for user_id, seen_at in seen.items() if seen_at <= moment)
        return [(self._users[user_id], self._last_use(user_id)) for _, user_id in unseen[:_AT_ONCE]]

    async def note_seen(self, user_id: UUID, seen_at: datetime | None) -> None:
        self._users[user_id] = replace(self._users[user_id], guest_seen_at=seen_at)

    def _last_use(self, user_id: UUID) -> datetime | None:
        uses = [session.last_seen_at for session in self._sessions.values() if session.user_id == user_id]
        return max(uses, default=None)
