"""Which processor core does what, so that a server and its load never share one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


def available() -> list[int]:
    """The cores this program may run on; an empty list where the system can't say."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


class Cores:
    """The first core is the server's, the last one is the load generator's; alone or unknown, all share."""

    def __init__(self) -> None:
        self._all = available()

    @property
    def count(self) -> int:
        return len(self._all) or os.cpu_count() or 1

    @property
    def everything(self) -> set[int]:
        return set(self._all)

    @property
    def server(self) -> set[int]:
        return set(self._all[:1])

    @property
    def load(self) -> set[int]:
        return set(self._all[-1:])

    @contextmanager
    def only(self, cores: set[int]) -> Iterator[None]:
        """Run this thread, and what it starts meanwhile, on these cores."""
        if not cores:
            yield
            return
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, cores)
        try:
            yield
        finally:
            os.sched_setaffinity(0, before)
