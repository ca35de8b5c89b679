"""One row of the route table."""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import Any

import msgspec

from bukhindor.domain.errors import BukhindorError
from bukhindor.web.errors import WebRefusal
from bukhindor.web.rate_limits import NetworkLimit

# The parameters of a handler that a request fills in.
_OF_THE_REQUEST = frozenset({"call", "body", "query"})

Handler = Callable[..., Awaitable[msgspec.Struct]]


class Access(Enum):
    """Who may call. Rules that depend on the user in question are the services'.

    TOKEN_HOLDER leaves it to the handler what to make of a token whose session has ended.
    """

    ANYONE = "anyone"
    TOKEN_HOLDER = "whoever holds a token that we signed"
    SIGNED_IN = "signed in"
    ADMIN = "administrators"


@dataclass(frozen=True)
class Endpoint:
    """`refuses` names what the operation can refuse beside what its access and body imply.

    `rules` is the use case whose documentation tells the rules. The handler's signature names the shapes of body, query
    and answer, and the use cases that it needs; a body with a default may be left out. `accepts_superseded` admits the
    access token that the operation itself makes void, so that a client can repeat it after a lost response.
    """

    method: str
    path: str
    handler: Handler
    access: Access
    tag: str
    status: int = 200
    refuses: tuple[type[BukhindorError | WebRefusal], ...] = ()
    limits: tuple[NetworkLimit, ...] = ()
    rules: Callable[..., Any] | None = None
    accepts_superseded: bool = False

    @cached_property
    def _signature(self) -> inspect.Signature:
        return inspect.signature(self.handler)

    @property
    def use_cases(self) -> dict[str, type[Any]]:
        """The use cases that the handler names as parameters, by the names of these."""
        parameters = self._signature.parameters
        return {name: parameters[name].annotation for name in parameters if name not in _OF_THE_REQUEST}

    @property
    def operation_id(self) -> str:
        return self.handler.__name__

    @property
    def body(self) -> type[msgspec.Struct] | None:
        parameter = self._signature.parameters.get("body")
        return None if parameter is None else parameter.annotation

    @property
    def body_is_optional(self) -> bool:
        return self._signature.parameters["body"].default is not inspect.Parameter.empty

    @property
    def query(self) -> type[msgspec.Struct] | None:
        parameter = self._signature.parameters.get("query")
        return None if parameter is None else parameter.annotation

    @property
    def answer(self) -> type[msgspec.Struct]:
        answer: type[msgspec.Struct] = self._signature.return_annotation
        return answer

    @property
    def is_for_clients(self) -> bool:
        """Whether people's applications call this; probes and other services have no client headers."""
        return self.tag != "Service"

    @property
    def template(self) -> str:
        """The path as documents and logs write it: `/users/{user_id}`."""
        return self.path.replace(":str}", "}")

    def under(self, prefix: str) -> "Endpoint":
        return replace(self, path=prefix + self.path)

    def matches(self, segments: list[str]) -> bool:
        """Whether a path, split at its slashes, leads here by whichever method."""
        own = self.path.split("/")
        return len(own) == len(segments) and all(
            mine.startswith("{") or mine == theirs for mine, theirs in zip(own, segments, strict=True)
        )
