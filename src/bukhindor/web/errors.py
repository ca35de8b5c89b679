"""The one table: what is refused → status, headers, problem."""

from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException

from bukhindor.domain import errors as domain
from bukhindor.web.exchange import Exchange
from bukhindor.web.problem import MEDIA_TYPE, FieldProblem, problem
from bukhindor.web.wording import worded

_log = structlog.get_logger("bukhindor.web")


class WebRefusal(Exception):
    """A refusal that only HTTP knows; never seen by the core."""

    status: int
    code: str
    detail: str


class MalformedJson(WebRefusal):
    status = 400
    code = "malformed_json"
    detail = "The body is not a JSON object in UTF-8."


class IncompleteBody(WebRefusal):
    status = 400
    code = "incomplete_body"
    detail = "The connection ended before the body did."


class NoSuchEndpoint(WebRefusal):
    status = 404
    code = "not_found"
    detail = "There is nothing at this address."


class CrossSiteRequest(WebRefusal):
    status = 403
    code = "cross_site_request"
    detail = "A cookie signs in only requests of its own site; send an access token instead."


class NotReady(WebRefusal):
    """`problems` says what is not ready, by part."""

    status = 503
    code = "not_ready"
    detail = "The service can't do its work now."

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__()
        self.problems = problems


class UnsupportedMediaType(WebRefusal):
    status = 415
    code = "unsupported_media_type"
    detail = "Send the body as application/json in UTF-8, not compressed."


STATUS_OF: dict[type[domain.BukhindorError], int] = {
    domain.InvalidInput: 400,
    domain.IncorrectPassword: 400,
    domain.InvalidOneTimeToken: 400,
    domain.RateLimited: 429,
    domain.NotSignedIn: 401,
    domain.InvalidAccessToken: 401,
    domain.InvalidCredentials: 401,
    domain.InvalidRefreshToken: 401,
    domain.RefreshTokenReused: 401,
    domain.Forbidden: 403,
    domain.ReauthenticationRequired: 403,
    domain.AccountBanned: 403,
    domain.AccountInactive: 403,
    domain.UserNotFound: 404,
    domain.SessionNotFound: 404,
    domain.EmailTaken: 409,
    domain.LastAdmin: 409,
    domain.TooBusy: 503,
    domain.StoreUnavailable: 503,
    domain.WriteConflict: 503,
}

# Statuses that the framework itself answers with, in our words.
FRAMEWORK = {
    400: ("malformed_request", "The request is not valid HTTP/1.1."),
    404: ("not_found", NoSuchEndpoint.detail),
    405: ("method_not_allowed", "This address does not answer to this method."),
    413: ("body_too_large", "The body is too large."),
}

INTERNAL_ERROR = (500, "internal_error", "Something went wrong on our side; the request id helps us to find out what.")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is a problem; its media type is not among the headers."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    code: str
    detail: str
    headers: dict[str, str]
    errors: tuple[domain.FieldError, ...] = ()


def to_response(request: Request, error: Exception) -> Response[bytes]:  # type: ignore[type-arg]
    """The answer to anything that was raised."""
    answer = refusal(Exchange.of(request.scope), error)
    return Response(answer.body, status_code=answer.status, media_type=MEDIA_TYPE, headers=answer.headers)


def refusal(exchange: Exchange, error: Exception) -> Refusal:
    """The problem for anything that was raised; the unknown is logged here, once."""
    answer = _answer_to(error)
    if answer.status == INTERNAL_ERROR[0]:
        _log.error("unexpected error", request_id=exchange.request_id, route=exchange.route, exc_info=error)
    exchange.error_code = answer.code
    language = exchange.language
    errors = [FieldProblem(e.field, worded(e.code, e.message, language), e.code) for e in answer.errors]
    body = problem(
        answer.status,
        answer.code,
        worded(answer.code, answer.detail, language),
        instance=exchange.path,
        request_id=exchange.request_id,
        errors=errors or None,
    )
    return Refusal(answer.status, answer.headers, body)


def _answer_to(error: Exception) -> _Answer:
    if isinstance(error, domain.BukhindorError):
        errors = error.errors if isinstance(error, domain.InvalidInput) else ()
        return _Answer(STATUS_OF[type(error)], error.code, error.detail, headers_for(error), errors)
    if isinstance(error, NotReady):
        parts = tuple(domain.FieldError(part, what, "not_ready") for part, what in error.problems.items())
        return _Answer(error.status, error.code, error.detail, {"retry-after": "5"}, parts)
    if isinstance(error, WebRefusal):
        return _Answer(error.status, error.code, error.detail, {})
    if isinstance(error, HTTPException) and error.status_code in FRAMEWORK:
        # The rest of a body that is too large is not worth reading.
        headers = {"connection": "close"} if error.status_code == 413 else {}
        return _Answer(error.status_code, *FRAMEWORK[error.status_code], headers)
    return _Answer(*INTERNAL_ERROR, {})


def headers_for(error: domain.BukhindorError) -> dict[str, str]:
    """What a refusal says in headers, in whichever form its body comes."""
    if isinstance(error, domain.RateLimited):
        wait, hits = str(error.retry_after), str(error.limit.hits)
        return {"retry-after": wait, "ratelimit-limit": hits, "ratelimit-remaining": "0", "ratelimit-reset": wait}
    if isinstance(error, domain.Unavailable):
        return {"retry-after": str(error.retry_after)}
    if isinstance(error, domain.Unauthenticated):
        # RFC 6750 section 3.1: no error code when no token was sent.
        has_bad_token = isinstance(error, domain.InvalidAccessToken)
        return {"www-authenticate": 'Bearer realm="bukhindor"' + (', error="invalid_token"' if has_bad_token else "")}
    if isinstance(error, domain.Forbidden):
        return {"www-authenticate": 'Bearer realm="bukhindor", error="insufficient_scope"'}
    return {}
