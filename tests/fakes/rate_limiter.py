"""Limits without time: what was counted stays counted until it is given back, cleared, or `let_time_pass()`."""

from bukhindor.domain.errors import RateLimited
from bukhindor.domain.rate_limit import Limit

RETRY_AFTER = 60


class FakeRateLimiter:
    """`taken`, `given_back` and `cleared` hold each call as (limit's name, key), oldest first, but no refused ones."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []
        self.given_back: list[tuple[str, str]] = []
        self.cleared: list[tuple[str, str]] = []
        self.degraded = False
        self._hits: dict[tuple[str, str], int] = {}
        self._exhausted: set[str] = set()
        self._refused: set[tuple[str, str]] = set()

    def exhaust(self, limit: Limit) -> None:
        """From now on every key of `limit` is refused, until time passes."""
        self._exhausted.add(limit.name)

    def let_time_pass(self) -> None:
        """All windows are over."""
        self._hits.clear()
        self._exhausted.clear()
        self._refused.clear()

    def hits(self, limit: Limit, key: str) -> int:
        """How many count at present."""
        return self._hits.get((limit.name, key), 0)

    async def take(self, limit: Limit, key: str) -> None:
        place = (limit.name, key)
        if limit.name in self._exhausted or self.hits(limit, key) >= limit.hits:
            is_first = place not in self._refused
            self._refused.add(place)
            raise RateLimited(limit, RETRY_AFTER, is_first=is_first)
        self._refused.discard(place)
        self._hits[place] = self.hits(limit, key) + 1
        self.taken.append(place)

    async def give_back(self, limit: Limit, key: str) -> None:
        place = (limit.name, key)
        self.given_back.append(place)
        self._refused.discard(place)
        self._hits[place] = max(0, self.hits(limit, key) - 1)

    async def clear(self, limit: Limit, key: str) -> None:
        place = (limit.name, key)
        self.cleared.append(place)
        self._refused.discard(place)
        self._hits.pop(place, None)

    def is_degraded(self) -> bool:
        return self.degraded

    def problem(self) -> str:
        return "the server can't be reached" if self.degraded else ""
