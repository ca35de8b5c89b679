"""The schemas and parameters of the API's description, as generators of clients need them"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.device import AppType
from bukhindor.domain.user import Role, Status
from bukhindor.domain.user_listing import Order, SortBy
from bukhindor.server import refusal
from bukhindor.web.api.openapi import openapi_json
from tests.http.service import PUBLIC_URL, Json

DOCUMENT: Json = json.loads(openapi_json(PUBLIC_URL))
SCHEMAS: Json = DOCUMENT["components"]["schemas"]
PARAMETERS: Json = DOCUMENT["components"]["parameters"]
OPERATIONS: dict[str, Json] = {op["operationId"]: op for item in DOCUMENT["paths"].values() for op in item.values()}


def everything_in(node: Any) -> Iterator[Json]:
    """Every object below a piece of the document, what it refers to included."""
    if isinstance(node, dict):
        yield node
        if "$ref" in node:
            _, _, kind, name = node["$ref"].split("/")
            yield from everything_in(DOCUMENT["components"][kind][name])
        node = list(node.values())
    if isinstance(node, list):
        for value in node:
            yield from everything_in(value)


def parameters_of(operation: Json) -> list[str]:
    return [parameter["$ref"].rpartition("/")[2] for parameter in operation["parameters"] if "$ref" in parameter]


def schema_of(operation: str, parameter: str) -> Json:
    found: Json = next(each["schema"] for each in OPERATIONS[operation]["parameters"] if each.get("name") == parameter)
    return found


def test_names_are_for_users_of_the_api() -> None:
    assert {"User", "Tokens", "Session", "Problem", "AuditEvent", "PersonalData", "RefreshResult"} <= set(SCHEMAS)
    assert [name for name in SCHEMAS if name.endswith("Shape")] == []
    assert [name for name, schema in SCHEMAS.items() if schema.get("title", name) != name] == []


def test_the_headers_of_a_client_stand_once() -> None:
    """A client sets them for all of its requests: a generated method that asks for them at each call is a burden."""
    of_the_client = {"AppType", "AppVersion", "DeviceId", "DeviceProof"}
    naming = {
        name
        for name, op in OPERATIONS.items()
        if of_the_client & set(parameters_of(op | {"parameters": op.get("parameters", [])}))
    }
    assert naming == {
        "login", "login_with_factor", "confirm_sign_in", "sign_in_with_passkey", "sign_in_with_id_token",
        "exchange_identity_code", "begin_as_guest",
    }  # fmt: skip
    assert of_the_client < set(parameters_of(OPERATIONS["login"]))
    headers = [part for part in everything_in(DOCUMENT["paths"]) if part.get("in") == "header"]
    assert {header["name"] for header in headers} == {
        "X-App-Type", "X-App-Version", "X-Device-ID", "X-Device-Proof", "X-Token-Transport", "Idempotency-Key",
    }  # fmt: skip
    inline = [op for op in OPERATIONS.values() for part in op.get("parameters", []) if part.get("in") == "header"]
    assert inline == []


@pytest.mark.parametrize(
    ("place", "name", "words"),
    [
        (PARAMETERS["AppType"]["schema"], "AppType", AppType),
        (schema_of("list_users", "role"), "Role", Role),
        (schema_of("list_users", "status"), "UserStatus", Status),
        (schema_of("list_users", "sort"), "UserSort", SortBy),
        (schema_of("list_users", "order"), "SortOrder", Order),
        (schema_of("list_audit_events", "type"), "AuditEventType", AuditType),
    ],
    ids=["app type", "role", "status", "sort", "order", "audit type"],
)
def test_words_that_clients_send_are_shared_enumerations(place: Json, name: str, words: Any) -> None:
    assert place["$ref"] == f"#/components/schemas/{name}"
    assert set(SCHEMAS[name]["enum"]) == set(words)


def test_words_that_clients_receive_may_become_more() -> None:
    """A generated client refuses a word that is not in its enumeration, and v1 grows."""
    responses = [op["responses"] for op in OPERATIONS.values()]
    assert [part for part in everything_in(responses) if isinstance(part.get("enum"), list)] == []
    user, session, event = (SCHEMAS[name]["properties"] for name in ("User", "Session", "AuditEvent"))
    app_type = next(part for part in everything_in(session["app_type"]) if "x-extensible-enum" in part)
    for schema, words in (
        (user["role"], Role),
        (user["status"], Status),
        (event["type"], AuditType),
        (app_type, AppType),
    ):
        assert schema["type"] == "string"
        assert set(schema["x-extensible-enum"]) == set(words)
        assert "do not know" in schema["description"]


def test_the_codes_of_errors_are_listed() -> None:
    listed = set(SCHEMAS["Problem"]["properties"]["error_code"]["x-extensible-enum"])
    shown = {
        code for op in OPERATIONS.values() for response in op["responses"].values()
        for media in response.get("content", {}).values() for code in media.get("examples", {})
        if "4" <= str(media["examples"][code].get("value", {}).get("status", "")) < "6"
    }  # fmt: skip
    of_the_server = {each.error_code for each in vars(refusal).values() if isinstance(each, refusal.Refusal)}
    assert shown | of_the_server | {"not_found", "method_not_allowed"} <= listed


def test_no_constant_has_a_name_that_a_language_keeps_for_itself() -> None:
    """Every enumeration of Kotlin has `name` and `ordinal`; every one of Java has `valueOf`."""
    for schema in everything_in(DOCUMENT):
        words = schema.get("enum")
        if isinstance(words, list):
            names = schema.get("x-enum-varnames", words)
            assert len(names) == len(words)
            assert not {"name", "ordinal", "values", "valueOf", "entries"} & set(names)


@pytest.mark.parametrize(
    ("public_url", "name"),
    [
        ("http://localhost:8080", "access_token"),
        ("https://accounts.example.org", "__Host-access_token"),
        ("https://example.org/accounts", "__Secure-access_token"),
    ],
)
def test_the_cookie_has_the_name_that_the_server_gives_it(public_url: str, name: str) -> None:
    schemes = json.loads(openapi_json(public_url))["components"]["securitySchemes"]
    assert schemes["cookie"]["name"] == name
    assert schemes["bearer"]["scheme"] == "bearer"
