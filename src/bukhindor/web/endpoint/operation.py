"""How a request to a row is carried out: admit, decode, call, encode."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bukhindor.domain.caller import Caller
from bukhindor.domain.errors import (
    Forbidden,
    InvalidAccessToken,
    InvalidInput,
    InvalidServiceKey,
    InvalidValue,
    MissingScope,
    NotFound,
    NotSignedIn,
    RateLimited,
    TooBusy,
    WriteConflict,
)
from bukhindor.domain.repetition import RepeatableRequest
from bukhindor.ports.system import Clock, RateLimiter
from bukhindor.services.audit_log import AuditLog
from bukhindor.services.authentication import Authentication
from bukhindor.services.repetition import Repetition
from bukhindor.services.service_keys import ServiceKeys
from bukhindor.services.token_refresh import TokenRefresh
from bukhindor.web.edge.exchange import Exchange
from bukhindor.web.edge.settings import WebSettings
from bukhindor.web.endpoint import decoding
from bukhindor.web.endpoint.authentication import authenticate, authenticate_if_possible
from bukhindor.web.endpoint.browser_session import renewed
from bukhindor.web.endpoint.caching import cacheable
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.collaborators import Collaborators
from bukhindor.web.endpoint.cookies import Cookies
from bukhindor.web.endpoint.errors import refusal
from bukhindor.web.endpoint.limits import within
from bukhindor.web.endpoint.refusals import BodyTooLarge, CrossSiteRequest, IncompleteBody, NoSuchEndpoint, WebRefusal
from bukhindor.web.endpoint.repetition import once, recognised
from bukhindor.web.endpoint.row import Access, Row
from bukhindor.web.endpoint.service_key import authenticate_service, presented_key

# A body that declares more digits is counted while it arrives.
_LONGEST_NUMBER = 20
# Seconds; three further tries.
_PAUSES_AFTER_CONFLICTS = (0.02, 0.1, 0.3)

_Outcome = TypeVar("_Outcome")


class Operation:
    """The ASGI application of one row. It responds to every error in the row's own form."""

    def __init__(
        self, row: Row, collaborators: Collaborators, settings: WebSettings, limiter: RateLimiter, clock: Clock
    ) -> None:
        self._row = row
        self._settings, self._limiter, self._clock = settings, limiter, clock
        self._repetition, self._audit_log = collaborators.of(Repetition), collaborators.of(AuditLog)
        self._authentication, self._service_keys = collaborators.of(Authentication), collaborators.of(ServiceKeys)
        self._token_refresh, self._cookies = collaborators.of(TokenRefresh), collaborators.of(Cookies)
        self._handler = partial(
            row.handler, **{name: collaborators.of(kind) for name, kind in row.collaborators.items()}
        )
        self._body, self._query, self._cache_life = row.body, row.query, row.cache_life
        self._body_is_optional = row.body is not None and row.body_is_optional
        self._needs_caller = row.access in (Access.SIGNED_IN, Access.ADMIN)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange.of(scope)
        exchange.route = self._row.path
        call = Call(exchange, scope.get("path_params", {}), self._clock.now())
        try:
            response = await self._answer(call, scope, receive)
            if self._cache_life is not None:
                headers = exchange.headers
                known, accepted = headers.get("if-none-match", ""), headers.get("accept-encoding", "")
                response = cacheable(response, known, accepted, self._cache_life)
        except InvalidValue as invalid:
            response = await self._refuse(call, self._named(invalid))
        except Exception as error:
            response = await self._refuse(call, error)
        await response(scope, receive, send)

    def _named(self, invalid: InvalidValue) -> InvalidInput:
        """What a use case says about a value, with the field that the value came from."""
        field = "" if self._body is None else decoding.field_of(invalid.kind, self._body)
        return InvalidInput(decoding.field_error(field, invalid))

    async def _refuse(self, call: Call, error: Exception) -> Response:
        try:
            await self._record(call, error)
        except Exception as not_recorded:
            error = not_recorded
        return self._row.refuse(call, self._settings, refusal(call.exchange, error))

    async def _answer(self, call: Call, scope: Scope, receive: Receive) -> Response:
        # The body comes first: a client may send it slowly, and its rights are those at the end of the body.
        raw = b"" if self._body is None else await self._read_body(call, receive)
        # Before anything else: the first request may have deleted the account, or used the limit up.
        request, first = await self._recognised(call, raw)
        if first is not None:
            return first
        await self._admit(call)
        call.arguments = self._decode(call, scope, raw)

        async def carried_out() -> Response:
            answer = await carry_out(lambda: self._handle(call), self._settings.request_timeout)
            return self._row.encode(answer)

        def work() -> Awaitable[Response]:
            if request is None:
                return carried_out()
            longest = timedelta(seconds=self._settings.request_timeout)
            return once(call, self._repetition, request, longest, carried_out)

        ip = call.exchange.client_ip
        return await within(self._limiter, self._row.limits, ip, work, call.arguments.get("body"))

    async def _handle(self, call: Call) -> Any:
        if self._row.recognises_caller:
            call.recognised_caller = await authenticate_if_possible(call, self._authentication, self._cookies)
        return await self._handler(call, **call.arguments)

    async def _recognised(self, call: Call, raw: bytes) -> tuple[RepeatableRequest | None, Response | None]:
        if not self._row.repeats_response(call):
            return None, None
        try:
            body = self._decode_body(call, raw)
        except (InvalidInput, WebRefusal):
            # No earlier request had this body. It is refused once the server knows who asks.
            return None, None
        return await recognised(call, self._repetition, self._cookies, raw, body, needs_caller=self._needs_caller)

    async def _read_body(self, call: Call, receive: Receive) -> bytes:
        """Return the whole body. Raises BodyTooLarge, or IncompleteBody when the client closes the connection first."""
        limit = self._settings.max_body_bytes
        declared = call.exchange.headers.get("content-length", "")
        if len(declared) < _LONGEST_NUMBER and declared.isdecimal() and int(declared) > limit:
            raise BodyTooLarge
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise IncompleteBody
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > limit:
                raise BodyTooLarge
            if not message.get("more_body", False):
                return b"".join(chunks)

    async def _admit(self, call: Call) -> None:
        row = self._row
        if row.scope is not None:
            presented = presented_key(call.exchange)
            if presented is not None or row.access is Access.SERVICE:
                await authenticate_service(call, presented, self._service_keys, row.scope)
                return
        if row.is_for_clients and self._settings.require_client_headers:
            call.require_client_headers()
        if row.access is Access.DEVELOPER and not self._settings.mailbox_hosts.answer_to(
            call.exchange.headers.get("host")
        ):
            call.exchange.route = "unmatched"
            raise NoSuchEndpoint
        if self._needs_caller:
            call.signed_in = await self._signed_in(call)
        if row.access is Access.ADMIN:
            call.caller.require_admin()

    async def _signed_in(self, call: Call) -> Caller:
        row = self._row
        try:
            return await authenticate(
                call,
                self._authentication,
                self._cookies,
                accepts_superseded=row.accepts_superseded,
                accepts_single_factor=row.accepts_single_factor,
            )
        except (NotSignedIn, InvalidAccessToken):
            if not row.renews_session:
                raise
        return await renewed(
            call,
            self._authentication,
            self._token_refresh,
            self._cookies,
            accepts_single_factor=row.accepts_single_factor,
        )

    def _decode(self, call: Call, scope: Scope, raw: bytes) -> dict[str, msgspec.Struct]:
        arguments: dict[str, msgspec.Struct] = {}
        if self._query is not None:
            arguments["query"] = decoding.decode_query(scope["query_string"], self._query)
        body = self._decode_body(call, raw)
        if body is not None:
            arguments["body"] = body
        return arguments

    def _decode_body(self, call: Call, raw: bytes) -> msgspec.Struct | None:
        """The body in its shape; None when there is none."""
        if self._body is None or (not raw and self._body_is_optional):
            return None
        return self._row.decode(raw, call, self._settings, self._body)

    async def _record(self, call: Call, error: Exception) -> None:
        """Record a refusal in the audit: limits, rights, and attempts at other people's objects."""
        caller, origin = call.calling_service or call.signed_in, call.origin
        route = f"{self._row.method} {self._row.path}"
        if isinstance(error, RateLimited):
            await self._audit_log.record_limit(error, caller, origin, route)
        elif isinstance(error, (Forbidden, MissingScope, InvalidServiceKey, CrossSiteRequest)):
            await self._audit_log.record_refusal(error.code, caller, origin, route)
        elif isinstance(error, NotFound) and error.concealed is not None:
            await self._audit_log.record_refusal(error.code, caller, origin, route, error.concealed)


async def carry_out(work: Callable[[], Awaitable[_Outcome]], seconds: float) -> _Outcome:
    """Return the outcome of a use case. A write conflict has undone the use case, and the server retries it after a
    random pause, so that the two sides of the conflict do not meet again.

    Each wait has its own time limit; many of them in a row could still outlast a client's patience. Raises TooBusy
    after `seconds`: uncommitted changes are undone.
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
