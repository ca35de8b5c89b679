"""Passkeys and used challenges in dictionaries."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from bukhindor.domain.errors import InvalidPasskey, PasskeyNotAccepted
from bukhindor.domain.passkey import Passkey, PasskeyChallenge


class FakePasskeys:
    def __init__(self, passkeys: dict[UUID, Passkey], used: dict[bytes, datetime]) -> None:
        self._passkeys = passkeys
        self._used = used

    async def by_credential_id(self, credential_id: bytes) -> Passkey | None:
        return next((passkey for passkey in self._passkeys.values() if passkey.credential_id == credential_id), None)

    async def of_user(self, user_id: UUID) -> list[Passkey]:
        found = [passkey for passkey in self._passkeys.values() if passkey.user_id == user_id]
        return sorted(found, key=lambda passkey: (passkey.created_at, passkey.id))

    async def add(self, passkey: Passkey) -> None:
        if await self.by_credential_id(passkey.credential_id) is not None:
            raise PasskeyNotAccepted
        self._passkeys[passkey.id] = passkey

    async def save(self, passkey: Passkey) -> None:
        known = self._passkeys.get(passkey.id)
        if known is not None:
            self._passkeys[passkey.id] = replace(
                known,
                name=passkey.name,
                sign_count=passkey.sign_count,
                is_backed_up=passkey.is_backed_up,
                last_used_at=passkey.last_used_at,
            )

    async def remove(self, passkey_id: UUID) -> bool:
        return self._passkeys.pop(passkey_id, None) is not None

    async def remove_of_user(self, user_id: UUID) -> int:
        found = await self.of_user(user_id)
        for passkey in found:
            del self._passkeys[passkey.id]
        return len(found)

    async def use_up(self, challenge: PasskeyChallenge) -> None:
        if challenge.value in self._used:
            raise InvalidPasskey
        self._used[challenge.value] = challenge.expires_at

    async def remove_expired_challenges(self, now: datetime) -> int:
        expired = [value for value, expires_at in self._used.items() if expires_at <= now]
        for value in expired:
            del self._used[value]
        return len(expired)
