"""The counts of one key over time, in a bounded number of entries."""

import math
from array import array

EXACT_HITS = 32
"""Up to this limit each hit keeps its timestamp; beyond it hits share slices of the window."""

_SLICES = 32
LEVELS = 16
"""How many levels of closeness there are below half of the limit."""


class Hits:
    """The hits of one key under one limit: at most 32 entries of a timestamp and a count, oldest first.

    `table` and `key` say where it is kept. Timestamps are seconds of a clock that never goes back. A slice keeps the
    timestamp of its newest hit, so its count leaves the window up to one part in 31 too late, never too early.
    """

    __slots__ = ("key", "level", "pairs", "table", "total", "was_refused")

    def __init__(self, table: str, key: str) -> None:
        self.table = table
        self.key = key
        self.total = 0
        self.was_refused = False
        """Whether the key was refused since it last had room."""
        self.level = 0
        self.pairs = array("d")

    @property
    def newest(self) -> float:
        """The timestamp of the newest hit; minus infinity when there is none."""
        return self.pairs[-2] if self.pairs else -math.inf

    def drop_until(self, moment: float) -> None:
        """Drop what lies outside the window."""
        expired = 0
        while expired < len(self.pairs) and self.pairs[expired] <= moment:
            self.total -= int(self.pairs[expired + 1])
            expired += 2
        del self.pairs[:expired]

    def add(self, now: float, window: float, allowed: int) -> None:
        self.total += 1
        slice_seconds = window / (_SLICES - 1) if allowed > EXACT_HITS else 0.0
        if self.pairs and slice_seconds and self.newest // slice_seconds == now // slice_seconds:
            self.pairs[-2] = now
            self.pairs[-1] += 1
        else:
            self.pairs.extend((now, 1))

    def take_back(self) -> None:
        """Undo the newest hit, if there is one."""
        self.was_refused = False
        if not self.pairs:
            return
        self.total -= 1
        self.pairs[-1] -= 1
        if not self.pairs[-1]:
            del self.pairs[-2:]

    def room_at(self, allowed: int, window: float) -> float:
        """When a key that has reached its limit may be counted again."""
        place, counted = len(self.pairs), 0
        while counted < allowed:
            place -= 2
            counted += int(self.pairs[place + 1])
        return self.pairs[place] + window

    def closeness(self, allowed: int) -> int:
        """How close the key is to its limit: 0 to 15 below half of it, 16 from there on."""
        return min(self.total * 2 * LEVELS // allowed, LEVELS)
