"""Lists of users, for administrators and services."""

from dataclasses import dataclass

from bukhindor.domain.caller import Actor
from bukhindor.domain.service_key import Scope
from bukhindor.domain.user_listing import UserPage, UserQuery
from bukhindor.ports.store.transactions import Reads
from bukhindor.ports.store.user_listing import HasUserListing
from bukhindor.ports.system import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class UserListing:
    transactions: Reads[HasUserListing]
    clock: Clock

    async def page(self, actor: Actor, query: UserQuery) -> UserPage:
        """List users, one page at a time.

        Raises Forbidden, MissingScope.
        """
        actor.require(Scope.USERS_READ)
        async with self.transactions.scan() as stored:
            return await stored.user_listing.page(query, self.clock.now())
