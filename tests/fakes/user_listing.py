"""Lists of the users in a dictionary."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from bukhindor.domain.folding import folded, sort_key
from bukhindor.domain.user import User
from bukhindor.domain.user_listing import Order, Position, SortBy, UserPage, UserQuery

_VALUES: dict[SortBy, Callable[[User], str | datetime]] = {
    SortBy.CREATED_AT: lambda user: user.created_at,
    SortBy.UPDATED_AT: lambda user: user.updated_at,
    SortBy.EMAIL: lambda user: user.email.value,
    SortBy.NAME: lambda user: user.name,
}


class FakeUserListing:
    def __init__(self, users: dict[UUID, User]) -> None:
        self._users = users

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
