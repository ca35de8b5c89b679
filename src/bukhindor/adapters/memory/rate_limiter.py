"""Exact limits within one process."""

import math
import time
from array import array
from collections import OrderedDict
from collections.abc import Callable

from bukhindor.domain.errors import RateLimited
from bukhindor.domain.rate_limit import Limit

_SWEPT_AT_ONCE = 2


class _Hits:
    """When a key was counted, the oldest first, in seconds; `was_refused` since it last had room."""

    __slots__ = ("times", "was_refused")

    def __init__(self) -> None:
        self.times = array("d")
        self.was_refused = False

    def drop_until(self, moment: float) -> None:
        """Forget what lies outside of the window."""
        expired = 0
        while expired < len(self.times) and self.times[expired] <= moment:
            expired += 1
        del self.times[:expired]


class MemoryRateLimiter:
    """A sliding window over the moments themselves: within any span of the window no more than the limit pass.

    Nothing is awaited inside, so that all callers of one event loop are counted one after the other. `clock` tells
    seconds that never go back.

    Of several `processes` that count without knowing of one another, each allows its part, rounded up.

    Memory is bounded by `max_keys` over all limits. Each count sweeps up to two keys whose window is over. When there
    are too many all the same, the limit that has the most keys gives up the one it has not heard of for the longest
    time: a flood of new keys costs its own limit, not the others.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, max_keys: int = 200_000, processes: int = 1
    ) -> None:
        self._clock = clock
        self._processes = processes
        self._max_keys = max_keys
        self._count = 0
        self._limits: dict[str, OrderedDict[str, _Hits]] = {}

    async def take(self, limit: Limit, key: str) -> None:
        now = self._clock()
        window = limit.window.total_seconds()
        keys = self._limits.setdefault(limit.name, OrderedDict())
        self._sweep(keys, now - window)
        hits = keys.get(key)
        if hits is None:
            hits = self._begin(keys, key)
        keys.move_to_end(key)
        hits.drop_until(now - window)
        allowed = -(-limit.hits // self._processes)
        if len(hits.times) >= allowed:
            is_first, hits.was_refused = not hits.was_refused, True
            room_at = hits.times[-allowed] + window
            raise RateLimited(limit, max(1, math.ceil(room_at - now)), is_first=is_first)
        hits.was_refused = False
        hits.times.append(now)

    async def give_back(self, limit: Limit, key: str) -> None:
        keys = self._limits.get(limit.name)
        if keys is not None and (hits := keys.get(key)) is not None:
            hits.was_refused = False
            del hits.times[-1:]

    async def clear(self, limit: Limit, key: str) -> None:
        keys = self._limits.get(limit.name)
        if keys is not None and keys.pop(key, None) is not None:
            self._count -= 1

    def is_degraded(self) -> bool:
        return False

    def __len__(self) -> int:
        """How many keys are remembered."""
        return self._count

    def _begin(self, keys: OrderedDict[str, _Hits], key: str) -> _Hits:
        if self._count >= self._max_keys:
            max(self._limits.values(), key=len).popitem(last=False)
            self._count -= 1
        hits = keys[key] = _Hits()
        self._count += 1
        return hits

    def _sweep(self, keys: OrderedDict[str, _Hits], moment: float) -> None:
        """Drop keys that were not counted since, beginning with the one idle longest."""
        for _ in range(_SWEPT_AT_ONCE):
            oldest = next(iter(keys), None)
            if oldest is None or (keys[oldest].times and keys[oldest].times[-1] > moment):
                return
            del keys[oldest]
            self._count -= 1
