"""How the core reads lists of users."""

from datetime import datetime
from typing import Protocol

from bukhindor.domain.user_listing import UserPage, UserQuery


class UserListing(Protocol):
    async def page(self, query: UserQuery, now: datetime) -> UserPage:
        """Return one page in the given order; empty past the end."""


class HasUserListing(Protocol):
    @property
    def user_listing(self) -> UserListing:
        """Lists of all accounts."""
