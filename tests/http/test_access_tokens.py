"""Access tokens as a caller presents them; the algorithms are tried out in the adapter's own tests."""

import hmac
import json
from base64 import urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256

import pytest

from tests.http.answers import assert_problem
from tests.http.conftest import StartService
from tests.http.service import PUBLIC_URL, Json, Person, Service, Tokens, segment, tokens_in

LIFE = timedelta(minutes=15)
LEEWAY = timedelta(seconds=10)
SECOND = timedelta(seconds=1)


def encoded(part: object) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def forged(real: Person, header: Json | None = None, payload: Json | None = None, signature: str | None = None) -> str:
    """A real token with parts of it changed; None takes a part away."""
    old_header, old_payload, old_signature = real.access_token.split(".")
    new_header = {**segment(real.access_token, 0), **(header or {})}
    new_payload = {**real.claims, **(payload or {})}
    parts = [
        encoded({k: v for k, v in new_header.items() if v is not None}) if header else old_header,
        encoded({k: v for k, v in new_payload.items() if v is not None}) if payload else old_payload,
        old_signature if signature is None else signature,
    ]
    return ".".join(parts)


HEADERS: dict[str, Json] = {
    "JWT-01 none": {"alg": "none"},
    "JWT-01 None": {"alg": "None"},
    "JWT-01 nOnE": {"alg": "nOnE"},
    "JWT-01 no alg": {"alg": None},
    "JWT-02 HS256": {"alg": "HS256"},
    "JWT-02 ES384": {"alg": "ES384"},
    "JWT-03 jwk": {"jwk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}},
    "JWT-03 jku": {"jku": "http://127.0.0.1:9/jwks.json"},
    "JWT-03 x5u": {"x5u": "http://127.0.0.1:9/x"},
    "JWT-03 x5c": {"x5c": ["AA"]},
    "JWT-04 path": {"kid": "../../../../dev/null"},
    "JWT-04 SQL": {"kid": "' OR 1=1--"},
    "JWT-04 NUL": {"kid": "\u0000"},
    "JWT-04 64 kB": {"kid": "k" * 65_536},
    "JWT-04 array": {"kid": ["x"]},
    "JWT-04 object": {"kid": {"x": 1}},
    "JWT-04 none": {"kid": None},
    "JWT-05 crit": {"crit": ["x"]},
    "JWT-08 typ": {"typ": "JWT"},
    "JWT-08 no typ": {"typ": None},
    "JWT-13 b64": {"b64": False},
    "JWT-13 zip": {"zip": "DEF"},
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS.keys())
async def test_a_header_that_was_changed_is_refused(service: Service, header: Json) -> None:
    """JWT-01 to JWT-05, JWT-08, JWT-13"""
    for signature in (None, ""):
        token = forged(service.people.admin, header, None, signature)
        for path in ("/auth/me", "/users"):
            answer = await service.get(path, by=token)
            assert_problem(answer, 401, "invalid_token")
            assert answer.headers["www-authenticate"] == 'Bearer realm="bukhindor", error="invalid_token"'


PAYLOADS: dict[str, Json] = {
    "role": {"role": "admin"},
    "exp": {"exp": 4_102_444_800},
    "no exp": {"exp": None},
    "exp text": {"exp": "2099"},
    "exp true": {"exp": True},
    "exp huge": {"exp": 1e300},
    "nbf": {"nbf": 4_102_444_800},
    "iss": {"iss": PUBLIC_URL + ".evil.example"},
    "aud": {"aud": "another service"},
    "jti": {"jti": None},
    "gen": {"gen": 99},
}


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
async def test_claims_that_were_changed_are_refused(service: Service, payload: Json) -> None:
    """JWT-07, JWT-09"""
    assert_problem(await service.get("/auth/me", by=forged(service.people.user, None, payload)), 401, "invalid_token")


async def test_no_caller_becomes_another_user(service: Service) -> None:
    """JWT-14"""
    people = service.people
    for payload in ({"sub": people.admin.id}, {"sid": people.admin.session_id}):
        assert not await service.works(forged(people.user, None, payload))


async def test_the_public_key_is_no_secret_of_an_hmac(service: Service) -> None:
    """JWT-02"""
    (jwk,) = (await service.ask("GET", "/.well-known/jwks.json")).json()["keys"]
    for key in (json.dumps(jwk), json.dumps(jwk, separators=(",", ":")), jwk["x"], jwk["kid"], "", "secret"):
        signed = (
            f"{encoded({'typ': 'at+jwt', 'alg': 'HS256', 'kid': jwk['kid']})}.{encoded(service.people.admin.claims)}"
        )
        mac = hmac.new(key.encode(), signed.encode(), sha256).digest()
        assert_problem(await service.get("/auth/me", by=f"{signed}.{encoded(mac)}"), 401, "invalid_token")


@pytest.mark.parametrize(
    "shape",
    [
        "{0}.{1}", "{0}.{1}.", "{0}..{2}", ".{1}.{2}", "..", "{0}.{1}.{2}.{2}.{2}", "{0}.{1}.{2}=",
        "{0}. {1}.{2}", "{0}.{1}.{2}A", '{{"protected":"{0}","payload":"{1}","signature":"{2}"}}', "{1}.{1}.{2}",
        "{0}.{1}.\u00e4", "{0}.{1}.{1}",
    ],
)  # fmt: skip
async def test_another_shape_is_refused(service: Service, shape: str) -> None:
    """JWT-01, JWT-13, JWT-14"""
    token = shape.format(*service.people.user.access_token.split("."))
    answer = await service.get("/auth/me", headers={"authorization": f"Bearer {token}".encode()})
    assert_problem(answer, 401, "invalid_token")


async def test_a_megabyte_of_token_is_refused(service: Service) -> None:
    """JWT-13"""
    assert_problem(await service.get("/auth/me", by="a." * 500_000), 401, "invalid_token")


async def test_nothing_signs_in_but_a_header_or_a_cookie(service: Service) -> None:
    """JWT-16: no token in the address, none in other headers, and no error code when none came."""
    token = service.people.user.access_token
    answer = await service.get(f"/auth/me?access_token={token}", headers={"x-access-token": token})
    assert_problem(answer, 401, "not_authenticated")
    assert answer.headers["www-authenticate"] == 'Bearer realm="bukhindor"'


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
async def test_the_scheme_is_written_in_any_case(service: Service, scheme: str) -> None:
    answer = await service.get("/auth/me", headers={"authorization": f"{scheme} {service.people.user.access_token}"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "value", ["", "Bearer", "Bearer ", "{0}", "Basic {0}", "Token {0}", "Bearer {0} {0}", "Bearer{0}"]
)
async def test_any_other_authorization_is_refused(service: Service, value: str) -> None:
    """JWT-16"""
    headers = {"authorization": value.format(service.people.user.access_token)}
    assert_problem(await service.get("/auth/me", headers=headers), 401, "invalid_token")


async def test_a_right_that_is_missing_is_named_so(service: Service) -> None:
    """JWT-16"""
    answer = await service.get("/users", by=service.people.user)
    assert_problem(answer, 403, "forbidden")
    assert answer.headers["www-authenticate"] == 'Bearer realm="bukhindor", error="insufficient_scope"'


async def test_a_token_lives_fifteen_minutes(service: Service) -> None:
    """JWT-07, JWT-11: a leeway of seconds, not of minutes."""
    user = service.people.user
    assert user.claims["exp"] - user.claims["iat"] == 900
    service.clock.advance(LIFE - SECOND)
    assert await service.works(user)
    service.clock.advance(SECOND + LEEWAY + SECOND)
    assert_problem(await service.get("/auth/me", by=user), 401, "invalid_token")


async def test_a_clock_that_was_set_back_invalidates_no_token_and_ends_no_session(service: Service) -> None:
    """REL-16: a little, as between two replicas, or by an hour; the next tokens are good, too."""
    tokens: Tokens = service.people.user
    for step in (15, 3600):
        service.clock.advance(-timedelta(seconds=step))
        assert await service.works(tokens)
        child = await service.refreshed(tokens)
        assert await service.works(child)
        service.clock.advance(-timedelta(seconds=15))
        assert (await service.refreshed(tokens)).refresh_token == child.refresh_token
        tokens = child


async def test_a_token_tells_nothing_about_the_person(service: Service) -> None:
    """JWT-12"""
    user = service.people.user
    assert set(user.claims) == {"iss", "aud", "sub", "sid", "gen", "jti", "role", "client_id", "iat", "exp"} | {
        "auth_time",
        "amr",
        "acr",
    }
    assert set(segment(user.access_token, 0)) == {"typ", "alg", "kid"}
    assert (user.claims["iss"], user.claims["aud"], user.claims["sub"]) == (PUBLIC_URL, "bukhindor", user.id)


async def test_a_token_of_another_service_with_the_same_keys_is_refused(start_service: StartService) -> None:
    """JWT-09"""
    service = await start_service(public_url="https://api.example.com")
    assert_problem(await service.get("/auth/me", by=service.people.user), 401, "invalid_token")


CHANGES: list[tuple[str, Json | None]] = [
    ("PATCH", {"status": "banned"}), ("PUT", {"status": "inactive"}), ("PUT", {"is_active": False}), ("DELETE", None),
]  # fmt: skip


@pytest.mark.parametrize(("method", "body"), CHANGES)
async def test_a_caller_who_lost_their_rights_is_out_at_once(service: Service, method: str, body: Json | None) -> None:
    """JWT-10, AZ-07: on the very next request."""
    people = service.people
    assert await service.works(people.user)
    answer = await service.ask(method, f"/api/v1/users/{people.user.id}", body, by=people.admin)
    assert answer.status_code == 200
    assert_problem(await service.get("/auth/me", by=people.user), 401, "invalid_token")
    assert await service.works(people.other)


async def test_a_right_comes_and_goes_with_the_very_next_request(service: Service) -> None:
    """JWT-10, AZ-07: tokens that name another role are refused; the next token of the session has the new right."""
    people = service.people
    assert (await service.get("/users", by=people.user)).status_code == 403
    await service.patch(f"/users/{people.user.id}", {"role": "admin"}, by=people.admin)
    assert_problem(await service.get("/users", by=people.user), 401, "invalid_token")
    raised = await service.refreshed(people.user)
    assert (await service.get("/users", by=raised)).status_code == 200
    await service.patch(f"/users/{people.admin.id}", {"role": "user"}, by=raised)
    assert_problem(await service.get("/users", by=people.admin), 401, "invalid_token")
    lowered = await service.refreshed(people.admin)
    assert lowered.claims["role"] == "user"
    assert (await service.get("/users", by=lowered)).status_code == 403
    assert_problem(await service.delete(f"/users/{people.other.id}", by=lowered), 404, "user_not_found")


async def test_a_ban_that_is_over_lets_in_again_but_revives_no_token(service: Service) -> None:
    people = service.people
    ban = {"status": "banned", "status_until": "2026-03-02T12:00:00Z"}
    await service.patch(f"/users/{people.user.id}", ban, by=people.admin)
    assert_problem(await service.log_in(people.user.email), 403, "account_banned")
    service.clock.advance(timedelta(days=1))
    assert (await service.log_in(people.user.email)).status_code == 200
    assert_problem(await service.refresh(people.user), 401, "invalid_refresh_token")


async def test_a_deleted_users_token_never_means_the_next_with_that_address(service: Service) -> None:
    """AZ-14"""
    people = service.people
    await service.delete(f"/users/{people.user.id}", by=people.admin)
    again = {"name": "Uma", "email": people.user.email, "password": "other-violet-41"}
    answer = await service.post("/auth/register", again)
    assert answer.status_code == 201
    assert answer.json()["user"]["id"] != people.user.id
    assert not await service.works(people.user)
    assert (await service.refresh(people.user)).status_code == 401


async def test_rotating_keys_ends_no_session(service: Service) -> None:
    """JWT-15: the old key verifies until its last token has expired, then it is no longer published."""
    service.clock.advance(timedelta(seconds=1))
    await service.application.services.signing_key_ring.rotate(at_once=True)
    old, new = service.people.user, tokens_in(await service.refresh(service.people.user))
    assert segment(old.access_token, 0)["kid"] != segment(new.access_token, 0)["kid"]
    assert await service.works(old)
    assert await service.works(new)
    published = (await service.ask("GET", "/.well-known/jwks.json")).json()["keys"]
    assert [key["kid"] for key in published] == [segment(token.access_token, 0)["kid"] for token in (new, old)]
    assert all(set(key) == {"kty", "crv", "x", "y", "kid", "alg", "use"} for key in published)
    service.clock.advance(LIFE + timedelta(minutes=2))
    (left,) = (await service.ask("GET", "/.well-known/jwks.json")).json()["keys"]
    assert left["kid"] == segment(new.access_token, 0)["kid"]
    assert (await service.refresh(new)).status_code == 200
