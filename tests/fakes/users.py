"""Users in a dictionary."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import EmailTaken
from bukhindor.domain.folding import folded, sort_key
from bukhindor.domain.one_time_token import OneTimeToken, Purpose
from bukhindor.domain.session import Session
from bukhindor.domain.user import User
from bukhindor.domain.user_listing import Order, Position, SortBy, UserPage, UserQuery

_VALUES: dict[SortBy, Callable[[User], str | datetime]] = {
    SortBy.CREATED_AT: lambda user: user.created_at,
    SortBy.UPDATED_AT: lambda user: user.updated_at,
    SortBy.EMAIL: lambda user: user.email.value,
    SortBy.NAME: lambda user: user.name,
}


class FakeUsers:
    def __init__(
        self,
        users: dict[UUID, User],
        sessions: dict[UUID, Session],
        one_time_tokens: dict[tuple[UUID, Purpose], OneTimeToken],
        networks: dict[tuple[UUID, str], datetime],
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._one_time_tokens = one_time_tokens
        self._networks = networks

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
        return self._users.pop(user_id, None) is not None

    async def count_active_admins(self, now: datetime) -> int:
        return sum(user.is_active_admin_at(now) for user in self._users.values())

    async def page(self, query: UserQuery, now: datetime) -> UserPage:
        value = _VALUES[query.sort]

        def place(user: User) -> tuple[bytes, UUID]:
            return _sortable(value(user), query.sort), user.id

        matching = [user for user in self._users.values() if _matches(user, query, now)]
        matching.sort(key=place, reverse=query.order is Order.DESC)
        if query.after is None:
            rest = matching[(query.page - 1) * query.limit :]
        else:
            edge = (_sortable(query.after.value, query.sort), query.after.user_id)
            rest = [
                user for user in matching if (place(user) > edge if query.order is Order.ASC else place(user) < edge)
            ]
        users = tuple(rest[: query.limit])
        has_more = len(rest) > query.limit
        return UserPage(users, len(matching), Position(value(users[-1]), users[-1].id) if has_more else None)

    async def _refuse_taken_email(self, user: User) -> None:
        other = await self.by_email(user.email)
        if other is not None and other.id != user.id:
            raise EmailTaken


def _sortable(value: str | datetime, sort: SortBy) -> bytes:
    """All moments are UTC, so that their texts sort like they do."""
    if sort is SortBy.NAME:
        return sort_key(str(value))
    return (value if isinstance(value, str) else value.isoformat(timespec="microseconds")).encode()


def _matches(user: User, query: UserQuery, now: datetime) -> bool:
    if query.email is not None and user.email != query.email:
        return False
    if query.role is not None and user.role is not query.role:
        return False
    if query.status is not None and user.status_at(now) is not query.status:
        return False
    if query.search is None:
        return True
    sought = folded(query.search)
    return any(sought in folded(text) for text in (user.name, user.email.value, user.email.shown))
