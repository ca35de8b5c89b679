"""The OpenAPI 3.1 document, drawn from the route table: nothing is described twice."""

import inspect
import re
from functools import cache
from http import HTTPStatus
from typing import Any

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
    MissingScope,
    NotSignedIn,
    RateLimited,
    ServiceKeyRequired,
    StoreUnavailable,
    TooBusy,
)
from bukhindor.domain.metadata import MetadataPatch
from bukhindor.web.api.routes import ENDPOINTS
from bukhindor.web.api.shapes import TokensShape
from bukhindor.web.edge.problem import INTERNAL_ERROR, MEDIA_TYPE, Problem, phrase_of
from bukhindor.web.endpoint.errors import (
    STATUS_OF,
    BodyTooLarge,
    CrossSiteRequest,
    DifferentAuthorizations,
    FormExpected,
    MalformedJson,
    UnsupportedMediaType,
    WebRefusal,
)
from bukhindor.web.endpoint.repetition import KEY, MAX_KEY
from bukhindor.web.endpoint.row import Access, Endpoint, FormEndpoint

Json = dict[str, Any]
Refusal = type[BukhindorError | WebRefusal]

_REF = "#/components/schemas/{name}"
_DESCRIPTION = """Accounts, sign-in and user management.

Send the access token as `Authorization: Bearer …`. When it has expired, exchange the refresh token for new tokens. If
the response got lost, send the same refresh token again. Every error response is a problem (RFC 9457): rely on its
`error_code`.
"""
_TAGS = {
    "Account": "Create an account, read and change your own",
    "Sign-in": "Exchange passwords and refresh tokens for access tokens",
    "Mailbox": "Proving an address: reset, verification, change",
    "Sessions": "Signed-in devices",
    "Users": "For administrators, and in part for the users themselves",
    "Audit": "The record of what happened",
    "Service": "Health and public keys",
}
_SECONDS = {"description": "Seconds", "schema": {"type": "integer"}}
_HITS = {"description": "Requests", "schema": {"type": "integer"}}
_CLOSED_CODES = (AccountBanned.code, AccountInactive.code)
_CLOSED = {"reason": "Spam", "until": "2026-03-01T12:00:00Z"}
_CLIENT_HEADERS = {
    "X-App-Type": (
        {"type": "string", "enum": ["ios", "android", "web", "windows", "macos", "linux", "desktop"]},
        "web",
    ),
    "X-App-Version": ({"type": "string", "pattern": "^[!-~]([ -~]*[!-~])?$", "maxLength": 32}, "1.4.2 (57)"),
    "X-Device-ID": ({"type": "string", "pattern": "^[!-~]{1,128}$"}, "7c9e6679"),
}
# A session that goes on does not fail because of one that is not understood.
_IGNORED_HEADERS = {name: ({"type": "string"}, example) for name, (_, example) in _CLIENT_HEADERS.items()}

_SIGNED_IN: list[Json] = [{"bearer": []}, {"cookie": []}]
# With a refresh token in the body, the holder of a token needs nothing else.
_SECURITY_OF: dict[Access, list[Json]] = {
    Access.ANYONE: [],
    Access.TOKEN_HOLDER: [*_SIGNED_IN, {}],
    Access.SERVICE: [{"serviceKey": []}, {"serviceKeyByName": []}],
}
# `cookie`: the refresh token travels in a cookie that scripts can't read, and not in the body.
_TOKEN_HEADERS = {"X-Token-Transport": ({"type": "string", "enum": ["body", "cookie"], "default": "body"}, "cookie")}

_KEY_PARAMETER: Json = {
    "name": KEY,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": "^[!-~]+$", "maxLength": MAX_KEY},
    "description": "A name of your choice for this request: sent again with the same body within 24 hours, it gets the "
    "first response again, with the header `Idempotency-Replayed: true`",
    "example": "8e03978e-40d5-43dd-bc93-6894a57f9324",
}


@cache
def openapi_json(server: str) -> bytes:
    """The document as indented JSON; `server` is a URL, or a path on the server that the document comes from."""
    return msgspec.json.format(msgspec.json.encode(_document(server)), indent=2) + b"\n"


def _document(server: str) -> Json:
    paths: dict[str, Json] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Bukhindor Backend",
            "version": __version__,
            "description": _DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": server}],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "access_token"},
                "serviceKey": {"type": "http", "scheme": "bearer", "bearerFormat": "bk_…"},
                "serviceKeyByName": {"type": "http", "scheme": "basic"},
            },
        },
    }


def _schemas() -> Json:
    shapes = {shape for endpoint in ENDPOINTS for shape in (endpoint.body, endpoint.answer) if shape is not None}
    ordered = sorted(shapes, key=lambda shape: shape.__name__)
    _, components = msgspec.json.schema_components([*ordered, Problem], ref_template=_REF, schema_hook=_wire_schema)
    return {name: _typed(schema) for name, schema in sorted(components.items())}


def _wire_schema(kind: type) -> Json:
    """The schema of what a domain type is read from."""
    return {"type": "object"} if kind is MetadataPatch else {"type": "string"}


def _typed(schema: Json) -> Json:
    """The schema with an explicit type for every enumeration: generators of clients need it."""
    if "properties" in schema:
        typed = {name: _typed(part) for name, part in schema["properties"].items()}
        return {**schema, "properties": typed}
    return {"type": "string", **schema} if "enum" in schema else schema


def _operation(endpoint: Endpoint) -> Json:
    summary, _, note = (inspect.getdoc(endpoint.handler) or "").partition("\n\n")
    description = "\n\n".join(filter(None, [*_rules(endpoint), note]))
    operation: Json = {"operationId": endpoint.operation_id, "summary": summary, "tags": [endpoint.tag]}
    if description:
        operation["description"] = description
    operation["security"] = _security(endpoint)
    parameters = [*_path_parameters(endpoint), *_query_parameters(endpoint), *_client_headers(endpoint)]
    parameters += [_KEY_PARAMETER] if endpoint.keeps_response else []
    if parameters:
        operation["parameters"] = parameters
    if endpoint.body is not None:
        operation["requestBody"] = {
            "required": not endpoint.body_is_optional,
            "content": {media_type: {"schema": _ref(endpoint.body)} for media_type in endpoint.body_media_types},
        }
    operation["responses"] = _responses(endpoint)
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


def _path_parameters(endpoint: Endpoint) -> list[Json]:
    schema = {"type": "string", "format": "uuid"}
    names = re.findall(r"{(\w+)}", endpoint.path)
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in names]


def _query_parameters(endpoint: Endpoint) -> list[Json]:
    if endpoint.query is None:
        return []
    (_,), components = msgspec.json.schema_components([endpoint.query], ref_template=_REF, schema_hook=_wire_schema)
    properties: Json = components[endpoint.query.__name__]["properties"]
    return [
        {"name": name, "in": "query", "required": False, "schema": _inlined(schema, components)}
        for name, schema in properties.items()
    ]


def _inlined(schema: Json, components: Json) -> Json:
    """A parameter's schema without references."""
    schema = dict(schema)
    reference = schema.pop("$ref", None)
    for option in schema.pop("anyOf", []):
        if "$ref" in option:
            reference = option["$ref"]
        elif option["type"] != "null":
            schema.update(option)
    if reference is not None:
        schema.update(_typed(components[reference.rpartition("/")[2]]))
    return schema


def _client_headers(endpoint: Endpoint) -> list[Json]:
    if not endpoint.is_for_clients:
        return []
    parts = () if endpoint.answer is None else msgspec.structs.fields(endpoint.answer)
    issues_tokens = any(part.type is TokensShape for part in parts)
    own = _CLIENT_HEADERS if endpoint.starts_session else _IGNORED_HEADERS
    return [
        {"name": name, "in": "header", "required": False, "schema": schema, "example": example}
        for name, (schema, example) in (own | (_TOKEN_HEADERS if issues_tokens else {})).items()
    ]


def _responses(endpoint: Endpoint) -> Json:
    success: Json = {"description": phrase_of(endpoint.status)}
    if endpoint.answer is not None:
        success["content"] = {"application/json": {"schema": _ref(endpoint.answer)}}
    responses: Json = {str(endpoint.status): success}
    if endpoint.cache_life is not None:
        responses["304"] = {"description": phrase_of(304)}
    causes: dict[int, list[tuple[str, str]]] = {}
    for refusal in _refusals(endpoint):
        status = STATUS_OF[refusal] if issubclass(refusal, BukhindorError) else refusal.status
        causes.setdefault(status, []).append((refusal.code, refusal.detail))
    causes[500] = [INTERNAL_ERROR[1:]]
    for status, problems in sorted(causes.items()):
        responses[str(status)] = _problem_response(status, problems)
    return responses


def _refusals(endpoint: Endpoint) -> list[Refusal]:
    """The refusals that the row names, and those that follow from its access and its body."""
    refusals: list[Refusal] = list(endpoint.refuses)
    if endpoint.is_for_clients or endpoint.body is not None:
        refusals += [InvalidInput, StoreUnavailable]
    if isinstance(endpoint, FormEndpoint):
        refusals += [FormExpected, BodyTooLarge]
    if endpoint.body is not None and "application/json" in endpoint.body_media_types:
        refusals += [MalformedJson, UnsupportedMediaType, BodyTooLarge]
    if endpoint.access is Access.SERVICE:
        refusals += [DifferentAuthorizations, ServiceKeyRequired]
    elif endpoint.access is not Access.ANYONE:
        refusals += [DifferentAuthorizations, NotSignedIn, InvalidAccessToken]
        if endpoint.method != "GET":
            refusals.append(CrossSiteRequest)
    if endpoint.keeps_response:
        refusals += [IdempotencyKeyReused, TooBusy]
    if endpoint.access is Access.ADMIN:
        refusals.append(Forbidden)
    if endpoint.scope is not None:
        refusals += [InvalidServiceKey, MissingScope, RateLimited]
    if endpoint.limits:
        refusals.append(RateLimited)
    return list(dict.fromkeys(refusals))


def _problem_response(status: int, causes: list[tuple[str, str]]) -> Json:
    examples = {
        code: {
            "summary": detail,
            "value": {
                "type": "about:blank",
                "title": phrase_of(status),
                "status": status,
                "detail": detail,
                "instance": "/api/v1/auth/me",
                "error": detail,
                "code": status,
                "error_code": code,
                "request_id": "0b6e7f9c2d5a4e0f9b7c1a2d3e4f5a6b",
                **(_CLOSED if code in _CLOSED_CODES else {}),
            },
        }
        for code, detail in causes
    }
    response: Json = {
        "description": " ".join(f"`{code}`: {detail}" for code, detail in causes),
        "content": {MEDIA_TYPE: {"schema": _ref(Problem), "examples": examples}},
    }
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response["headers"] = {"Retry-After": _SECONDS}
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        limit = {"RateLimit-Limit": _HITS, "RateLimit-Remaining": _HITS, "RateLimit-Reset": _SECONDS}
        response["headers"] = {"Retry-After": _SECONDS, **limit}
    if status == HTTPStatus.UNAUTHORIZED:
        response["headers"] = {"WWW-Authenticate": {"description": "RFC 6750", "schema": {"type": "string"}}}
    return response


def _ref(shape: type[msgspec.Struct]) -> Json:
    return {"$ref": _REF.format(name=shape.__name__)}
