"""The examples of successful responses: made of the examples of their parts, so that each fits its schema."""

from typing import Any

from bukhindor.web.api.openapi_parameters import AN_ID
from bukhindor.web.api.openapi_schemas import Json

_URL = "http://localhost:8080"
_SESSION_ID = "01890a5d-ac96-774b-bcce-b302099a8058"
_KEY = {
    "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "2Vj7Jq0nYz1mXk4T",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}  # fmt: skip
# By schema and property: parts whose schema shows no example.
_PARTS: dict[str, Json] = {
    "AuditEvent": {
        "type": "sign_in.succeeded", "actor_id": AN_ID, "subject_id": AN_ID, "session_id": _SESSION_ID,
        "ip": "198.51.100.7", "user_agent": "Mozilla/5.0", "device_id": None, "request_id": "0f8fad5bd9cb469f",
        "details": {}, "attempts": 1,
    },
    "AuditEventList": {"next_cursor": None},
    "HealthStatus": {"status": "ok"},
    "Introspected": {
        "active": True, "sub": AN_ID, "sid": _SESSION_ID, "role": "user", "token_type": "Bearer",
        "jti": "0190b2c4-7e1a-7b3e-9d5c-2f6a8e4b1d70", "aud": ["bukhindor"], "client_id": "bukhindor",
        "amr": ["pwd"], "acr": "aal1",
    },
    "Invitation": {"role": "user"},
    "JsonWebKeySet": {"keys": [_KEY]},
    "Identity": {"email_verified": True, "is_private_email": False},
    "Passkey": {"synced": True, "backed_up": True, "transports": ["internal", "hybrid"]},
    "Readiness": {"status": "ok"},
    "RevocationResult": {"revoked": 2},
    "ServerMetadata": {
        "issuer": _URL, "jwks_uri": f"{_URL}/.well-known/jwks.json",
        "introspection_endpoint": f"{_URL}/api/v1/auth/introspect",
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "Bearer"],
        "response_types_supported": [], "grant_types_supported": [], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "acr_values_supported": ["aal1", "aal2"], "claims_supported": ["sub", "role", "acr", "plan"],
    },
    "Session": {
        "current": True, "device_id": "7c9e6679", "app_type": "web", "app_version": "1.4.2 (57)",
        "ip": "198.51.100.7", "user_agent": "Mozilla/5.0",
    },
    "User": {"is_active": True, "role": "user", "status": "active", "email_verified": True, "is_guest": False},
    "UserList": {"total": 1, "page": 1, "limit": 20, "next_cursor": None},
}  # fmt: skip
# Parts that only some responses of an operation have.
_LEFT_OUT = {
    ("Readiness", "degraded"),
    ("SignInResult", "merged_from"),
    ("IdentitySignInResult", "merged_from"),
    ("User", "status_reason"),
    ("User", "status_until"),
    ("User", "locked_at"),
}
# By operation, where several operations share a schema.
_MESSAGES = {
    "begin_as_guest": "Signed in as a guest.",
    "add_password": "The account has a password now.",
    "change_email": "A mail to confirm the new address is on its way; until then the old one stands.",
    "confirm_email": "The address is verified.",
    "confirm_email_change": "The address has been changed.",
    "confirm_password_reset": "The password has been changed. Sign in with the new one.",
    "delete_me": "The account and everything personal is gone.",
    "delete_me_by_post": "The account and everything personal is gone.",
    "delete_user": "The user has been deleted.",
    "end_session": "The session has ended.",
    "end_user_sessions": "The user has been signed out everywhere.",
    "forgot_password": "If there is an account with this address, a mail is on its way.",
    "withdraw_invitation": "The invitation has been withdrawn.",
    "lock_account": "The account is locked. A mail to choose a new password is on its way.",
    "logout": "Signed out.",
    "logout_all": "Signed out.",
    "mail_sign_in_code": "If there is an account with this address, a mail is on its way.",
    "remove_factor": "The second factor has been removed.",
    "reset_user_factors": "The second factors have been removed.",
    "receive_apple_notification": "Received.",
    "unlink_identity": "The account has been unlinked.",
    "remove_passkey": "The passkey has been removed.",
    "reset_password": "If there is an account with this address, a mail is on its way.",
    "reset_user_password": "A mail to choose a new password is on its way.",
    "revoke_token": "The token is not valid any more.",
    "verify_email": "If this address waits to be verified, a mail is on its way.",
}


def example_of(operation: str, schema: Json, schemas: Json) -> Any:
    """An example of the response of `operation`, whose schema this is."""
    example = _example(schema, schemas)
    return example | {"message": _MESSAGES[operation]} if operation in _MESSAGES else example


def _example(schema: Json, schemas: Json) -> Any:
    if "$ref" in schema:
        return _object_example(schema["$ref"].rpartition("/")[2], schemas)
    if "anyOf" in schema and "examples" not in schema:
        return _example(schema["anyOf"][0], schemas)
    if schema.get("type") == "array":
        return [_example(schema["items"], schemas)]
    return schema["examples"][0]


def _object_example(name: str, schemas: Json) -> Json:
    own = _PARTS.get(name, {}) | {"message": ""}
    properties: Json = schemas[name]["properties"]
    return {
        part: own[part] if part in own and "examples" not in schema else _example(schema, schemas)
        for part, schema in properties.items()
        if (name, part) not in _LEFT_OUT
    }
