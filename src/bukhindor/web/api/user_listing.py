"""GET /users, with the sealed cursor that leads from page to page"""

from dataclasses import replace
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from bukhindor.domain.user import Role, Status
from bukhindor.domain.user_listing import (
    MAX_LIMIT,
    MAX_PAGE,
    MAX_SEARCH,
    Order,
    Position,
    SearchText,
    SortBy,
    UserPage,
    UserQuery,
)
from bukhindor.services.user_listing import UserListing
from bukhindor.web.api.cursor import CURSOR, CursorField, Cursors
from bukhindor.web.api.patterns import SAFE_TEXT
from bukhindor.web.api.shapes import EmailField, UserShape
from bukhindor.web.endpoint.call import Call


class UserListQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A missing parameter is unset, not None: in a query string, `null` is an ordinary word."""

    page: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 1
    limit: Annotated[int, Meta(ge=1, le=MAX_LIMIT)] = 20
    search: (
        Annotated[
            SearchText,
            Meta(
                description="A part of a name or an address",
                extra_json_schema={"maxLength": MAX_SEARCH, "pattern": SAFE_TEXT},
            ),
        ]
        | UnsetType
    ) = UNSET
    email: Annotated[EmailField, Meta(description="The whole address of the user")] | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    sort: SortBy = SortBy.CREATED_AT
    order: Order = Order.DESC
    cursor: Annotated[CursorField, Meta(description=f"{CURSOR}; wins over `page`")] | UnsetType = UNSET

    def decoded(self, cursors: Cursors) -> UserQuery:
        """The query in the domain's terms. Raises InvalidInput for a cursor of another query."""
        search = None if self.search is UNSET else str(self.search) or None
        email = None if self.email is UNSET else self.email
        role = None if self.role is UNSET else self.role
        status = None if self.status is UNSET else self.status
        query = UserQuery(search, role, status, self.sort, self.order, self.page, self.limit, email=email)
        if self.cursor is UNSET:
            return query
        return replace(query, after=_unseal(self.cursor, query, cursors))


class UserList(msgspec.Struct, frozen=True):
    """One page; `total` counts all matching users, `next_cursor` is null on the last page."""

    users: list[UserShape]
    total: Annotated[int, Meta(ge=0)]
    page: Annotated[int, Meta(ge=1)]
    limit: Annotated[int, Meta(ge=1)]
    next_cursor: str | None

    @classmethod
    def of(cls, page: UserPage, query: UserQuery, cursors: Cursors, now: datetime) -> "UserList":
        next_cursor = None if page.next is None else _seal(page.next, query, cursors)
        users = [UserShape.of(user, now, for_admin=True) for user in page.users]
        return cls(users, page.total, query.page, query.limit, next_cursor)


async def list_users(call: Call, user_listing: UserListing, cursors: Cursors, query: UserListQuery) -> UserList:
    """List users"""
    user_query = query.decoded(cursors)
    page = await user_listing.page(call.actor, user_query)
    return UserList.of(page, user_query, cursors, call.now)


class _Cursor(msgspec.Struct, array_like=True):
    """A date is stored as its ISO text."""

    value: str
    user_id: UUID


def _seal(position: Position, query: UserQuery, cursors: Cursors) -> str:
    value = position.value if isinstance(position.value, str) else position.value.isoformat()
    return cursors.seal(_Cursor(value, position.user_id), _filters(query))


def _unseal(sealed: str, query: UserQuery, cursors: Cursors) -> Position:
    position = cursors.unseal(sealed, _filters(query), _Cursor)
    is_time = query.sort in (SortBy.CREATED_AT, SortBy.UPDATED_AT)
    return Position(datetime.fromisoformat(position.value) if is_time else position.value, position.user_id)


def _filters(query: UserQuery) -> list[str | None]:
    email = None if query.email is None else query.email.value
    return ["users", query.search, query.role, query.status, query.sort, query.order, email]
