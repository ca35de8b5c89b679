"""Requests that are sent twice: how they are recognised, and their responses as they are kept."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import msgspec
import structlog
from starlette.responses import Response

from bukhindor.domain.errors import FieldError, IdempotencyKeyReused, InvalidInput, Unauthenticated, Unavailable
from bukhindor.domain.repetition import RepeatableRequest
from bukhindor.services.repetition import Repetition
from bukhindor.web.endpoint.authentication import access_token
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.cookies import Cookies
from bukhindor.web.endpoint.refusals import CrossSiteRequest

KEY = "Idempotency-Key"
MAX_KEY = 255

_log = structlog.get_logger("bukhindor.web")


class _Kept(msgspec.Struct, frozen=True):
    """`headers` are those of the response itself, `added` those that the handler added, such as cookies."""

    status: int
    headers: list[tuple[bytes, bytes]]
    added: list[tuple[bytes, bytes]]
    body: bytes


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Kept).decode


async def recognised(
    call: Call,
    repetition: Repetition,
    cookies: Cookies,
    raw: bytes,
    body: msgspec.Struct | None,
    *,
    needs_caller: bool,
) -> tuple[RepeatableRequest | None, Response | None]:
    """The request, if its response is to be kept, and the first response to it, if there is one.

    A request is known by its Idempotency-Key, or else by what its body can do only once: the one-time token, or what
    the body calls its `one_time_text`. Raises InvalidInput, IdempotencyKeyReused.
    """
    key, has_key = _key_of(call), True
    if key is None:
        key, has_key = getattr(body, "one_time_text", None) or getattr(body, "token", None) or None, False
    if key is None:
        return None, None
    caller: UUID | None = None
    if needs_caller:
        try:
            caller = await repetition.caller_of(access_token(call.exchange, cookies))
        except (Unauthenticated, CrossSiteRequest):
            return None, None
        if caller is None:
            return None, None
    operation = f"{call.exchange.method} {call.exchange.address}"
    request = repetition.request(operation, caller, call.origin, raw, key, has_key=has_key)
    try:
        first = await repetition.first_response(request)
    except IdempotencyKeyReused:
        if has_key:
            raise
        return None, None
    return request, None if first is None else _again(call, first)


async def once(
    call: Call,
    repetition: Repetition,
    request: RepeatableRequest,
    longest: timedelta,
    work: Callable[[], Awaitable[Response]],
) -> Response:
    """Do the work and keep its response; give the first one again if the same request is under way elsewhere.

    The work takes no longer than `longest`. What it has decided counts, whether or not the store can keep it.

    Raises IdempotencyKeyReused.
    """
    try:
        first = await repetition.begin(request, longest)
    except IdempotencyKeyReused:
        if request.has_key:
            raise
        # A one-time token decides itself about a second use for another purpose.
        return await work()
    if first is not None:
        return _again(call, first)
    try:
        response = await work()
    except BaseException:
        with _tolerated(call):
            await repetition.give_up(request)
        raise
    kept = _Kept(response.status_code, response.raw_headers, call.exchange.response_headers, bytes(response.body))
    with _tolerated(call):
        await repetition.keep(request, _encode(kept), call.created)
    return response


@contextmanager
def _tolerated(call: Call) -> Iterator[None]:
    """Log that the store has failed after the work was done."""
    try:
        yield
    except Unavailable as unavailable:
        _log.warning("a response was not kept", reason=unavailable.code)


def _again(call: Call, first: bytes) -> Response:
    kept = _decode(first)
    call.exchange.response_headers += [*kept.added, (b"idempotency-replayed", b"true")]
    response = Response(kept.body, kept.status)
    response.raw_headers = kept.headers
    return response


def _key_of(call: Call) -> str | None:
    """The key of the client; quotes around it are those of a structured field (RFC 9651)."""
    raw = call.exchange.headers.get(KEY.lower())
    if raw is None:
        return None
    key = raw.strip(" \t")
    key = key[1:-1] if len(key) > 1 and key[0] == key[-1] == '"' else key
    if not 0 < len(key) <= MAX_KEY or not all("!" <= c <= "~" for c in key):
        raise InvalidInput(
            FieldError(KEY, f"This must have 1 to {MAX_KEY} visible characters.", "invalid_idempotency_key")
        )
    return key
