"""Lists of users: what to search for, in which order, and where to continue."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.text import has_unsafe_characters
from bukhindor.domain.user import Role, Status, User

MAX_LIMIT = 100
MAX_PAGE = 1_000_000
MAX_SEARCH = 100


class SortBy(StrEnum):
    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    EMAIL = "email"
    NAME = "name"


class Order(StrEnum):
    ASC = "asc"
    DESC = "desc"


@dataclass(frozen=True, slots=True)
class Position:
    """The last row of a page: its value in the sort column, then its id to break ties."""

    value: str | datetime
    user_id: UUID


@dataclass(frozen=True, slots=True)
class UserQuery:
    """`search` is a part of a name or an address, case ignored; `email` is a whole address. `after` takes precedence
    over `page`; pages count from 1.
    """

    search: str | None = None
    role: Role | None = None
    status: Status | None = None
    sort: SortBy = SortBy.CREATED_AT
    order: Order = Order.DESC
    page: int = 1
    limit: int = 20
    after: Position | None = None
    email: EmailAddress | None = None


@dataclass(frozen=True, slots=True)
class UserPage:
    """One page of users, how many match in all, and the position to continue from (None on the last page)."""

    users: tuple[User, ...]
    total: int
    next: Position | None


class SearchText(str):
    """The trimmed text to look for, perhaps empty."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Raises InvalidValue when it is too long or holds control characters."""
        text = raw.strip()
        if len(text) > MAX_SEARCH:
            raise InvalidValue(cls, f"This must have at most {MAX_SEARCH} characters.", "too_long")
        if has_unsafe_characters(text):
            raise InvalidValue(cls, "This can't contain control characters.", "invalid_characters")
        return cls(text)
