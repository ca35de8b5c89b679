"""Sessions in a dictionary."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from bukhindor.domain.device import Device
from bukhindor.domain.session import Session, SessionPolicy, live
from bukhindor.domain.user import Role, User


class FakeSessions:
    def __init__(self, users: dict[UUID, User], sessions: dict[UUID, Session]) -> None:
        self._users = users
        self._sessions = sessions

    async def by_id(self, session_id: UUID) -> Session | None:
        return self._sessions.get(session_id)

    async def with_user(self, session_id: UUID) -> tuple[Session, User] | None:
        session = self._sessions.get(session_id)
        return None if session is None else (session, self._users[session.user_id])

    async def of_user(self, user_id: UUID) -> list[Session]:
        found = [session for session in self._sessions.values() if session.user_id == user_id]
        return sorted(found, key=lambda session: (session.created_at, session.id), reverse=True)

    async def has_device(self, user_id: UUID, device: Device) -> bool:
        return any(session.device.is_same_as(device) for session in await self.of_user(user_id))

    async def on_device(self, user_id: UUID, device_id: str) -> list[UUID]:
        return [session.id for session in await self.of_user(user_id) if session.device.device_id == device_id]

    async def add(self, session: Session) -> None:
        if session.user_id not in self._users or session.id in self._sessions:
            message = f"Session {session.id} has no owner, or is there already."
            raise KeyError(message)
        self._sessions[session.id] = session

    async def save(self, session: Session) -> None:
        if session.id in self._sessions:
            self._sessions[session.id] = session

    async def refuse_access_tokens_of(self, user_id: UUID) -> None:
        for session in await self.of_user(user_id):
            self._sessions[session.id] = replace(session, oldest_valid_generation=session.generation + 1)

    async def remove(self, session_id: UUID) -> bool:
        return self._sessions.pop(session_id, None) is not None

    async def remove_of_user(self, user_id: UUID, keep: UUID | None = None) -> int:
        return self._remove([session for session in await self.of_user(user_id) if session.id != keep])

    async def remove_beyond(self, most: int, kept: Session, role: Role, now: datetime, policy: SessionPolicy) -> int:
        others = [session for session in await self.of_user(kept.user_id) if session.id != kept.id]
        stay = sorted(live(others, now, policy, role), key=lambda session: session.last_seen_at, reverse=True)
        return self._remove([session for session in others if session not in stay[: most - 1]])

    async def count(self, now: datetime, policy: SessionPolicy) -> int:
        return sum(
            not session.is_over_at(now, policy, self._users[session.user_id].role)
            for session in self._sessions.values()
        )

    async def remove_over(self, now: datetime, policy: SessionPolicy) -> int:
        return self._remove(
            [
                session
                for session in self._sessions.values()
                if session.is_over_at(now, policy, self._users[session.user_id].role)
            ]
        )

    def _remove(self, sessions: list[Session]) -> int:
        for session in sessions:
            del self._sessions[session.id]
        return len(sessions)
