"""Links that lock an account, in a dictionary."""

from datetime import datetime
from uuid import UUID

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.one_time_token import LockdownLink
from bukhindor.domain.user import User


class FakeLockdownLinks:
    def __init__(self, users: dict[UUID, User], links: dict[bytes, LockdownLink]) -> None:
        self._users = users
        self._links = links

    async def by_token_hash(self, token_hash: bytes) -> LockdownLink | None:
        found = self._links.get(token_hash)
        return found if found is not None and found.user_id in self._users else None

    async def add(self, link: LockdownLink) -> None:
        self._links[link.token_hash] = link

    async def remove_for(self, user_id: UUID, mailbox: EmailAddress, since: datetime) -> int:
        return self._remove(
            [
                each
                for each in self._links.values()
                if each.user_id == user_id and (each.email == mailbox or each.created_at >= since)
            ]
        )

    async def remove_expired(self, now: datetime) -> int:
        return self._remove([each for each in self._links.values() if not each.lives_at(now)])

    def _remove(self, links: list[LockdownLink]) -> int:
        for each in links:
            del self._links[each.token_hash]
        return len(links)
