"""Time, chance, counting, and being watched."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID

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

    def session_id(self) -> UUID:
        """A version 4 UUID: it tells nothing."""

    def token_id(self) -> str:
        """At least 128 random bits as base64url."""

    def seed(self) -> bytes:
        """32 random bytes."""


class RateLimiter(Protocol):
    """Counts what happens to a key. Under concurrency no more than the limit get through."""

    async def take(self, limit: Limit, key: str) -> None:
        """Count one. Raises RateLimited when the limit is reached; such a refusal does not count."""

    async def give_back(self, limit: Limit, key: str) -> None:
        """Undo the newest `take`: it turned out not to be what is limited."""

    async def clear(self, limit: Limit, key: str) -> None:
        """Forget the key."""

    def is_degraded(self) -> bool:
        """Whether it counts alone for now, and more strictly, because what it shares with others is away."""

    def problem(self) -> str:
        """Why it is degraded, as a sentence without a full stop for operators; empty when it is not."""


class RequestMeter(Protocol):
    """Counts requests and measures them. Every request passes here, twice."""

    def begun(self) -> None:
        """A request has come in; `ended` follows whatever becomes of it."""

    def ended(self, method: str, endpoint: str, status: int, seconds: float, error_code: str | None) -> None:
        """What became of it. `endpoint` is the route's template, never the path; status 0 means no answer."""


class RequestTrace(Protocol):
    """One request as a part of what other programs do, too."""

    @property
    def log_fields(self) -> Mapping[str, str]:
        """What finds the lines of a log that belong to it: `trace_id` and `span_id`."""

    def ended(self, endpoint: str, status: int, error_code: str | None) -> None:
        """Once; `endpoint` is the route's template, never the path."""


class RequestTracer(Protocol):
    def begin(self, method: str, scheme: str, headers: Mapping[str, str]) -> RequestTrace:
        """A trace that goes on from where the client's headers say it began. Names of headers are in lower case."""
