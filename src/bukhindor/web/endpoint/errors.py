"""The one table: refusal → status, headers, problem."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import structlog
from starlette.responses import Response

from bukhindor.domain import errors as domain
from bukhindor.web.edge.exchange import Exchange
from bukhindor.web.edge.problem import CONTENT_TYPE, INTERNAL_ERROR, FieldProblem, problem
from bukhindor.web.endpoint.refusals import BodyTooLarge, MethodNotAllowed, NotReady, WebRefusal
from bukhindor.web.endpoint.wording import worded

_log = structlog.get_logger("bukhindor.web")


STATUS_OF: dict[type[domain.BukhindorError], int] = {
    domain.InvalidInput: 400,
    domain.IncorrectPassword: 400,
    domain.IncorrectFactor: 400,
    domain.InvalidOneTimeToken: 400,
    domain.InvalidMfaToken: 400,
    domain.InvalidWebFlow: 400,
    domain.PasskeyNotAccepted: 400,
    domain.InvalidGuestToken: 400,
    domain.RateLimited: 429,
    domain.NotSignedIn: 401,
    domain.InvalidAccessToken: 401,
    domain.ServiceKeyRequired: 401,
    domain.InvalidServiceKey: 401,
    domain.InvalidCredentials: 401,
    domain.InvalidPasskey: 401,
    domain.InvalidIdToken: 401,
    domain.InvalidAuthorizationCode: 401,
    domain.IdentityEmailNotVerified: 401,
    domain.InvalidRefreshToken: 401,
    domain.RefreshTokenReused: 401,
    domain.Forbidden: 403,
    domain.MissingScope: 403,
    domain.ReauthenticationRequired: 403,
    domain.RegistrationClosed: 403,
    domain.EmailNotVerified: 403,
    domain.MfaRequired: 403,
    domain.MfaEnrollmentRequired: 403,
    domain.AccountLocked: 403,
    domain.AccountBanned: 403,
    domain.AccountInactive: 403,
    domain.FactorNotFound: 404,
    domain.IdentityNotFound: 404,
    domain.InvitationNotFound: 404,
    domain.MailNotFound: 404,
    domain.PasskeyNotFound: 404,
    domain.ProviderNotFound: 404,
    domain.ServiceKeyNotFound: 404,
    domain.UserNotFound: 404,
    domain.SessionNotFound: 404,
    domain.EmailTaken: 409,
    domain.EmailRequired: 409,
    domain.NotAGuest: 409,
    domain.FactorConfirmed: 409,
    domain.NoFactor: 409,
    domain.TooManyFactors: 409,
    domain.IdempotencyKeyReused: 422,
    domain.RedirectNotAllowed: 422,
    domain.IdentityTaken: 409,
    domain.LastAdmin: 409,
    domain.LastSignInMethod: 409,
    domain.PasswordExists: 409,
    domain.TooManyIdentities: 409,
    domain.TooManyPasskeys: 409,
    domain.ServiceKeyNameTaken: 409,
    domain.MailUnderWay: 409,
    domain.TooBusy: 503,
    domain.ProviderUnavailable: 503,
    domain.StoreUnavailable: 503,
    domain.WriteConflict: 503,
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal in the client's language; `errors` exists only when fields are invalid, `members` only for kinds that
    say more.
    """

    status: int
    code: str
    detail: str
    headers: dict[str, str] = field(default_factory=dict)
    errors: tuple[domain.FieldError, ...] = ()
    members: Mapping[str, Any] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """What is wrong with the fields, else the sentence of the refusal: for a person who reads a page."""
        return " ".join(each.message for each in self.errors) or self.detail


def refusal(exchange: Exchange, error: Exception) -> Refusal:
    """Return the refusal for any exception; an unexpected one is logged here, once."""
    refused = _refusal(error)
    if refused.status == INTERNAL_ERROR[0]:
        _log.error("unexpected error", route=exchange.route, exc_info=error)
    exchange.error_code = refused.code
    language = exchange.language
    errors = tuple(replace(each, message=worded(each.code, each.message, language)) for each in refused.errors)
    return replace(refused, detail=worded(refused.code, refused.detail, language), errors=errors)


def problem_response(exchange: Exchange, refused: Refusal) -> Response:
    """Return a refusal as a problem (RFC 9457)."""
    errors = [FieldProblem(each.field, each.message, each.code) for each in refused.errors]
    body = problem(
        refused.status,
        refused.code,
        refused.detail,
        instance=exchange.path,
        request_id=exchange.request_id,
        errors=errors or None,
        **refused.members,
    )
    return Response(body, refused.status, refused.headers, CONTENT_TYPE)


def _refusal(error: Exception) -> Refusal:
    if isinstance(error, domain.BukhindorError):
        errors = error.errors if isinstance(error, domain.InvalidInput) else ()
        return Refusal(STATUS_OF[type(error)], error.code, error.detail, headers_for(error), errors, _members(error))
    if isinstance(error, NotReady):
        parts = tuple(domain.FieldError(part, what, "not_ready") for part, what in error.problems.items())
        return Refusal(error.status, error.code, error.detail, {"retry-after": "5"}, parts)
    if isinstance(error, BodyTooLarge):
        # The rest of the body is not needed.
        return Refusal(error.status, error.code, error.detail, {"connection": "close"})
    if isinstance(error, MethodNotAllowed):
        return Refusal(error.status, error.code, error.detail, {"allow": ", ".join(error.methods)})
    if isinstance(error, WebRefusal):
        return Refusal(error.status, error.code, error.detail)
    return Refusal(*INTERNAL_ERROR)


def _members(error: domain.BukhindorError) -> dict[str, Any]:
    if isinstance(error, domain.AccountClosed):
        return {"reason": error.reason, "until": error.until}
    if isinstance(error, domain.ReauthenticationRequired):
        return {"methods": list(error.methods)}
    if isinstance(error, domain.MfaRequired):
        return {"mfa_token": error.token, "factors": list(error.factors)}
    return {}


def headers_for(error: domain.BukhindorError) -> dict[str, str]:
    """The headers of a refusal, for every form of its body."""
    if isinstance(error, domain.RateLimited):
        wait, hits = str(error.retry_after), str(error.limit.hits)
        return {"retry-after": wait, "ratelimit-limit": hits, "ratelimit-remaining": "0", "ratelimit-reset": wait}
    if isinstance(error, domain.Unavailable):
        return {"retry-after": str(error.retry_after)}
    if isinstance(error, domain.Unauthenticated):
        # RFC 6750 section 3.1: no error code when the request has no token.
        has_bad_token = isinstance(error, domain.InvalidAccessToken | domain.InvalidServiceKey)
        challenge = 'Bearer realm="bukhindor"' + (', error="invalid_token"' if has_bad_token else "")
        if isinstance(error, domain.ServiceKeyRequired | domain.InvalidServiceKey):
            challenge = f'Basic realm="bukhindor", {challenge}'
        return {"www-authenticate": challenge}
    if isinstance(error, domain.MissingScope):
        return {"www-authenticate": f'Bearer realm="bukhindor", error="insufficient_scope", scope="{error.scope}"'}
    if isinstance(error, domain.Forbidden):
        return {"www-authenticate": 'Bearer realm="bukhindor", error="insufficient_scope"'}
    return {}
