"""Invitations in a dictionary."""

from datetime import datetime
from uuid import UUID

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.invitation import Invitation


class FakeInvitations:
    def __init__(self, invitations: dict[UUID, Invitation]) -> None:
        self._invitations = invitations

    async def by_token_hash(self, token_hash: bytes) -> Invitation | None:
        return next((each for each in self._invitations.values() if each.token_hash == token_hash), None)

    async def all(self, now: datetime) -> list[Invitation]:
        living = [each for each in self._invitations.values() if each.lives_at(now)]
        return sorted(living, key=lambda each: (each.created_at, each.id), reverse=True)

    async def put(self, invitation: Invitation) -> None:
        await self.remove_for(invitation.email)
        self._invitations[invitation.id] = invitation

    async def remove(self, invitation_id: UUID) -> Invitation | None:
        return self._invitations.pop(invitation_id, None)

    async def remove_for(self, email: EmailAddress) -> None:
        for each in [each for each in self._invitations.values() if each.email == email]:
            del self._invitations[each.id]

    async def remove_expired(self, now: datetime) -> int:
        expired = [each for each in self._invitations.values() if not each.lives_at(now)]
        for each in expired:
            del self._invitations[each.id]
        return len(expired)
