"""Limits within one process, in bounded memory."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from bukhindor.adapters.memory.hits import LEVELS, Hits
from bukhindor.domain.errors import RateLimited
from bukhindor.domain.rate_limit import Limit

_SWEPT_AT_ONCE = 2


class _Table:
    """The keys of one limit, in the order in which they were last counted; `allowed` hits within `window` seconds."""

    __slots__ = ("allowed", "keys", "refused_newcomer", "window")

    def __init__(self) -> None:
        self.keys: OrderedDict[str, Hits] = OrderedDict()
        self.allowed = 1
        self.window = 0.0
        self.refused_newcomer = False


class MemoryRateLimiter:
    """A sliding window: within any span of the window no more attempts pass than the limit allows.

    Nothing is awaited inside, so all callers of one event loop are counted one after the other. `clock` gives seconds
    that never go back. When several `processes` count separately, each allows its part, rounded up.

    Memory is bounded by `max_keys` over all limits and by 32 entries a key. Limits of up to 32 hits are exact. Larger
    ones count in slices of the window, and may refuse for up to one part in 31 of the window longer than necessary,
    never for longer than the window.

    Each count sweeps up to two keys whose window has passed. When there are still too many keys, a newcomer replaces
    the key that has used the smallest part of its limit, and of several such keys the one counted longest ago. A key
    that has used half of its limit or more keeps its place: a flood of keys must not make this limiter forget a key
    that is under attack. When only such keys are left, the limit with the most of them counts as flooded. It refuses
    its own newcomers, and newcomers of other limits replace its oldest key: a flood of one limit closes no other. The
    time of each call does not depend on the number of keys.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, max_keys: int = 100_000, processes: int = 1
    ) -> None:
        self._clock = clock
        self._processes = processes
        self._max_keys = max_keys
        self._count = 0
        self._tables: dict[str, _Table] = {}
        # Every key once, by its closeness to the limit; within a level the one counted longest ago first.
        self._levels: list[OrderedDict[Hits, None]] = [OrderedDict() for _ in range(LEVELS + 1)]

    async def take(self, limit: Limit, key: str) -> None:
        now = self._clock()
        table = self._tables.setdefault(limit.name, _Table())
        table.window = limit.window.total_seconds()
        table.allowed = allowed = -(-limit.hits // self._processes)
        self._sweep(table, now)
        hits = table.keys.get(key)
        if hits is None:
            hits = self._begin(limit, table, key, now)
        hits.drop_until(now - table.window)
        if hits.total >= allowed:
            is_first, hits.was_refused = not hits.was_refused, True
            wait = hits.room_at(allowed, table.window) - now
            raise RateLimited(limit, max(1, math.ceil(wait)), is_first=is_first)
        hits.was_refused = False
        hits.add(now, table.window, allowed)
        table.keys.move_to_end(key)
        self._settle(table, hits)

    async def give_back(self, limit: Limit, key: str) -> None:
        table = self._tables.get(limit.name)
        if table is not None and (hits := table.keys.get(key)) is not None:
            hits.take_back()
            self._settle(table, hits)

    async def clear(self, limit: Limit, key: str) -> None:
        table = self._tables.get(limit.name)
        if table is not None and (hits := table.keys.get(key)) is not None:
            self._forget(hits)

    def is_degraded(self) -> bool:
        return False

    def problem(self) -> str:
        return ""

    def __len__(self) -> int:
        """How many keys are remembered."""
        return self._count

    def _begin(self, limit: Limit, table: _Table, key: str, now: float) -> Hits:
        if self._count >= self._max_keys:
            self._make_room(limit, table, now)
        table.refused_newcomer = False
        hits = table.keys[key] = Hits(limit.name, key)
        self._levels[0][hits] = None
        self._count += 1
        return hits

    def _make_room(self, limit: Limit, table: _Table, now: float) -> None:
        for other in self._tables.values():
            self._sweep(other, now)
        self._look_again(now)
        if self._count < self._max_keys:
            return
        level = next((level for level in self._levels[:LEVELS] if level), None)
        if level is not None:
            self._forget(next(iter(level)))
            return
        flooded = max(self._tables.values(), key=lambda each: len(each.keys))
        if len(table.keys) < len(flooded.keys):
            self._forget(next(iter(flooded.keys.values())))
            return
        is_first, table.refused_newcomer = not table.refused_newcomer, True
        raise RateLimited(limit, self._seconds_until_a_key_ends(now), is_first=is_first)

    def _seconds_until_a_key_ends(self, now: float) -> int:
        oldest = ((table, next(iter(table.keys.values()))) for table in self._tables.values() if table.keys)
        return max(1, math.ceil(min(hits.newest + table.window - now for table, hits in oldest)))

    def _sweep(self, table: _Table, now: float) -> None:
        """Drop keys that were not counted within the window, starting with the one counted longest ago."""
        for _ in range(_SWEPT_AT_ONCE):
            oldest = next(iter(table.keys.values()), None)
            if oldest is None or oldest.newest > now - table.window:
                return
            self._forget(oldest)

    def _look_again(self, now: float) -> None:
        """Update keys that were close to their limit when they were counted, but no longer are."""
        for _ in range(min(_SWEPT_AT_ONCE, len(self._levels[LEVELS]))):
            hits = next(iter(self._levels[LEVELS]))
            table = self._tables[hits.table]
            hits.drop_until(now - table.window)
            self._settle(table, hits)

    def _settle(self, table: _Table, hits: Hits) -> None:
        """Move a key to the end of its present level; drop it when it has no hits."""
        if not hits.total:
            self._forget(hits)
            return
        del self._levels[hits.level][hits]
        hits.level = hits.closeness(table.allowed)
        self._levels[hits.level][hits] = None

    def _forget(self, hits: Hits) -> None:
        del self._tables[hits.table].keys[hits.key]
        del self._levels[hits.level][hits]
        self._count -= 1
