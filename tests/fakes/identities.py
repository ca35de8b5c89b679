"""Linked identities and used ID tokens in dictionaries."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import IdentityTaken, InvalidIdToken, WriteConflict
from bukhindor.domain.identity import Identity
from bukhindor.domain.session import Session
from bukhindor.domain.user import User


class FakeIdentities:
    def __init__(
        self,
        users: dict[UUID, User],
        identities: dict[UUID, Identity],
        started: dict[UUID, UUID],
        used: dict[bytes, datetime],
        sessions: dict[UUID, Session],
        stopped: dict[str, bool],
    ) -> None:
        self._users = users
        self._identities = identities
        self._started = started
        self._used = used
        self._sessions = sessions
        self._stopped = stopped

    async def by_subject(self, issuer: str, subject: str) -> Identity | None:
        wanted = (issuer, subject)
        return next((each for each in self._identities.values() if (each.issuer, each.subject) == wanted), None)

    async def of_user(self, user_id: UUID) -> list[Identity]:
        found = [identity for identity in self._identities.values() if identity.user_id == user_id]
        return sorted(found, key=lambda identity: (identity.created_at, identity.id))

    async def add(self, identity: Identity) -> None:
        if await self.by_subject(identity.issuer, identity.subject) is not None:
            raise IdentityTaken
        self._identities[identity.id] = identity

    async def save(self, identity: Identity) -> None:
        known = self._identities.get(identity.id)
        if known is None:
            raise WriteConflict
        self._identities[identity.id] = replace(
            known,
            email=identity.email,
            is_email_verified=identity.is_email_verified,
            is_private_email=identity.is_private_email,
            last_used_at=identity.last_used_at,
            grant=identity.grant,
        )

    async def remove(self, identity_id: UUID) -> bool:
        return self._identities.pop(identity_id, None) is not None

    async def remove_of_user(self, user_id: UUID) -> int:
        found = await self.of_user(user_id)
        for identity in found:
            del self._identities[identity.id]
        return len(found)

    async def remember_session(self, identity_id: UUID, session_id: UUID) -> None:
        self._started[session_id] = identity_id

    async def sessions_of(self, identity_id: UUID) -> list[UUID]:
        started = [session_id for session_id, by in self._started.items() if by == identity_id]
        return [session_id for session_id in started if session_id in self._sessions]

    async def stop_mails(self, email: EmailAddress) -> None:
        self._stopped[email.value] = True

    async def resume_mails(self, email: EmailAddress) -> None:
        self._stopped.pop(email.value, None)

    async def mails_are_stopped(self, email: EmailAddress) -> bool:
        return email.value in self._stopped

    async def forget_stops(self) -> int:
        kept = {user.email.value for user in self._users.values()}
        forgotten = [email for email in self._stopped if email not in kept]
        for email in forgotten:
            del self._stopped[email]
        return len(forgotten)

    async def use_up(self, token_hash: bytes, expires_at: datetime) -> None:
        if token_hash in self._used:
            raise InvalidIdToken("it was used before")
        self._used[token_hash] = expires_at

    async def remove_expired_tokens(self, now: datetime) -> int:
        expired = [token_hash for token_hash, expires_at in self._used.items() if expires_at <= now]
        for token_hash in expired:
            del self._used[token_hash]
        return len(expired)
