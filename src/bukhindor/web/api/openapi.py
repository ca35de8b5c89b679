"""The OpenAPI 3.1 document, drawn from the route table: nothing is described twice."""

import inspect
import re
from functools import cache
from http import HTTPStatus
from urllib.parse import urlsplit

import msgspec

from bukhindor import __version__
from bukhindor.domain.errors import (
    AccountBanned,
    AccountInactive,
    BukhindorError,
    Forbidden,
    IdempotencyKeyReused,
    InvalidAccessToken,
    InvalidInput,
    InvalidServiceKey,
    MfaEnrollmentRequired,
    MfaRequired,
    MissingScope,
    NotSignedIn,
    RateLimited,
    ReauthenticationRequired,
    ServiceKeyRequired,
    StoreUnavailable,
    TooBusy,
)
from bukhindor.web.api.openapi_examples import example_of
from bukhindor.web.api.openapi_parameters import AN_ID, PARAMETERS, parameters_of
from bukhindor.web.api.openapi_schemas import Json, component_schemas, reference, words_of
from bukhindor.web.api.routes import ENDPOINTS
from bukhindor.web.edge.problem import INTERNAL_ERROR, MEDIA_TYPE, Problem, phrase_of
from bukhindor.web.endpoint.cookies import ACCESS_TOKEN
from bukhindor.web.endpoint.errors import STATUS_OF
from bukhindor.web.endpoint.refusals import (
    BodyTooLarge,
    CrossSiteRequest,
    DifferentAuthorizations,
    FormExpected,
    IncompleteBody,
    MalformedJson,
    MethodNotAllowed,
    NoSuchEndpoint,
    UnsupportedMediaType,
    WebRefusal,
)
from bukhindor.web.endpoint.row import Access, Endpoint, FormEndpoint

Refusal = type[BukhindorError | WebRefusal]

_DESCRIPTION = """Accounts, sign-in and user management.

Send the access token as `Authorization: Bearer …`. When it has expired, exchange the refresh token for new tokens. If
the response got lost, send the same refresh token again. Every error response is a problem (RFC 9457): rely on its
`error_code`.

An app sets the headers `X-App-Type`, `X-App-Version` and `X-Device-ID` once, for all of its requests: the server stores
them when the app signs in.

Later versions add members to objects and words to lists of words, and remove none: a client ignores a member and treats
a word that it does not know as a case of its own.
"""
_TAGS = {
    "Account": "Create an account, read and change your own",
    "Sign-in": "Exchange passwords and refresh tokens for access tokens",
    "Passkeys": "Sign in without a password",
    "Identities": "Sign in with accounts at other providers",
    "Mailbox": "Proving an address: reset, verification, change",
    "Sessions": "Signed-in devices",
    "Users": "For administrators, and in part for the users themselves",
    "Factors": "Second factors and recovery codes",
    "Audit": "The record of what happened",
    "Service": "Health and public keys",
}
_SECONDS = {"description": "Seconds", "schema": {"type": "integer"}}
_LOCATION = {"description": "Where the browser goes", "schema": {"type": "string", "format": "uri-reference"}}
_HITS = {"description": "Requests", "schema": {"type": "integer"}}
_CLOSED = {"reason": "Spam", "until": "2026-03-01T12:00:00Z"}
# What only some kinds of problem have, by their code.
_MEMBERS: dict[str, Json] = {
    AccountBanned.code: _CLOSED,
    AccountInactive.code: _CLOSED,
    ReauthenticationRequired.code: {"methods": ["pwd"]},
    MfaRequired.code: {"mfa_token": "q83vEjRWeJ…", "factors": ["totp", "recovery_code"]},
}

_COOKIE = (
    "The server sets it when a browser signs in. It acts for pages of the server's own origin; other clients send the "
    "bearer token."
)
# The only refusal of what any client may read at any time; the server itself refuses.
_HEADERS_TOO_LARGE = ("headers_too_large", "The request has too many or too large headers.")
# Any request may meet these, some before an operation is found.
_CODES_OF_ANY_REQUEST = (
    NoSuchEndpoint.code, MethodNotAllowed.code, IncompleteBody.code, INTERNAL_ERROR[1], "malformed_request",
    "request_timeout", "url_too_long", "headers_too_large", "too_busy",
)  # fmt: skip

_SIGNED_IN: list[Json] = [{"bearer": []}, {"cookie": []}]
# With a refresh token in the body, the holder of a token needs nothing else.
_SECURITY_OF: dict[Access, list[Json]] = {
    Access.ANYONE: [],
    Access.TOKEN_HOLDER: [*_SIGNED_IN, {}],
    Access.SERVICE: [{"serviceKey": []}, {"serviceKeyByName": []}],
}


@cache
def openapi_json(public_url: str, server: str | None = None) -> bytes:
    """The document as indented JSON; `server` is a path on the server that the document comes from, in place of the
    public URL.
    """
    return msgspec.json.format(msgspec.json.encode(_document(public_url, server or public_url)), indent=2) + b"\n"


def _document(public_url: str, server: str) -> Json:
    schemas = _schemas()
    paths: dict[str, Json] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Bukhindor Backend",
            "version": __version__,
            "description": _DESCRIPTION,
            "contact": {"name": "Bukhindor Backend contributors"},
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": server}],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": PARAMETERS,
            "securitySchemes": _security_schemes(public_url),
        },
    }


def _security_schemes(public_url: str) -> Json:
    cookie = ACCESS_TOKEN.name_for(is_https=public_url.startswith("https://"), path=urlsplit(public_url).path)
    bearer = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "The access token"}
    by_browser = {"type": "apiKey", "in": "cookie", "name": cookie, "description": _COOKIE}
    key = {"type": "http", "scheme": "bearer", "bearerFormat": "bk_…", "description": "The key of another service"}
    by_name = {"type": "http", "scheme": "basic", "description": "The name of a service key, and the key as password"}
    return {"bearer": bearer, "cookie": by_browser, "serviceKey": key, "serviceKeyByName": by_name}


def _schemas() -> Json:
    bodies = [endpoint.body for endpoint in ENDPOINTS if endpoint.body is not None]
    queries = [endpoint.query for endpoint in ENDPOINTS if endpoint.query is not None]
    answers = [endpoint.answer for endpoint in ENDPOINTS if endpoint.answer is not None]
    schemas = component_schemas(bodies, queries, [*answers, Problem])
    codes = {refusal.code for endpoint in ENDPOINTS for refusal in _refusals(endpoint)} | set(_CODES_OF_ANY_REQUEST)
    schemas["Problem"]["properties"]["error_code"] |= words_of(sorted(codes))
    return schemas


def _operation(endpoint: Endpoint, schemas: Json) -> Json:
    summary, _, note = (inspect.getdoc(endpoint.handler) or "").partition("\n\n")
    description = "\n\n".join(filter(None, [*_rules(endpoint), note]))
    operation: Json = {"operationId": endpoint.operation_id, "summary": summary, "tags": [endpoint.tag]}
    if description:
        operation["description"] = description
    operation["security"] = _security(endpoint)
    if parameters := parameters_of(endpoint):
        operation["parameters"] = parameters
    if endpoint.body is not None:
        operation["requestBody"] = {
            "required": not endpoint.body_is_optional,
            "content": {media_type: {"schema": reference(endpoint.body)} for media_type in endpoint.body_media_types},
        }
    operation["responses"] = _responses(endpoint, schemas)
    return operation


def _security(endpoint: Endpoint) -> list[Json]:
    ways_in = _SECURITY_OF.get(endpoint.access, _SIGNED_IN)
    if endpoint.scope is None or endpoint.access is Access.SERVICE:
        return ways_in
    return [*ways_in, {"serviceKey": []}]


def _rules(endpoint: Endpoint) -> list[str]:
    """The documentation of the use case without the part about exceptions, which the responses describe."""
    # Python 3.13 documents None.
    if endpoint.rules is None:
        return []
    paragraphs = (inspect.getdoc(endpoint.rules) or "").split("\n\n")
    rules = [" ".join(text.split()) for text in paragraphs if text and not text.startswith("Raises ")]
    return rules if endpoint.scope is None else [*rules, f"For services with a key: scope `{endpoint.scope}`."]


def _responses(endpoint: Endpoint, schemas: Json) -> Json:
    success: Json = {"description": phrase_of(endpoint.status)}
    if endpoint.answer is not None:
        schema = reference(endpoint.answer)
        example = example_of(endpoint.operation_id, schema, schemas)
        success["content"] = {"application/json": {"schema": schema, "example": example}}
    responses: Json = {str(endpoint.status): success}
    if HTTPStatus.MULTIPLE_CHOICES <= endpoint.status < HTTPStatus.BAD_REQUEST:
        success["headers"] = {"Location": _LOCATION}
    if endpoint.cache_life is not None:
        responses["304"] = {"description": phrase_of(304)}
    causes: dict[int, list[tuple[str, str]]] = {}
    for refusal in _refusals(endpoint):
        status = STATUS_OF[refusal] if issubclass(refusal, BukhindorError) else refusal.status
        causes.setdefault(status, []).append((refusal.code, refusal.detail))
    if not causes or min(causes) >= HTTPStatus.INTERNAL_SERVER_ERROR:
        causes[431] = [_HEADERS_TOO_LARGE]
    causes[500] = [INTERNAL_ERROR[1:]]
    for status, problems in sorted(causes.items()):
        responses[str(status)] = _problem_response(endpoint, status, problems)
    return responses


def _refusals(endpoint: Endpoint) -> list[Refusal]:
    """The refusals that the row names, and those that follow from its access and its body."""
    refusals: list[Refusal] = list(endpoint.refuses)
    if endpoint.is_for_clients or endpoint.body is not None:
        refusals += [InvalidInput, StoreUnavailable]
    if isinstance(endpoint, FormEndpoint) and endpoint.body is not None:
        refusals += [FormExpected, BodyTooLarge]
    if endpoint.body is not None and "application/json" in endpoint.body_media_types:
        refusals += [MalformedJson, UnsupportedMediaType, BodyTooLarge]
    if endpoint.access is Access.SERVICE:
        refusals += [DifferentAuthorizations, ServiceKeyRequired]
    elif endpoint.access is not Access.ANYONE:
        refusals += [DifferentAuthorizations, NotSignedIn, InvalidAccessToken]
        if endpoint.method != "GET":
            refusals.append(CrossSiteRequest)
        if endpoint.access is not Access.TOKEN_HOLDER and not endpoint.accepts_single_factor:
            refusals.append(MfaEnrollmentRequired)
    if endpoint.keeps_response:
        refusals += [IdempotencyKeyReused, TooBusy]
    if endpoint.access is Access.ADMIN:
        refusals.append(Forbidden)
    if endpoint.scope is not None:
        refusals += [InvalidServiceKey, MissingScope, RateLimited]
    if endpoint.limits:
        refusals.append(RateLimited)
    return list(dict.fromkeys(refusals))


def _problem_response(endpoint: Endpoint, status: int, causes: list[tuple[str, str]]) -> Json:
    examples = {
        code: {
            "summary": detail,
            "value": {
                "type": "about:blank",
                "title": phrase_of(status),
                "status": status,
                "detail": detail,
                "instance": re.sub(r"{\w+}", AN_ID, endpoint.path),
                "error": detail,
                "code": status,
                "error_code": code,
                "request_id": "0b6e7f9c2d5a4e0f9b7c1a2d3e4f5a6b",
                **_MEMBERS.get(code, {}),
            },
        }
        for code, detail in causes
    }
    response: Json = {
        "description": " ".join(f"`{code}`: {detail}" for code, detail in causes),
        "content": {MEDIA_TYPE: {"schema": reference(Problem), "examples": examples}},
    }
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response["headers"] = {"Retry-After": _SECONDS}
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        limit = {"RateLimit-Limit": _HITS, "RateLimit-Remaining": _HITS, "RateLimit-Reset": _SECONDS}
        response["headers"] = {"Retry-After": _SECONDS, **limit}
    if status == HTTPStatus.UNAUTHORIZED:
        response["headers"] = {"WWW-Authenticate": {"description": "RFC 6750", "schema": {"type": "string"}}}
    return response
