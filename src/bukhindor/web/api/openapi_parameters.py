"""The parameters of the operations: in the path, in the query string and in headers."""

import re

import msgspec

from bukhindor.domain.device import MAX_APP_VERSION, MAX_DEVICE_ID, AppType
from bukhindor.web.api.openapi_schemas import Json, query_schemas, reference
from bukhindor.web.api.shapes import TokensShape
from bukhindor.web.endpoint.repetition import KEY, MAX_KEY
from bukhindor.web.endpoint.row import Endpoint

_APP_VERSION = {"type": "string", "pattern": "^[!-~]([ -~]*[!-~])?$", "maxLength": MAX_APP_VERSION}
_DEVICE_ID = {"type": "string", "pattern": f"^[!-~]{{1,{MAX_DEVICE_ID}}}$"}
_KEY = {"type": "string", "pattern": "^[!-~]+$", "maxLength": MAX_KEY}
_KEPT = (
    "A name of your choice for this request: sent again with the same body within 24 hours, it gets the first response "
    "again, with the header `Idempotency-Replayed: true`"
)
_TRANSPORT = {"type": "string", "enum": ["body", "cookie"], "default": "body"}
_IN_COOKIE = (
    "`cookie`: the refresh token is in a cookie that scripts can't read, and not in the body. Set it for all requests."
)


def _header(name: str, description: str, schema: Json, example: str) -> Json:
    described = {"name": name, "in": "header", "required": False, "description": description}
    return described | {"schema": schema, "example": example}


def _in_path(name: str, description: str) -> Json:
    schema = {"type": "string", "format": "uuid"}
    described = {"name": name, "in": "path", "required": True, "description": description}
    return described | {"schema": schema, "example": AN_ID}


AN_ID = "01890a5d-ac96-774b-bcce-b302099a8057"
# By the name of the component.
PARAMETERS = {
    "AppType": _header("X-App-Type", "The kind of the app, for the list of devices", reference(AppType), "web"),
    "AppVersion": _header(
        "X-App-Version", "The version of the app, for the list of devices", _APP_VERSION, "1.4.2 (57)"
    ),
    "DeviceId": _header("X-Device-ID", "The app's own id of the device", _DEVICE_ID, "7c9e6679"),
    "DeviceProof": _header("X-Device-Proof", "`device_proof` of an earlier session", {"type": "string"}, "bkd_AZpS4k"),
    "TokenTransport": _header("X-Token-Transport", _IN_COOKIE, _TRANSPORT, "cookie"),
    "IdempotencyKey": _header(KEY, _KEPT, _KEY, "8e03978e-40d5-43dd-bc93-6894a57f9324"),
    "FactorId": _in_path("factor_id", "`id` of a second factor"),
    "IdentityOrProvider": _in_path(
        "identity", "To link: the name of a provider, such as `google`. To unlink: `id` of a linked account"
    ),
    "Provider": _in_path("provider", "The name of a provider, such as `google`"),
    "InvitationId": _in_path("invitation_id", "`id` of an invitation"),
    "PasskeyId": _in_path("passkey_id", "`id` of a passkey"),
    "SessionId": _in_path("session_id", "`id` of a session"),
    "UserId": _in_path("user_id", "`id` of a user"),
}
_OF_PATH = {parameter["name"]: name for name, parameter in PARAMETERS.items()}
# They belong to a client, not to a call: only the operation that stores them names them.
_STORED_HEADERS = ("AppType", "AppVersion", "DeviceId", "DeviceProof")


def parameters_of(endpoint: Endpoint) -> list[Json]:
    return [*_path_parameters(endpoint), *_query_parameters(endpoint), *_headers(endpoint)]


def _path_parameters(endpoint: Endpoint) -> list[Json]:
    return [_shared(_OF_PATH[name]) for name in re.findall(r"{(\w+)}", endpoint.path)]


def _query_parameters(endpoint: Endpoint) -> list[Json]:
    if endpoint.query is None:
        return []
    parameters = []
    required = {field.encode_name for field in msgspec.structs.fields(endpoint.query) if field.required}
    for name, schema in query_schemas(endpoint.query).items():
        parameter = {"name": name, "in": "query", "required": name in required, "schema": schema}
        description = schema.pop("description", None)
        parameters.append(parameter if description is None else parameter | {"description": description})
    return parameters


def _headers(endpoint: Endpoint) -> list[Json]:
    parts = () if endpoint.answer is None else msgspec.structs.fields(endpoint.answer)
    issues_tokens = any(part.type is TokensShape for part in parts)
    stored = _STORED_HEADERS if endpoint.starts_session else ()
    transport = ("TokenTransport",) if issues_tokens else ()
    key = ("IdempotencyKey",) if endpoint.keeps_response else ()
    return [_shared(name) for name in (*stored, *transport, *key)]


def _shared(parameter: str) -> Json:
    return {"$ref": f"#/components/parameters/{parameter}"}
