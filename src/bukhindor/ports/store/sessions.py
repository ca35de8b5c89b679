"""How the core reads and writes sessions."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from bukhindor.domain.device import Device
from bukhindor.domain.session import Session, SessionPolicy
from bukhindor.domain.user import Role, User


class Sessions(Protocol):
    async def by_id(self, session_id: UUID) -> Session | None:
        """Return None when the session does not exist or has ended."""

    async def with_user(self, session_id: UUID) -> tuple[Session, User] | None:
        """Return a session and its owner in one read."""

    async def of_user(self, user_id: UUID) -> list[Session]:
        """Return the newest first."""

    async def has_device(self, user_id: UUID, device: Device) -> bool:
        """Whether one of the user's sessions is on the same device, in the sense of `Device.is_same_as`."""

    async def on_device(self, user_id: UUID, device_id: str) -> list[UUID]:
        """Return the ids of the user's sessions on the device with this id."""

    async def add(self, session: Session) -> None:
        """Store a new session of an existing user."""

    async def save(self, session: Session) -> None:
        """Store seed, generations, confirmation, failed prompts, times and app version; a session that has ended stays
        ended.
        """

    async def refuse_access_tokens_of(self, user_id: UUID) -> None:
        """Make every access token invalid that was issued to the user until now; refresh tokens stay valid."""

    async def remove(self, session_id: UUID) -> bool:
        """Return False when it had ended before."""

    async def remove_of_user(self, user_id: UUID, keep: UUID | None = None) -> int:
        """End all sessions of a user except `keep`. Returns how many there were."""

    async def remove_beyond(self, most: int, kept: Session, role: Role, now: datetime, policy: SessionPolicy) -> int:
        """End all sessions of the owner of `kept` that are over at `now`, and beyond `most` those unused for longest.

        `kept` stays; its owner has the role `role`. Returns how many ended.
        """

    async def count(self, now: datetime, policy: SessionPolicy) -> int:
        """Count the sessions that are not over at `now`. It takes a while."""

    async def remove_over(self, now: datetime, policy: SessionPolicy) -> int:
        """Remove a limited number of sessions whose idle or absolute life has ended; 0 when none is left."""


class HasSessions(Protocol):
    @property
    def sessions(self) -> Sessions:
        """All sessions that have not ended."""
