"""Time, randomness, limits and observation."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from bukhindor.domain.origin import Cause
from bukhindor.domain.rate_limit import Limit


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, in UTC."""


class Identifiers(Protocol):
    """New identifiers and random bytes, from the operating system's generator."""

    def user_id(self) -> UUID:
        """A version 7 UUID (RFC 9562): ordered by time of creation."""

    def event_id(self) -> UUID:
        """A version 7 UUID as well."""

    def invitation_id(self) -> UUID:
        """A new id of version 7 (RFC 9562), which sorts by the time it was made."""

    def service_key_id(self) -> UUID:
        """A version 7 UUID as well."""

    def passkey_id(self) -> UUID:
        """A version 7 UUID as well."""

    def identity_id(self) -> UUID:
        """A version 7 UUID as well."""

    def session_id(self) -> UUID:
        """A version 4 UUID, which reveals nothing."""

    def token_id(self) -> str:
        """At least 128 random bits as base64url."""

    def seed(self) -> bytes:
        """32 random bytes."""


class RateLimiter(Protocol):
    """Counts what happens to a key. Under concurrency no more attempts pass than the limit allows."""

    async def take(self, limit: Limit, key: str) -> None:
        """Count one attempt. Raises RateLimited when the limit is reached; such a refusal does not count."""

    async def give_back(self, limit: Limit, key: str) -> None:
        """Undo the newest `take`, when the attempt turned out not to be of the limited kind."""

    async def clear(self, limit: Limit, key: str) -> None:
        """Reset the count of the key."""

    def is_degraded(self) -> bool:
        """Whether it counts alone for now, and more strictly, because the shared counter is away."""

    def problem(self) -> str:
        """Why it is degraded, as a sentence without a full stop for operators; empty when it is not."""


class LaterWork(Protocol):
    """Work that the server does for a request after its response."""

    def caused_by(self, cause: Cause) -> AbstractContextManager[None]:
        """While the context is open, log lines of the running task name the request."""


class RequestMeter(Protocol):
    """Counts requests and measures their time. Every request passes here twice."""

    def begun(self) -> None:
        """A request has come in; `ended` always follows."""

    def ended(self, method: str, endpoint: str, status: int, seconds: float, error_code: str | None) -> None:
        """A request has ended. `endpoint` is the route's template, never the path; status 0 means that no response was
        sent.
        """

    def proxy_unread(self, header: str) -> None:
        """A trusted proxy named no readable address of its client in this header, so its clients count as one."""


class RequestTrace(Protocol):
    """One request as a part of a trace across programs."""

    @property
    def log_fields(self) -> Mapping[str, str]:
        """The fields by which log lines are found that belong to it: `trace_id` and `span_id`."""

    @property
    def place(self) -> str:
        """The place in the trace of what the request causes, in the form of W3C Trace Context."""

    def ended(self, endpoint: str, status: int, error_code: str | None) -> None:
        """Called once; `endpoint` is the route's template, never the path."""


class RequestTracer(Protocol):
    def begin(self, method: str, scheme: str, headers: Mapping[str, str]) -> RequestTrace:
        """Continue the trace that the client's headers name, or begin one. Names of headers are in lower case.

        Until the trace has ended, what the running task waits for is part of it.
        """


class DatabaseTracer(Protocol):
    """Calls of one database as parts of the trace of the request that waits for them; those that belong to no request
    are part of none.
    """

    def call(self, operation: str, *targets: str) -> AbstractContextManager[None]:
        """While the context is open, the database carries out a command on these tables, or the script of this name. No
        value is named.
        """
