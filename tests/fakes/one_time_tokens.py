"""One-time tokens in a dictionary."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from bukhindor.domain.one_time_token import OneTimeToken, Purpose
from bukhindor.domain.user import User


class FakeOneTimeTokens:
    def __init__(self, users: dict[UUID, User], tokens: dict[tuple[UUID, Purpose], OneTimeToken]) -> None:
        self._users = users
        self._tokens = tokens

    async def by_token_hash(self, token_hash: bytes) -> OneTimeToken | None:
        return next((token for token in self._tokens.values() if token.token_hash == token_hash), None)

    async def of_user(self, user_id: UUID, purpose: Purpose) -> OneTimeToken | None:
        return self._tokens.get((user_id, purpose))

    async def put(self, token: OneTimeToken) -> None:
        if token.user_id not in self._users:
            message = "The token has no owner."
            raise KeyError(message)
        self._tokens[token.user_id, token.purpose] = token

    async def save(self, token: OneTimeToken) -> None:
        kept = self._tokens.get((token.user_id, token.purpose))
        if kept is not None and kept.token_hash == token.token_hash:
            self._tokens[token.user_id, token.purpose] = token

    async def remove_of_user(self, user_id: UUID) -> int:
        return self._remove(lambda token: token.user_id == user_id)

    async def remove(self, user_id: UUID, purpose: Purpose) -> bool:
        return self._tokens.pop((user_id, purpose), None) is not None

    async def remove_expired(self, now: datetime) -> int:
        return self._remove(lambda token: not token.lives_at(now))

    def _remove(self, is_meant: Callable[[OneTimeToken], bool]) -> int:
        meant = [key for key, token in self._tokens.items() if is_meant(token)]
        for key in meant:
            del self._tokens[key]
        return len(meant)
