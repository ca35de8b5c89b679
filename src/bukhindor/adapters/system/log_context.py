"""Which request a log line belongs to."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from bukhindor.domain.origin import Cause


class LoggedCauses:
    """The port LaterWork, for log lines: those of the work carry `request_id` and `trace_id` of the request."""

    @contextmanager
    def caused_by(self, cause: Cause) -> Iterator[None]:
        fields = {"request_id": cause.request_id, "trace_id": cause.trace_id}
        with structlog.contextvars.bound_contextvars(**{name: value for name, value in fields.items() if value}):
            yield
