"""The description of the API: right, complete, current, and true"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_schema_validator import OAS31Validator, oas31_format_checker
from openapi_spec_validator import OpenAPIV31SpecValidator

from bukhindor.domain.caller import Operator
from bukhindor.domain.service_key import Scope, ServiceKeyName
from bukhindor.web.api.openapi import openapi_json
from bukhindor.web.api.routes import ENDPOINTS
from bukhindor.web.endpoint.row import Access, Endpoint
from tests.http.authenticator import answers_about_factors
from tests.http.passkey_scenes import passkey_answers
from tests.http.service import PASSWORD, PUBLIC_URL, Json, Service

ON_DISK = Path(__file__).parents[2] / "docs" / "openapi.json"
DOCUMENT: Json = json.loads(openapi_json(PUBLIC_URL))
SCHEMAS: Json = DOCUMENT["components"]["schemas"]
FORM = {"content-type": "application/x-www-form-urlencoded"}
MISSING = "01890a5d-ac96-774b-bcce-b302099a8057"
# Present only when fields are to be named, a closed account is refused, or an administrator asks.
SOMETIMES = {
    ("Problem", "errors"),
    ("Problem", "reason"),
    ("Problem", "until"),
    ("Problem", "methods"),
    ("Problem", "mfa_token"),
    ("Problem", "factors"),
    ("FactorConfirmation", "recovery_codes"),
    ("Readiness", "degraded"),
    ("SignInResult", "merged_from"),
    ("IdentitySignInResult", "merged_from"),
    ("User", "status_reason"),
    ("User", "status_until"),
    ("User", "locked_at"),
    *(
        ("Introspected", name)
        for name in "sub sid role iss exp token_type jti iat aud client_id auth_time amr acr".split()
    ),
}


def operation_of(endpoint: Endpoint) -> Json:
    found: Json = DOCUMENT["paths"][endpoint.path][endpoint.method.lower()]
    return found


def name_of(endpoint: Endpoint) -> str:
    return endpoint.operation_id


def references(node: Any) -> Iterator[str]:
    """The names of the schemas that a piece of the document refers to, and that those refer to."""
    match node:
        case {"$ref": str(reference)}:
            name = reference.rpartition("/")[2]
            yield name
            yield from references(SCHEMAS[name])
        case dict():
            for value in node.values():
                yield from references(value)
        case list():
            for value in node:
                yield from references(value)


def test_it_is_valid_openapi_3_1() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


def test_the_copy_in_the_repository_is_current() -> None:
    """`make openapi` rewrites it."""
    assert ON_DISK.read_bytes() == openapi_json(PUBLIC_URL)


def test_it_tells_every_endpoint_and_no_other() -> None:
    """ERR-05"""
    described = {(method.upper(), path) for path, item in DOCUMENT["paths"].items() for method in item}
    assert described == {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS}


def test_names_of_operations_stand_once_and_tags_are_explained() -> None:
    operations = [operation for item in DOCUMENT["paths"].values() for operation in item.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    explained = {tag["name"] for tag in DOCUMENT["tags"]}
    assert {tag for operation in operations for tag in operation["tags"]} == explained


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=name_of)
def test_an_operation_tells_what_it_is_who_may_call_and_what_can_come_back(endpoint: Endpoint) -> None:
    operation = operation_of(endpoint)
    responses = operation["responses"]
    assert operation["summary"]
    assert not operation["summary"].endswith(".")
    assert str(endpoint.status) in responses
    assert "500" in responses
    is_public = endpoint.access is Access.ANYONE
    tokens: list[Json] = [{"bearer": []}, {"cookie": []}]
    key: list[Json] = [{"serviceKey": []}]
    ways_in = {
        Access.ANYONE: [],
        Access.TOKEN_HOLDER: [*tokens, {}],
        Access.SERVICE: [*key, {"serviceKeyByName": []}],
    }
    opened = key if endpoint.scope is not None else []
    assert operation["security"] == ways_in.get(endpoint.access, tokens + opened)
    assert is_public or "401" in responses
    assert endpoint.body is None or {"400", "413", "415"} <= set(responses)
    for status, response in responses.items():
        assert response["description"]
        media_types = list(response.get("content", {}))
        if int(status) >= 400:
            assert media_types == ["application/problem+json"]
        elif int(status) == 304 or endpoint.answer is None:
            assert media_types == []
        else:
            assert media_types == ["application/json"]


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=name_of)
def test_examples_of_refusals_are_refusals(endpoint: Endpoint) -> None:
    for status, response in operation_of(endpoint)["responses"].items():
        for media in response.get("content", {}).values():
            for example in media.get("examples", {}).values():
                assert problems_with(example["value"], media["schema"]) == []
                assert example["value"]["status"] == int(status)
                assert re.fullmatch(re.sub(r"{\w+}", "[0-9a-f-]{36}", endpoint.path), example["value"]["instance"])


def test_what_is_always_there_is_required() -> None:
    """A generated client would otherwise ask everywhere whether it is."""
    responses = [
        response for item in DOCUMENT["paths"].values() for op in item.values() for response in op["responses"].values()
    ]
    for name in set(references(responses)):
        properties = set(SCHEMAS[name].get("properties", {}))
        optional = properties - set(SCHEMAS[name].get("required", []))
        assert {(name, field) for field in optional} <= SOMETIMES


def test_choices_are_words() -> None:
    """A generated client needs the type of an enumeration."""

    def enumerations(node: Any) -> Iterator[Json]:
        if isinstance(node, dict):
            if isinstance(node.get("enum"), list):
                yield node
            node = list(node.values())
        if isinstance(node, list):
            for value in node:
                yield from enumerations(value)

    found = list(enumerations(DOCUMENT))
    assert found
    assert all(schema.get("type") == "string" for schema in found)


async def a_key(service: Service) -> str:
    keys, operator = service.application.services.service_keys, Operator()
    return (await keys.create(operator, ServiceKeyName("orders"), frozenset(Scope)))[1].reveal()


async def answers_about_the_web_flow(service: Service) -> list[tuple[str, httpx.Response]]:
    """Without a provider in the settings."""
    path, challenge = "/auth/identities/google", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    query = f"redirect_uri=com.example.app:/signed-in&code_challenge={challenge}"
    proof = {"code": "x", "code_verifier": "v" * 43}
    form = {"content-type": "application/x-www-form-urlencoded"}
    return [
        ("start_identity_sign_in", await service.get(f"{path}/start")),
        ("start_identity_sign_in", await service.get(f"{path}/start?{query}")),
        ("complete_identity_sign_in", await service.get(f"{path}/callback?state=x")),
        (
            "receive_identity_form",
            await service.post(f"{path}/callback", content=b"x", headers={**form, "content-type": "text/plain"}),
        ),
        ("exchange_identity_code", await service.post("/auth/identities/exchange", proof)),
        ("exchange_identity_code", await service.post("/auth/identities/exchange", {})),
    ]


async def answers_about_identities(service: Service) -> list[tuple[str, httpx.Response]]:
    """Without a provider in the settings."""
    people, shown = service.people, {"id_token": "x", "nonce": "x"}
    unlinked = await service.delete(f"/auth/identities/{people.user.id}", by=people.user)
    return [
        ("receive_apple_notification", await service.post("/auth/identities/apple/notifications", {"payload": "x"})),
        ("sign_in_with_id_token", await service.post("/auth/identities/google/token", shown)),
        *await answers_about_the_web_flow(service),
        ("list_identities", await service.get("/auth/identities", by=people.user)),
        ("link_identity", await service.post("/auth/identities/google", shown, by=people.user)),
        ("unlink_identity", unlinked),
        ("list_user_identities", await service.get(f"/users/{people.user.id}/identities", by=people.admin)),
    ]


async def guest_answers(service: Service) -> list[tuple[str, httpx.Response]]:
    """One of two guests signs in to an account, the other becomes a person."""
    first, second = [await service.post("/auth/guest") for _ in range(2)]
    visitor, token = second.json()["user"]["access_token"], first.json()["user"]["access_token"]
    signing_in = {"email": service.people.other.email, "password": PASSWORD, "guest_token": token}
    claim = {"email": "guest@example.org", "password": PASSWORD}
    return [
        ("begin_as_guest", first),
        ("begin_as_guest", await service.post("/auth/guest", {"name": ""})),
        ("login", await service.post("/auth/login", signing_in)),
        ("login", await service.post("/auth/login", signing_in)),
        ("upgrade_guest", await service.post("/auth/guest/upgrade", claim, by=visitor)),
        ("upgrade_guest", await service.post("/auth/guest/upgrade", claim, by=visitor)),
    ]


async def answers_of(service: Service) -> list[tuple[str, httpx.Response]]:
    """Real answers of every operation, good and bad, each with the name of its operation."""
    people = service.people
    person = f"/users/{people.other.id}"
    body: Json = {"name": "Nina", "email": "nina@example.org", "password": PASSWORD}
    guest = {**body, "email": "n@example.org", "role": "guest"}
    wrong: Json = {"current_password": "x", "new_password": "scarlet-heron-77"}
    change: Json = {"current_password": PASSWORD, "new_password": "scarlet-heron-77"}
    proof: Json = {"token": "a" * 43}
    moving: Json = {"new_email": "moved@example.org", "password": PASSWORD}
    phone = await service.signed_in(people.user)
    key = await a_key(service)
    return [
        *await answers_about_factors(service),
        *await passkey_answers(service),
        *await answers_about_identities(service),
        *await guest_answers(service),
        ("health", await service.ask("GET", "/health")),
        ("live", await service.ask("GET", "/health/live")),
        ("ready", await service.ask("GET", "/health/ready")),
        ("jwks", await service.ask("GET", "/.well-known/jwks.json")),
        ("openid_configuration", await service.ask("GET", "/.well-known/openid-configuration")),
        ("oauth_authorization_server", await service.ask("GET", "/.well-known/oauth-authorization-server")),
        ("verify", await service.get("/auth/verify")),
        ("introspect_token", await service.post("/auth/introspect", {"token": "x"})),
        ("introspect_token", await service.post("/auth/introspect", {"token": people.user.access_token}, by=key)),
        ("introspect_token", await service.post("/auth/introspect", {"token": "x"}, by=key)),
        ("register", await service.post("/auth/register", body)),
        ("register", await service.post("/auth/register", body)),
        ("register", await service.post("/auth/register", {})),
        ("register", await service.post("/auth/register", content=b"{")),
        ("register", await service.post("/auth/register", content=b"{}", headers={"content-type": "text/plain"})),
        ("register", await service.post("/auth/register", content=b" " * 70_000)),
        ("login", await service.log_in(people.other.email)),
        ("login", await service.log_in(people.other.email, "x")),
        ("login", await service.log_in(people.banned.email)),
        ("refresh", await service.refresh(people.other)),
        ("refresh", await service.refresh("x")),
        ("me", await service.get("/auth/me", by=people.user)),
        ("me", await service.get("/auth/me")),
        ("update_me", await service.patch("/auth/me", {"name": "Neu"}, by=people.user)),
        ("update_me", await service.patch("/auth/me", {"name": "Neu"}, by=people.guest)),
        ("list_sessions", await service.get("/auth/sessions", by=people.user)),
        ("end_session", await service.delete(f"/auth/sessions/{phone.session_id}", by=people.user)),
        ("end_session", await service.delete(f"/auth/sessions/{MISSING}", by=people.user)),
        ("lock_account", await service.post("/auth/lockdown", proof)),
        ("lock_account", await service.post("/auth/lockdown")),
        ("reauthenticate", await service.post("/auth/reauthenticate", {"password": PASSWORD}, by=people.guest)),
        ("change_password", await service.post("/auth/change-password", change, by=people.guest)),
        ("change_password", await service.post("/auth/change-password", wrong, by=people.user)),
        ("add_password", await service.put("/auth/password", {"new_password": "scarlet-heron-77"}, by=people.user)),
        ("list_users", await service.get("/users?limit=2", by=people.admin)),
        ("list_users", await service.get("/users?limit=x", by=people.admin)),
        ("list_users", await service.get("/users", by=people.user)),
        ("create_user", await service.post("/users", guest, by=people.admin)),
        ("invite", await service.post("/users/invitations", {"email": "i@example.org"}, by=people.admin)),
        ("invite", await service.post("/users/invitations", {"email": people.user.email}, by=people.admin)),
        ("list_invitations", await service.get("/users/invitations", by=people.admin)),
        ("withdraw_invitation", await service.delete(f"/users/invitations/{MISSING}", by=people.admin)),
        ("accept_invitation", await service.post("/auth/invitations/accept", {**proof, **body})),
        ("get_user", await service.get(person, by=people.admin)),
        ("get_user", await service.get(f"/users/{MISSING}", by=people.admin)),
        ("replace_user", await service.put(person, {"name": "New"}, by=people.admin)),
        ("update_user", await service.patch(f"/users/{people.admin.id}", {"role": "user"}, by=people.admin)),
        ("list_user_sessions", await service.get(f"{person}/sessions", by=people.admin)),
        ("end_user_sessions", await service.delete(f"{person}/sessions", by=people.admin)),
        ("delete_user", await service.delete(person, by=people.admin)),
        ("export_me", await service.get("/auth/me/export", by=people.user)),
        ("reset_password", await service.post("/auth/reset-password", {"email": people.user.email})),
        ("forgot_password", await service.post("/auth/forgot-password", {"email": "x"})),
        ("confirm_password_reset", await service.post("/auth/reset-password/confirm", {**proof, **change})),
        ("mail_sign_in_code", await service.post("/auth/sign-in-code", {"email": people.user.email})),
        ("confirm_sign_in", await service.post("/auth/sign-in-code/confirm", proof)),
        ("verify_email", await service.post("/auth/verify-email", {"email": people.user.email})),
        ("confirm_email", await service.post("/auth/verify-email/confirm", proof)),
        ("change_email", await service.post("/auth/change-email", moving, by=people.user)),
        ("change_email", await service.post("/auth/change-email", {**moving, "password": "x"}, by=people.user)),
        ("confirm_email_change", await service.post("/auth/change-email/confirm", proof)),
        ("reset_user_password", await service.post(f"/users/{people.user.id}/reset-password", by=people.admin)),
        ("list_audit_events", await service.get("/audit-events?limit=100", by=people.admin)),
        ("list_audit_events", await service.get("/audit-events?type=x", by=people.admin)),
        ("delete_me", await service.delete("/auth/me", body={"password": "x"}, by=people.user)),
        ("delete_me", await service.delete("/auth/me", body={"password": PASSWORD}, by=people.user)),
        ("delete_me_by_post", await service.post("/auth/me/delete", {"password": "x"}, by=people.other)),
        ("delete_me_by_post", await service.post("/auth/me/delete", {"password": PASSWORD}, by=people.other)),
        ("logout", await service.post("/auth/logout", by=people.guest)),
        ("revoke_token", await service.post("/auth/revoke", content=b"token=bkr_x", headers=FORM)),
        ("revoke_token", await service.post("/auth/revoke", content=b"", headers=FORM)),
        ("revoke_token", await service.post("/auth/revoke", {"token": "bkr_x"})),
        ("logout_all", await service.post("/auth/logout-all", by=people.admin)),
    ]  # fmt: skip


async def test_real_answers_are_what_it_says(service: Service) -> None:
    """ERR-04"""
    operations = {op["operationId"]: op for item in DOCUMENT["paths"].values() for op in item.values()}
    answers = await answers_of(service)
    assert {name for name, _ in answers} == set(operations)
    for name, answer in answers:
        response = operations[name]["responses"][str(answer.status_code)]
        schema = response["content"][answer.headers["content-type"].partition(";")[0]]["schema"]
        assert problems_with(answer.json(), schema) == [], (name, answer.text)


def test_a_closed_account_is_described_only_where_it_can_be_met() -> None:
    """A ban revokes the sessions, codes and links of the account, so that only a sign-in leads to this refusal."""
    for code in ("account_banned", "account_inactive"):
        describing = {
            endpoint.operation_id
            for endpoint in ENDPOINTS
            if f"`{code}`" in operation_of(endpoint)["responses"].get("403", {}).get("description", "")
        }
        assert describing == {
            "login", "login_with_factor", "confirm_sign_in", "sign_in_with_passkey", "sign_in_with_id_token",
            "exchange_identity_code", "reset_user_password",
        }  # fmt: skip


def problems_with(value: object, schema: Json) -> list[str]:
    """What about `value` is not as the schema says, nothing more than it says included."""
    closed = {
        name: {**one, "additionalProperties": False} if "properties" in one else one for name, one in SCHEMAS.items()
    }
    validator = OAS31Validator({**schema, "components": {"schemas": closed}}, format_checker=oas31_format_checker)
    return [error.message for error in validator.iter_errors(value)]
