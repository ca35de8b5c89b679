"""Requests that a client may send twice, because a response can get lost."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

KEY_LIFE = timedelta(hours=24)
"""How long the response to a request with a key is kept."""

TOKEN_LIFE = timedelta(minutes=10)
"""How long the response to a request is kept that is known by its one-time token."""

LEASE = timedelta(seconds=50)
"""A request that has taken this much longer than any may take has been interrupted: time to keep its response, and for
clocks that differ."""

MAX_KEPT = 200
"""How many responses are kept for one account, or for one network of clients that are not signed in."""

MAX_OTHER_BODIES = 5


@dataclass(frozen=True, slots=True)
class RepeatableRequest:
    """`id` distinguishes it from other requests, `body` is the digest of its body, which is never stored.

    `place` is the account or the network whose kept responses are limited in number. `has_key` means that the client
    has named the request itself.
    """

    id: bytes
    body: bytes = field(repr=False)
    place: str
    has_key: bool

    @property
    def life(self) -> timedelta:
        return KEY_LIFE if self.has_key else TOKEN_LIFE


@dataclass(frozen=True, slots=True)
class KeptResponse:
    """`response` is None when the request had another body. `is_ready` is False while the first request is under way.

    `other_bodies` counts requests of the same id that had another body: otherwise a client could try out what the body
    contains.
    """

    response: bytes | None = field(repr=False)
    is_ready: bool
    other_bodies: int
    expires_at: datetime


def request_id(operation: str, caller: UUID | None, key: str, *, has_key: bool) -> bytes:
    """The id of a request: its operation, its caller, and a key or a one-time token."""
    parts = (operation, str(caller or ""), "key" if has_key else "token", key)
    return sha256("\0".join(parts).encode()).digest()
