"""Lists of users, on any SQL database."""

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from bukhindor.adapters.sql import tables
from bukhindor.adapters.sql.connection import Connection
from bukhindor.adapters.sql.repositories.users import IS_ACTIVE, NOW, USER_COLUMNS, to_user
from bukhindor.domain.folding import folded, sort_key
from bukhindor.domain.user import Status, User
from bukhindor.domain.user_listing import Order, Position, SortBy, UserPage, UserQuery

_ESCAPE = "\\"

_users = tables.users
_is_not_over = sa.or_(_users.c.status_until.is_(None), _users.c.status_until > NOW)


class SqlUserListing:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def page(self, query: UserQuery, now: datetime) -> UserPage:
        filters = tuple(_filters_of(query))
        values: dict[str, Any] = {"now": now} if query.status is not None else {}
        if query.search is not None:
            values["pattern"] = f"%{_escaped(folded(query.search))}%"
        if query.email is not None:
            values["wanted_email"] = query.email.value
        if query.role is not None:
            values["wanted_role"] = query.role.value
        if query.status is not None and query.status is not Status.ACTIVE:
            values["wanted_status"] = query.status.value
        counted = await self._connection.fetch(_count_statement(filters), values)
        if query.after is None:
            values["skipped"] = (query.page - 1) * query.limit
        else:
            values |= {"after_value": _sort_value(query.after.value, query.sort), "after_id": query.after.user_id}
        values["at_most"] = query.limit + 1
        statement = _page_statement(filters, query.sort, query.order, query.after is not None)
        found = await self._connection.fetch(statement, values)
        users = tuple(to_user(row) for row in found[: query.limit])
        has_more = len(found) > query.limit
        return UserPage(users, counted[0][0], _position_of(users[-1], query.sort) if has_more else None)


def _position_of(user: User, sort: SortBy) -> Position:
    value: str | datetime = user.email.value if sort is SortBy.EMAIL else getattr(user, sort.value)
    return Position(value, user.id)


def _sort_value(value: str | datetime, sort: SortBy) -> str | datetime | bytes:
    return sort_key(value) if isinstance(value, str) and sort is SortBy.NAME else value


def _escaped(text: str) -> str:
    for special in (_ESCAPE, "%", "_"):
        text = text.replace(special, _ESCAPE + special)
    return text


def _filters_of(query: UserQuery) -> Iterator[str]:
    if query.search is not None:
        yield "search"
    if query.email is not None:
        yield "email"
    if query.role is not None:
        yield "role"
    if query.status is not None:
        yield "active" if query.status is Status.ACTIVE else "status"


_FILTERS: dict[str, sa.ColumnElement[bool]] = {
    "search": _users.c.search_text.like(sa.bindparam("pattern", type_=sa.Text()), escape=_ESCAPE),
    "email": _users.c.email == sa.bindparam("wanted_email"),
    "role": _users.c.role == sa.bindparam("wanted_role"),
    "active": IS_ACTIVE,
    "status": sa.and_(_users.c.status == sa.bindparam("wanted_status"), _is_not_over),
}


# A list has few shapes, and each is built once like every other statement.
@cache
def _count_statement(filters: tuple[str, ...]) -> sa.Select[Any]:
    return sa.select(sa.func.count()).select_from(_users).where(*(_FILTERS[name] for name in filters))


@cache
def _page_statement(filters: tuple[str, ...], sort: SortBy, order: Order, is_after: bool) -> sa.Select[Any]:
    column: sa.Column[Any] = _users.c.name_key if sort is SortBy.NAME else _users.c[sort.value]
    statement = sa.select(*USER_COLUMNS).where(*(_FILTERS[name] for name in filters))
    statement = statement.limit(sa.bindparam("at_most", type_=sa.Integer()))
    if not is_after:
        statement = statement.offset(sa.bindparam("skipped", type_=sa.Integer()))
    place = sa.tuple_(column, _users.c.id)
    after = sa.tuple_(sa.bindparam("after_value", type_=column.type), sa.bindparam("after_id", type_=sa.Uuid()))
    if order is Order.ASC:
        statement = statement.order_by(column, _users.c.id)
        return statement.where(place > after) if is_after else statement
    statement = statement.order_by(column.desc(), _users.c.id.desc())
    return statement.where(place < after) if is_after else statement
