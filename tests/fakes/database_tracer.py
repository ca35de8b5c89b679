"""The calls of a database, as a trace would show them."""

from collections.abc import Iterator
from contextlib import contextmanager


class FakeDatabaseTracer:
    """`calls` are those that have ended, `failed` those that ended with an error."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.failed: list[str] = []

    @contextmanager
    def call(self, operation: str, *targets: str) -> Iterator[None]:
        name = " ".join((operation, *targets))
        try:
            yield
        except BaseException:
            self.failed.append(name)
            raise
        finally:
            self.calls.append(name)
