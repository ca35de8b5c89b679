"""What another service may do with its key: on SQLite and on PostgreSQL."""

from base64 import b64encode
from datetime import timedelta
from urllib.parse import urlencode

import httpx

from bukhindor.domain.caller import Operator
from bukhindor.domain.service_key import Scope, ServiceKeyName
from bukhindor.web.api.routes import ENDPOINTS
from tests.http.answers import assert_problem
from tests.http.conftest import StartService
from tests.http.service import Json, Service
from tests.makers import make_secret

FORM = "application/x-www-form-urlencoded"
INTROSPECT = "/auth/introspect"
CHALLENGE = 'Basic realm="bukhindor", Bearer realm="bukhindor"'


async def key_of(service: Service, *scopes: Scope, name: str = "orders", life: timedelta | None = None) -> str:
    """A new key with these scopes, or with all."""
    chosen = frozenset(scopes or Scope)
    keys = service.application.services.service_keys
    _, secret = await keys.create(Operator(), ServiceKeyName(name), chosen, life)
    return secret.reveal()


async def introspect(service: Service, token: str, key: str) -> httpx.Response:
    form = urlencode({"token": token, "token_type_hint": "access_token"})
    return await service.post(INTROSPECT, content=form, headers={"content-type": FORM}, by=key)


def basic(name: str, key: str) -> dict[str, str]:
    return {"authorization": f"Basic {b64encode(f'{name}:{key}'.encode()).decode()}", "content-type": FORM}


async def test_a_service_learns_whose_a_token_is_and_sees_a_logout_at_once(service: Service) -> None:
    """RFC 7662 section 2.2"""
    key, user = await key_of(service, Scope.TOKENS_INTROSPECT), service.people.user
    claims = user.claims
    answer = await introspect(service, user.access_token, key)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.json() == {
        "active": True,
        "token_type": "Bearer",
        **{name: claims[name] for name in ("sub", "sid", "role", "iss", "exp", "jti", "iat", "client_id")},
        **{name: claims[name] for name in ("auth_time", "amr", "acr")},
        "aud": [claims["aud"]],
    }
    refresh = (await introspect(service, user.refresh_token, key)).json()
    assert set(refresh) == {"active", "sub", "sid", "role", "iss", "exp", "auth_time", "amr", "acr"}
    assert (refresh["sub"], refresh["sid"]) == (user.id, user.session_id)

    await service.post("/auth/logout", by=user)
    for token in (user.access_token, user.refresh_token, service.people.banned.access_token, "nonsense"):
        assert (await introspect(service, token, key)).json() == {"active": False}


async def test_it_names_the_audiences_and_the_client_of_the_settings(start_service: StartService) -> None:
    service = await start_service(token_audience="orders,billing", token_client_id="app")
    tokens = await service.signed_in(service.people.user)
    found = (await introspect(service, tokens.access_token, await key_of(service))).json()
    assert (found["aud"], found["client_id"]) == (["orders", "billing"], "app")
    assert (found["aud"], found["client_id"]) == (tokens.claims["aud"], tokens.claims["client_id"])


async def test_the_body_is_a_form_or_json_and_the_key_comes_alone_or_with_its_name(service: Service) -> None:
    """RFC 7662 section 2.1, RFC 6749 section 2.3.1"""
    key, token = await key_of(service), service.people.user.access_token
    form = urlencode({"token": token})
    for answer in (
        await service.post(INTROSPECT, {"token": token}, by=key),
        await service.post(
            INTROSPECT, {"token": token}, by=key, headers={"content-type": "application/json; charset=utf-8"}
        ),
        await service.post(INTROSPECT, content=form, headers=basic("orders", key)),
        await service.post(INTROSPECT, content=form, headers=basic("%6Frders", key.replace("_", "%5F"))),
    ):
        assert answer.json()["sub"] == service.people.user.id
    assert_problem(await service.post(INTROSPECT, {}, by=key), 400, "validation_failed", "token")
    as_text = await service.post(INTROSPECT, content=form, headers={"content-type": "text/plain"}, by=key)
    assert_problem(as_text, 415, "form_expected")
    broken = await service.post(INTROSPECT, content="{", headers={"content-type": "application/json"}, by=key)
    assert_problem(broken, 400, "malformed_json")


async def test_without_a_valid_key_the_server_says_nothing(service: Service) -> None:
    key, token = await key_of(service, life=timedelta(days=1)), service.people.user.access_token
    form = urlencode({"token": token})
    bare = await service.post(INTROSPECT, content=form, headers={"content-type": FORM})
    assert_problem(bare, 401, "service_key_required")
    assert bare.headers["www-authenticate"] == CHALLENGE
    mistyped = key[:-1] + ("0" if key[-1] != "0" else "1")
    for refused in (
        await introspect(service, token, mistyped),
        await introspect(service, token, make_secret(5).reveal()),
        await introspect(service, token, token),
        await service.post(INTROSPECT, content=form, headers=basic("billing", key)),
        await service.post(INTROSPECT, content=form, headers=basic("orders", "violet-otter-41")),
        await service.post(INTROSPECT, content=form, headers={"authorization": "Basic ???", "content-type": FORM}),
        await service.post(INTROSPECT, content=form, headers={"authorization": f"Token {key}", "content-type": FORM}),
    ):
        assert_problem(refused, 401, "invalid_service_key")
        assert refused.headers["www-authenticate"] == f'{CHALLENGE}, error="invalid_token"'
    service.clock.advance(timedelta(days=1))
    assert_problem(await introspect(service, token, key), 401, "invalid_service_key")
    refusals = await service.events("&type=access.refused")
    assert refusals[0]["details"] == {"code": "invalid_service_key", "route": "POST /api/v1/auth/introspect"}
    assert key not in str(refusals)


async def test_each_endpoint_asks_for_the_scope_of_its_row(service: Service) -> None:
    """AZ-01, AZ-03: with this scope it opens, with all others it does not, and no other endpoint takes a key."""
    other = service.people.other.id
    for number, scope in enumerate(Scope):
        key = await key_of(service, scope, name=f"only-{number}")
        others = await key_of(service, *(each for each in Scope if each is not scope), name=f"all-but-{number}")
        rows = [row for row in ENDPOINTS if row.scope is scope]
        assert rows
        for row in rows:
            path = row.path.replace("{user_id}", other)
            body: Json | None = None if row.body is None else {"token": "x", "name": "Otto"}
            opened = await service.ask(row.method, path, body, by=key)
            assert opened.status_code == 200, opened.text
            refused = await service.ask(row.method, path, body, by=others)
            assert_problem(refused, 403, "insufficient_scope")
            assert refused.headers["www-authenticate"].endswith(f'error="insufficient_scope", scope="{scope}"')
    whole = await key_of(service, name="whole")
    for path in ("/auth/me", "/auth/sessions", "/auth/verify"):
        assert_problem(await service.get(path, by=whole), 401, "invalid_token")
    assert_problem(await service.delete(f"/users/{other}", by=whole), 401, "invalid_token")


async def test_a_service_changes_people_and_no_administrator(service: Service) -> None:
    """LOG-02"""
    key, people = await key_of(service), service.people
    path = f"/users/{people.user.id}"
    changed = await service.patch(
        path, {"app_metadata": {"plan": "pro"}, "status": "banned", "status_reason": "Spam"}, by=key
    )
    assert changed.json()["app_metadata"] == {"plan": "pro"}
    assert changed.json()["status_reason"] == "Spam"
    assert not await service.works(people.user)
    for body in ({"email": "mine@example.org"}, {"role": "admin"}, {"role": "guest"}):
        assert_problem(await service.patch(path, body, by=key), 403, "forbidden")
    admin = f"/users/{people.admin.id}"
    assert_problem(await service.patch(admin, {"name": "Eve"}, by=key), 403, "forbidden")
    assert_problem(await service.delete(f"{admin}/sessions", by=key), 403, "forbidden")
    assert await service.works(people.admin)
    assert (await service.delete(f"/users/{people.other.id}/sessions", by=key)).json()["revoked"] == 1
    assert not await service.works(people.other)

    key_id = (await service.events("&type=service_key.created"))[0]["subject_id"]
    acts = await service.events(f"&actor_id={key_id}")
    assert {(act["type"], act["subject_id"]) for act in acts if act["type"] != "access.refused"} == {
        ("session.ended", people.other.id),
        ("user.profile_changed", people.user.id),
        ("user.status_changed", people.user.id),
    }
    assert {act["details"]["service"] for act in acts} == {"orders"}


async def test_a_service_needs_no_headers_of_apps(start_service: StartService) -> None:
    service = await start_service(require_client_headers=True)
    assert (await service.get("/users?limit=1", by=await key_of(service))).status_code == 200
    assert (await service.get("/users", by=service.people.admin)).status_code == 400


async def test_a_revoked_key_is_refused_at_once_and_was_never_stored(service: Service) -> None:
    key = await key_of(service)
    assert (await service.get("/users", by=key)).status_code == 200
    assert service.sql("SELECT name FROM service_keys WHERE last_used_at IS NOT NULL") == [("orders",)]
    assert key.encode() not in service.stored()
    await service.application.services.service_keys.revoke(Operator(), "orders")
    assert_problem(await service.get("/users", by=key), 401, "invalid_service_key")


async def test_a_network_that_tries_keys_is_stopped_and_valid_keys_go_on(start_service: StartService) -> None:
    service = await start_service(rate_limits=True, limits="refused_service_keys_per_network=2/15m")
    key = await key_of(service)
    statuses = [(await introspect(service, "x", make_secret(number).reveal())).status_code for number in range(3, 7)]
    assert statuses == [401, 401, 429, 429]
    assert (await introspect(service, "x", key)).json() == {"active": False}


def test_the_address_of_introspection_is_that_of_the_table() -> None:
    assert [row.path for row in ENDPOINTS if row.scope is Scope.TOKENS_INTROSPECT] == [f"/api/v1{INTROSPECT}"]
