"""How a request to an endpoint is carried out: admit, decode, call, encode."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

import msgspec
from litestar import Request
from litestar.exceptions import InternalServerException
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from bukhindor.domain.errors import Forbidden, NotFound, RateLimited, TooBusy, WriteConflict
from bukhindor.ports import Clock, RateLimiter
from bukhindor.services.audit_log import AuditLog
from bukhindor.services.authentication import Authentication
from bukhindor.web import json_body
from bukhindor.web.authentication import authenticate
from bukhindor.web.call import Call
from bukhindor.web.endpoint import Access, Endpoint
from bukhindor.web.errors import CrossSiteRequest, IncompleteBody
from bukhindor.web.exchange import Exchange
from bukhindor.web.rate_limits import within
from bukhindor.web.settings import WebSettings
from bukhindor.web.use_cases import UseCases

LitestarRequest = Request[Any, Any, Any]

# Seconds; three further tries.
_PAUSES_AFTER_CONFLICTS = (0.02, 0.1, 0.3)

_Outcome = TypeVar("_Outcome")

_encode = msgspec.json.Encoder().encode


async def read_body(request: LitestarRequest) -> bytes:
    """The whole body. Raises IncompleteBody when the client has gone before its end."""
    try:
        return await request.body()
    except InternalServerException:
        # That is how the framework says that the client has gone.
        raise IncompleteBody from None


async def carry_out(work: Callable[[], Awaitable[_Outcome]], seconds: float) -> _Outcome:
    """The outcome of a use case. Where two of them stood in each other's way, nothing of this one happened: it is
    tried again, after a moment that differs between the two.

    Each wait has its own end; many of them after another could still outlast a client's patience. Raises TooBusy
    after `seconds`: what was not committed by then is undone.
    """
    deadline = asyncio.timeout(seconds)
    try:
        async with deadline:
            for longest_pause in _PAUSES_AFTER_CONFLICTS:
                try:
                    return await work()
                except WriteConflict:
                    await asyncio.sleep(random.uniform(0, longest_pause))  # noqa: S311 - Nothing secret hangs on it.
            return await work()
    except TimeoutError as error:
        if not deadline.expired():
            raise
        raise TooBusy from error


async def record_refusal(log: AuditLog, call: Call, refusal: Exception, route: str) -> None:
    """Have the audit record what a request was refused: limits, rights, and attempts at other people's things."""
    caller, origin = call.signed_in, call.origin
    if isinstance(refusal, RateLimited):
        await log.record_limit(refusal, caller, origin, route)
    elif isinstance(refusal, (Forbidden, CrossSiteRequest)):
        await log.record_refusal(refusal.code, caller, origin, route)
    elif isinstance(refusal, NotFound) and refusal.concealed is not None:
        await log.record_refusal(refusal.code, caller, origin, route, refusal.concealed)


def route_handler(
    endpoint: Endpoint, use_cases: UseCases, settings: WebSettings, limiter: RateLimiter, clock: Clock
) -> HTTPRouteHandler:
    """The framework's handler of one row."""
    authentication, audit_log = use_cases.of(Authentication), use_cases.of(AuditLog)
    handler = partial(endpoint.handler, **{name: use_cases.of(kind) for name, kind in endpoint.use_cases.items()})
    body, query = endpoint.body, endpoint.query
    body_is_optional = body is not None and endpoint.body_is_optional
    needs_caller = endpoint.access in (Access.SIGNED_IN, Access.ADMIN)
    route = endpoint.template

    async def handle(request: LitestarRequest) -> ASGIResponse:
        exchange = Exchange.of(request.scope)
        exchange.route = route
        call = Call(settings, exchange, request.path_params, clock.now())
        try:
            # The body first: a client may send it slowly, and its rights are those of the moment after.
            raw = b"" if body is None else await read_body(request)
            await admit(call)
            arguments = decode(request, exchange, raw)

            def work() -> Awaitable[msgspec.Struct]:
                return carry_out(lambda: handler(call, **arguments), settings.request_timeout)

            answer = await within(limiter, endpoint.limits, exchange.client_ip, work, arguments.get("body"))
        except (Forbidden, NotFound, RateLimited, CrossSiteRequest) as refusal:
            await record_refusal(audit_log, call, refusal, f"{endpoint.method} {route}")
            raise
        return ASGIResponse(body=_encode(answer), status_code=endpoint.status, media_type="application/json")

    async def admit(call: Call) -> None:
        if endpoint.is_for_clients:
            call.check_client_headers()
        if needs_caller:
            call.signed_in = await authenticate(call, authentication, accepts_superseded=endpoint.accepts_superseded)
        if endpoint.access is Access.ADMIN:
            call.caller.require_admin()

    def decode(request: LitestarRequest, exchange: Exchange, raw: bytes) -> dict[str, msgspec.Struct]:
        arguments: dict[str, msgspec.Struct] = {}
        if query is not None:
            arguments["query"] = json_body.decode_query(request.scope["query_string"], query)
        if body is not None and (raw or not body_is_optional):
            headers = exchange.headers
            json_body.check_media_type(headers.get("content-type", ""), headers.get("content-encoding", ""))
            arguments["body"] = json_body.decode(raw, body)
        return arguments

    return HTTPRouteHandler(
        endpoint.path,
        http_method=endpoint.method,  # type: ignore[arg-type]  # The table holds the methods' own names.
        status_code=endpoint.status,
        name=endpoint.operation_id,
    )(handle)
