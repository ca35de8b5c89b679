"""One row of the route table, and how a request to it is carried out: admit, decode, call, encode."""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import InternalServerException
from litestar.handlers import HTTPRouteHandler

from bukhindor.domain.errors import BukhindorError
from bukhindor.ports import Clock
from bukhindor.services import Services
from bukhindor.web import json_body
from bukhindor.web.authentication import authenticate
from bukhindor.web.call import Call
from bukhindor.web.errors import IncompleteBody, WebRefusal
from bukhindor.web.exchange import Exchange
from bukhindor.web.settings import WebSettings

LitestarRequest = Request[Any, Any, Any]
Handler = Callable[..., Awaitable[msgspec.Struct]]

_encode = msgspec.json.Encoder().encode


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

    `rules` is the use case whose documentation tells the rules. The shapes of body, query and answer are those
    that the handler's signature names; a body with a default may be left out.
    """

    method: str
    path: str
    handler: Handler
    access: Access
    tag: str
    status: int = 200
    refuses: tuple[type[BukhindorError | WebRefusal], ...] = ()
    rules: Callable[..., Any] | None = None

    @cached_property
    def _signature(self) -> inspect.Signature:
        return inspect.signature(self.handler)

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


async def _read_body(request: LitestarRequest) -> bytes:
    try:
        return await request.body()
    except InternalServerException:
        # That is how the framework says that the client has gone.
        raise IncompleteBody from None


def route_handler(endpoint: Endpoint, services: Services, settings: WebSettings, clock: Clock) -> HTTPRouteHandler:
    """The framework's handler of one row."""
    body, query = endpoint.body, endpoint.query
    body_is_optional = body is not None and endpoint.body_is_optional
    needs_caller = endpoint.access in (Access.SIGNED_IN, Access.ADMIN)
    route = endpoint.template

    async def handle(request: LitestarRequest) -> Response[bytes]:
        exchange = Exchange.of(request.scope)
        exchange.route = route
        call = Call(services, settings, exchange, request.path_params, clock.now())
        if endpoint.is_for_clients:
            call.check_client_headers()
        if needs_caller:
            call.signed_in = await authenticate(call)
            if endpoint.access is Access.ADMIN:
                call.caller.require_admin()
        arguments: dict[str, msgspec.Struct] = {}
        if query is not None:
            arguments["query"] = json_body.decode_query(request.scope["query_string"], query)
        if body is not None:
            raw = await _read_body(request)
            if raw or not body_is_optional:
                headers = exchange.headers
                json_body.check_media_type(headers.get("content-type", ""), headers.get("content-encoding", ""))
                arguments["body"] = json_body.decode(raw, body)
        answer = await endpoint.handler(call, **arguments)
        return Response(_encode(answer), status_code=endpoint.status, media_type="application/json")

    return HTTPRouteHandler(
        endpoint.path,
        http_method=endpoint.method,  # type: ignore[arg-type]  # The table holds the methods' own names.
        status_code=endpoint.status,
        name=endpoint.operation_id,
    )(handle)
