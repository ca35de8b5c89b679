"""Work that names its cause"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from bukhindor.domain.origin import NO_REQUEST, Cause


class FakeLaterWork:
    """`cause` is the request that the running task names."""

    def __init__(self) -> None:
        self._cause: ContextVar[Cause] = ContextVar("cause", default=NO_REQUEST)

    @property
    def cause(self) -> Cause:
        return self._cause.get()

    @contextmanager
    def caused_by(self, cause: Cause) -> Iterator[None]:
        token = self._cause.set(cause)
        yield
        self._cause.reset(token)
