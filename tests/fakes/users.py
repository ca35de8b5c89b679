"""Users in a dictionary."""

from datetime import datetime
from uuid import UUID

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import EmailTaken
from bukhindor.domain.factor import Factor
from bukhindor.domain.identity import Identity
from bukhindor.domain.one_time_token import OneTimeToken, Purpose
from bukhindor.domain.passkey import Passkey
from bukhindor.domain.session import Session
from bukhindor.domain.user import User


class FakeUsers:
    def __init__(
        self,
        users: dict[UUID, User],
        sessions: dict[UUID, Session],
        one_time_tokens: dict[tuple[UUID, Purpose], OneTimeToken],
        networks: dict[tuple[UUID, str], datetime],
        factors: dict[UUID, Factor],
        recovery_codes: dict[tuple[UUID, bytes], bool],
        passkeys: dict[UUID, Passkey],
        identities: dict[UUID, Identity],
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._one_time_tokens = one_time_tokens
        self._networks = networks
        self._factors = factors
        self._recovery_codes = recovery_codes
        self._passkeys = passkeys
        self._identities = identities

    async def by_id(self, user_id: UUID) -> User | None:
        return self._users.get(user_id)

    async def by_email(self, email: EmailAddress) -> User | None:
        return next((user for user in self._users.values() if user.email == email), None)

    async def by_email_with_network(self, email: EmailAddress, network: str) -> tuple[User, datetime | None] | None:
        user = await self.by_email(email)
        return None if user is None else (user, self._networks.get((user.id, network)))

    async def add(self, user: User) -> None:
        if user.id in self._users:
            message = f"There is a user {user.id} already."
            raise KeyError(message)
        await self._refuse_taken_email(user)
        self._users[user.id] = user

    async def save(self, user: User) -> None:
        if user.id in self._users:
            await self._refuse_taken_email(user)
            self._users[user.id] = user

    async def remove(self, user_id: UUID) -> bool:
        for session in [session for session in self._sessions.values() if session.user_id == user_id]:
            del self._sessions[session.id]
        for key in [key for key in self._one_time_tokens if key[0] == user_id]:
            del self._one_time_tokens[key]
        for place in [place for place in self._networks if place[0] == user_id]:
            del self._networks[place]
        for factor in [factor for factor in self._factors.values() if factor.user_id == user_id]:
            del self._factors[factor.id]
        for code in [code for code in self._recovery_codes if code[0] == user_id]:
            del self._recovery_codes[code]
        for passkey in [passkey for passkey in self._passkeys.values() if passkey.user_id == user_id]:
            del self._passkeys[passkey.id]
        for identity in [identity for identity in self._identities.values() if identity.user_id == user_id]:
            del self._identities[identity.id]
        return self._users.pop(user_id, None) is not None

    async def count_active_admins(self, now: datetime) -> int:
        return sum(user.is_active_admin_at(now) for user in self._users.values())

    async def _refuse_taken_email(self, user: User) -> None:
        other = await self.by_email(user.email)
        if other is not None and other.id != user.id:
            raise EmailTaken
