"""How the core reads and writes sessions."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from bukhindor.domain.device import Device
from bukhindor.domain.session import Session, SessionPolicy
from bukhindor.domain.user import User


class Sessions(Protocol):
    async def by_id(self, session_id: UUID) -> Session | None:
        """None when there is no such session, or no longer."""

    async def with_user(self, session_id: UUID) -> tuple[Session, User] | None:
        """A session and its owner in one read."""

    async def of_user(self, user_id: UUID) -> list[Session]:
        """The newest first."""

    async def has_device(self, user_id: UUID, device: Device) -> bool:
        """Whether one of the user's sessions is on the same device, as `Device.is_same_as` tells it."""

    async def add(self, session: Session) -> None:
        """Keep a new session of a user that exists."""

    async def save(self, session: Session) -> None:
        """Write seed, generations, confirmation, failed prompts and times; a session that has ended stays ended."""

    async def refuse_access_tokens_of(self, user_id: UUID) -> None:
        """Have every access token of the user refused that was issued until now; refresh tokens stay good."""

    async def remove(self, session_id: UUID) -> bool:
        """False when it had ended before."""

    async def remove_of_user(self, user_id: UUID, keep: UUID | None = None) -> int:
        """End all sessions of a user but `keep`; how many there were."""

    async def remove_beyond(self, user_id: UUID, newest: int) -> int:
        """End all but the `newest` sessions of a user; how many there were."""

    async def count(self) -> int:
        """How many there are, those included whose life is over and that no purge has removed yet. It takes a while."""

    async def remove_over(self, now: datetime, policy: SessionPolicy) -> int:
        """End sessions whose idle or absolute life is over, not too many at once; 0 when none is left."""
