"""What other services and proxies ask of this one to trust its tokens."""

from datetime import timedelta

import pytest

from tests.http.answers import assert_problem
from tests.http.conftest import StartService
from tests.http.service import PUBLIC_URL, Service, segment

JWKS = "/.well-known/jwks.json"
DISCOVERY = ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server")


@pytest.mark.parametrize("path", DISCOVERY)
async def test_the_metadata_names_what_exists_and_nothing_else(service: Service, path: str) -> None:
    """RFC 8414, OpenID Connect Discovery"""
    metadata = (await service.ask("GET", path)).json()
    claims = set(service.people.user.claims)
    assert set(metadata.pop("claims_supported")) == claims
    assert metadata == {
        "issuer": segment(service.people.user.access_token, 1)["iss"],
        "jwks_uri": PUBLIC_URL + JWKS,
        "introspection_endpoint": f"{PUBLIC_URL}/api/v1/auth/introspect",
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "Bearer"],
        "response_types_supported": [],
        "grant_types_supported": [],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "acr_values_supported": ["aal1", "aal2"],
    }
    assert (await service.ask("GET", metadata["jwks_uri"].removeprefix(PUBLIC_URL))).status_code == 200


async def test_the_metadata_names_the_claims_that_the_operator_adds(start_service: StartService) -> None:
    service = await start_service(token_claims="plan:app_metadata.plan,mail:email")
    metadata = (await service.ask("GET", DISCOVERY[0])).json()
    assert metadata["claims_supported"][-2:] == ["plan", "mail"]


@pytest.mark.parametrize("path", [JWKS, *DISCOVERY, "/openapi.json"])
async def test_what_changes_rarely_may_be_kept_for_five_minutes(service: Service, path: str) -> None:
    plain = {"accept-encoding": "identity"}
    first = await service.ask("GET", path, headers=plain)
    assert first.headers["cache-control"] == "public, max-age=300"
    for known in (first.headers["etag"], f'"other", W/{first.headers["etag"]}', "*"):
        again = await service.ask("GET", path, headers={**plain, "if-none-match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert again.headers["cache-control"] == "public, max-age=300"
    assert (await service.ask("GET", path, headers={"if-none-match": '"other"'})).content == first.content


@pytest.mark.parametrize(
    ("accepted", "is_compressed"),
    [
        ("gzip, deflate, br, zstd", True), ("GZIP;q=0.5", True), ("br;q=1.0, x-gzip;q=0.8, *;q=0.1", True),
        ("", False), ("identity", False), ("br", False), ("gzip;q=0", False), ("gzip; q=0.0, *", False),
        ("ungzip", False),
    ],
)  # fmt: skip
async def test_the_description_travels_compressed_for_clients_that_accept_it(
    service: Service, accepted: str, is_compressed: bool
) -> None:
    answer = await service.ask("GET", "/openapi.json", headers={"accept-encoding": accepted})
    assert answer.headers.get("content-encoding") == ("gzip" if is_compressed else None)
    assert int(answer.headers["content-length"]) < 80_000 or not is_compressed
    assert answer.json()["openapi"] == "3.1.0"
    assert "accept-encoding" in answer.headers["vary"].lower()
    assert "no-store" not in answer.headers["cache-control"]
    headers = {"accept-encoding": accepted, "if-none-match": answer.headers["etag"]}
    again = await service.ask("GET", "/openapi.json", headers=headers)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", answer.headers["etag"])


async def test_a_rotated_key_is_published_at_once_and_signs_later(service: Service) -> None:
    """JWT-15: every service that caches the keys knows the new one before its first token."""
    before = await service.ask("GET", JWKS)
    service.clock.advance(timedelta(seconds=1))
    made = await service.application.services.signing_key_ring.rotate()
    after = await service.ask("GET", JWKS, headers={"if-none-match": before.headers["etag"]})
    assert [key["kid"] for key in after.json()["keys"]] == [made.kid, before.json()["keys"][0]["kid"]]
    tokens = await service.signed_in(service.people.user)
    assert segment(tokens.access_token, 0)["kid"] == before.json()["keys"][0]["kid"]
    service.clock.advance(timedelta(minutes=20))
    await service.application.services.signing_key_ring.load()
    tokens = await service.signed_in(service.people.user)
    assert segment(tokens.access_token, 0)["kid"] == made.kid
    assert await service.works(tokens)


async def test_the_keys_are_served_while_the_database_is_away(service: Service) -> None:
    service.sql("DROP TABLE signing_keys")
    assert (await service.ask("GET", JWKS)).status_code == 200


async def test_a_token_has_what_rfc_9068_demands(service: Service) -> None:
    """RFC 9068 section 2.2"""
    token = service.people.user.access_token
    assert segment(token, 0)["typ"] == "at+jwt"
    assert {"iss", "exp", "aud", "sub", "client_id", "iat", "jti"} <= set(segment(token, 1))


async def test_the_operator_names_audiences_client_and_claims(start_service: StartService) -> None:
    service = await start_service(
        token_audience="bukhindor,https://api.example.com",
        token_client_id="flutter-app",
        token_claims="plan:app_metadata.plan,email:email",
    )
    people = service.people
    changed = await service.patch(f"/users/{people.user.id}", {"app_metadata": {"plan": "gold"}}, by=people.admin)
    assert changed.status_code == 200
    tokens = await service.signed_in(people.user)
    claims = segment(tokens.access_token, 1)
    assert claims["aud"] == ["bukhindor", "https://api.example.com"]
    assert (claims["client_id"], claims["plan"], claims["email"]) == ("flutter-app", "gold", people.user.email)
    assert await service.works(tokens)
    await service.patch(f"/users/{people.user.id}", {"app_metadata": {"plan": "iron"}}, by=people.admin)
    assert segment((await service.refreshed(tokens)).access_token, 1)["plan"] == "iron"


async def test_a_proxy_learns_who_sent_a_request(service: Service) -> None:
    """nginx auth_request, Caddy and Traefik forward_auth"""
    user = service.people.user
    answer = await service.get("/auth/verify", by=user)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["x-user-id"] == user.id
    assert answer.headers["x-user-role"] == "user"
    assert answer.headers["x-session-id"] == segment(user.access_token, 1)["sid"]
    assert answer.headers["cache-control"] == "no-store"


async def test_a_proxy_refuses_who_has_signed_out(service: Service) -> None:
    """Before the token expires."""
    user = service.people.user
    await service.post("/auth/logout", by=user)
    answer = await service.get("/auth/verify", by=user, headers={"x-user-id": service.people.admin.id})
    assert_problem(answer, 401, "invalid_token")
    assert "x-user-id" not in answer.headers
    assert_problem(await service.get("/auth/verify"), 401, "not_authenticated")
