"""The root of the tree of refusals, and its branches."""

from typing import ClassVar
from uuid import UUID


class BukhindorError(Exception):
    """The root of every refusal."""

    code: ClassVar[str]
    detail: ClassVar[str]

    def __str__(self) -> str:
        return self.detail


class Unauthenticated(BukhindorError):
    """The service can't establish who the caller is."""


class Denied(BukhindorError):
    """The caller is known, but may not do this."""


class NotFound(BukhindorError):
    """The object does not exist, or the caller may not know that it does.

    `concealed` is the id of an object that the caller has no right to see. The response is the same as for an unknown
    id; the audit records the attempt.
    """

    def __init__(self, *, concealed: UUID | None = None) -> None:
        super().__init__()
        self.concealed = concealed


class Conflict(BukhindorError):
    """The request is well formed, but contradicts what is stored."""
