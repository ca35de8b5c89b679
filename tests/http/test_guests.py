"""/auth/guest, /auth/guest/upgrade, and signing in with a guest's token"""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.http.answers import assert_problem, assert_refused_field, assert_safe_headers
from tests.http.authenticator import mfa_token, protected
from tests.http.conftest import StartService
from tests.http.passkey_scenes import PASSKEYS, SIGN_IN, add, on_the_web, proof, sign_in
from tests.http.service import PASSWORD, Json, Service, Tokens, tokens_in

GUEST, UPGRADE = "/auth/guest", "/auth/guest/upgrade"
ANNA = {"email": "anna@example.org", "password": PASSWORD}


async def begin(service: Service, name: str | None = None, **how: Any) -> Tokens:
    answer = await service.post(GUEST, None if name is None else {"name": name}, **how)
    assert answer.status_code == 201, answer.text
    user = answer.json()["user"]
    return Tokens(user["access_token"], user["refresh_token"])


async def me(service: Service, by: Tokens) -> Json:
    answer = await service.get("/auth/me", by=by)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def log_in(service: Service, guest: Tokens | str | None, **how: Any) -> httpx.Response:
    token = guest.access_token if isinstance(guest, Tokens) else guest
    body = {"email": service.people.user.email, "password": PASSWORD, "guest_token": token}
    return await service.post("/auth/login", body, **how)


async def mailed_to_guests(service: Service) -> list[Json]:
    """Once every mail has left that waits."""
    return [mail for mail in await service.mails() if mail["to"].endswith("guest.invalid")]


async def test_a_guest_is_signed_in_at_once(service: Service) -> None:
    answer = await service.post(GUEST, {"name": "Zoe"}, headers={"accept-language": "pt-BR"})
    assert answer.status_code == 201
    assert_safe_headers(answer)
    assert set(answer.json()) == {"message", "user"}
    assert "access_token=" in answer.headers["set-cookie"]
    tokens = Tokens(answer.json()["user"]["access_token"], answer.json()["user"]["refresh_token"])
    guest = await me(service, tokens)
    assert guest["email"] == f"{guest['id']}@guest.invalid"
    assert (guest["name"], guest["role"], guest["is_guest"], guest["language"]) == ("Zoe", "user", True, "pt-BR")
    assert (tokens.claims["sub"], tokens.claims["acr"], "amr" in tokens.claims) == (guest["id"], "aal1", False)
    assert await service.works(await service.refreshed(tokens))


@pytest.mark.parametrize("body", [None, {}, {"name": None}])
async def test_a_guest_needs_no_name(service: Service, body: Json | None) -> None:
    answer = await service.post(GUEST, body, headers={"accept-language": "ru"})
    assert answer.status_code == 201
    assert (await me(service, answer.json()["user"]["access_token"]))["name"] == "Гость"


@pytest.mark.parametrize("body", [{"name": ""}, {"name": 7}, {"name": "x" * 101}])
async def test_a_name_follows_the_rules_of_names(service: Service, body: Json) -> None:
    answer = await service.post(GUEST, body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "name")
    assert service.sql("SELECT count(*) FROM users WHERE guest_seen_at IS NOT NULL") == [(0,)]


@pytest.mark.parametrize(
    "settings",
    [
        {"registration": "closed"},
        {"registration": "invited"},
        {"email_verification": "required"},
        {"allowed_email_domains": "example.com"},
        {"mfa_required": "all"},
    ],
)
async def test_there_are_no_guests_where_not_everyone_may_register(start_service: StartService, settings: Json) -> None:
    """GST-01"""
    service = await start_service(**settings)
    assert_problem(await service.post(GUEST), 403, "registration_closed")
    assert service.sql("SELECT count(*) FROM users WHERE guest_seen_at IS NOT NULL") == [(0,)]


async def test_guests_are_limited_by_network_and_by_device(start_service: StartService) -> None:
    """GST-01"""
    service = await start_service(rate_limits=True)
    phone = {"x-device-id": "phone-1"}
    for _ in range(5):
        await begin(service, headers=phone)
    assert_problem(await service.post(GUEST, headers=phone), 429, "rate_limited")
    await begin(service, headers=phone, peer="198.51.100.7")
    for number in range(25):
        await begin(service, headers={"x-device-id": f"tablet-{number}"})
    assert_problem(await service.post(GUEST), 429, "rate_limited")
    assert (await service.post("/auth/register", ANNA | {"name": "Anna"})).status_code == 201


async def test_administrators_see_who_is_a_guest(service: Service) -> None:
    guest = await me(service, await begin(service))
    assert {user["id"]: user["is_guest"] for user in await service.users()} == {
        **{person.id: False for person in service.people},
        guest["id"]: True,
    }
    assert (await service.user(guest["id"]))["is_guest"] is True
    changed = await service.patch(f"/users/{guest['id']}", {"role": "guest"}, by=service.people.admin)
    assert (changed.json()["role"], changed.json()["is_guest"]) == ("guest", True)
    refused = await service.patch(f"/users/{guest['id']}", {"role": "admin"}, by=service.people.admin)
    assert_refused_field(refused, "role", "guest_as_admin")
    whole = {"name": "Zoe", "email": guest["email"], "is_active": None}
    renamed = await service.put(f"/users/{guest['id']}", whole, by=service.people.admin)
    assert (renamed.status_code, renamed.json()["name"]) == (200, "Zoe")
    assert_problem(
        await service.post(f"/users/{guest['id']}/reset-password", by=service.people.admin), 409, "email_required"
    )


async def test_a_guest_becomes_a_person_and_loses_nothing(service: Service) -> None:
    """GST-02"""
    guest = await begin(service, "Zoe")
    other = await service.refreshed(guest)
    before = await me(service, other)
    assert (await service.patch("/auth/me", {"metadata": {"level": 3}}, by=other)).status_code == 200
    answer = await service.post(UPGRADE, ANNA, by=other)
    assert answer.status_code == 200
    person = answer.json()
    assert (person["id"], person["email"], person["name"]) == (before["id"], "anna@example.org", "Zoe")
    assert (person["is_guest"], person["email_verified"], person["metadata"]) == (False, False, {"level": 3})
    for token in (guest, other, await service.refreshed(other)):
        assert (await me(service, token)) == person
    assert (await service.log_in("anna@example.org")).status_code == 200
    proof_of_mailbox = await service.proof("anna@example.org")
    confirmed = await service.post("/auth/verify-email/confirm", {"token": proof_of_mailbox.token}, by=other)
    assert confirmed.status_code == 200
    assert (await me(service, other))["email_verified"] is True
    assert [event["details"] for event in await service.events("&type=guest.claimed")] == [{"by": "password"}]


async def test_an_upgrade_follows_the_rules_of_a_registration(start_service: StartService) -> None:
    service = await start_service(blocked_email_domains="example.net")
    guest = await begin(service)
    taken = ANNA | {"email": service.people.user.email}
    assert_problem(await service.post(UPGRADE, taken, by=guest), 409, "email_taken")
    blocked = await service.post(UPGRADE, ANNA | {"email": "anna@example.net"}, by=guest)
    assert_refused_field(blocked, "email", "email_domain_not_accepted")
    common = await service.post(UPGRADE, ANNA | {"password": "password123"}, by=guest)
    assert_refused_field(common, "password", "password_too_common")
    short = await service.post(UPGRADE, ANNA | {"password": "short"}, by=guest)
    assert_refused_field(short, "password", "password_too_short")
    assert (await me(service, guest))["is_guest"] is True
    assert (await service.post(UPGRADE, ANNA, by=guest)).status_code == 200
    again = await service.post(UPGRADE, ANNA | {"email": "bea@example.org"}, by=guest)
    assert_problem(again, 409, "not_a_guest")
    assert_problem(await service.post(UPGRADE, ANNA, by=service.people.user), 409, "not_a_guest")
    assert_problem(await service.post(UPGRADE, ANNA), 401, "not_authenticated")


async def test_an_upgrade_that_is_sent_twice_happens_once(service: Service) -> None:
    """The client sends again after a lost response."""
    guest = await begin(service)
    how: Json = {"by": guest, "headers": {"idempotency-key": "upgrade-1"}}
    first, second = [await service.post(UPGRADE, ANNA, **how) for _ in range(2)]
    assert (first.status_code, second.status_code, first.json()) == (200, 200, second.json())
    assert len(await service.mails("anna@example.org")) == 1


@pytest.mark.parametrize("form", ["token", "code"])
async def test_a_mailed_code_makes_a_guest_a_person(service: Service, form: str) -> None:
    guest = await begin(service)
    address = (await me(service, guest))["email"]
    service.clock.advance(timedelta(minutes=14))
    assert (await service.post("/auth/change-email", {"new_email": "anna@example.org"}, by=guest)).status_code == 200
    mailed = await service.proof("anna@example.org")
    body = {"token": mailed.token} if form == "token" else {"email": address, "code": mailed.code}
    assert (await service.post("/auth/change-email/confirm", body)).status_code == 200
    person = await me(service, guest)
    assert (person["email"], person["email_verified"], person["is_guest"]) == ("anna@example.org", True, False)
    assert len(await service.mails("anna@example.org")) == 1
    assert await mailed_to_guests(service) == []


async def test_a_passkey_makes_a_guest_a_person_and_is_the_last_way_in(service: Service) -> None:
    guest, device = await begin(service, "Zoe"), on_the_web()
    options = (await service.post("/auth/passkeys/options", by=guest)).json()["options"]
    assert options["user"]["name"] == "Zoe"
    passkey = await add(service, device, guest)
    person = await me(service, guest)
    assert (person["is_guest"], person["email"].endswith("@guest.invalid")) == (False, True)
    tokens = tokens_in(await sign_in(service, device))
    assert tokens.claims["sub"] == person["id"]
    removal = await service.delete(f"{PASSKEYS}/{passkey['id']}", by=tokens)
    assert_problem(removal, 409, "last_sign_in_method")
    reset = await service.delete(f"/users/{person['id']}/factors", by=service.people.admin)
    assert_problem(reset, 409, "last_sign_in_method")
    password = await service.put("/auth/password", {"new_password": "scarlet-heron-77"}, by=tokens)
    assert_problem(password, 409, "email_required")
    assert_problem(await service.post("/auth/lockdown", by=tokens), 409, "email_required")
    assert await service.works(tokens)
    assert await mailed_to_guests(service) == []


async def test_a_guest_adds_no_second_factor(service: Service) -> None:
    guest = await begin(service)
    assert_problem(await service.post("/auth/factors/totp", by=guest), 409, "email_required")


async def test_a_guest_exports_signs_out_and_deletes(service: Service) -> None:
    guest, other = await begin(service), await begin(service)
    assert (await service.get("/auth/me/export", by=guest)).json()["user"]["is_guest"] is True
    assert (await service.post("/auth/logout", by=guest)).status_code == 200
    assert not await service.works(guest)
    service.clock.advance(timedelta(minutes=14))
    assert (await service.delete("/auth/me", by=other)).status_code == 200
    assert service.sql("SELECT count(*) FROM users WHERE guest_seen_at IS NOT NULL") == [(1,)]
    assert await mailed_to_guests(service) == []


TAKING_ADDRESSES: dict[str, Json] = {
    "POST /auth/register": {"name": "X", "password": PASSWORD},
    "POST /users": {"name": "X", "password": PASSWORD},
    "POST /users/invitations": {},
    "POST /auth/change-email": {"password": PASSWORD},
    "PATCH /users/me": {},
    "POST /auth/guest/upgrade": {"password": PASSWORD},
}


@pytest.mark.parametrize("endpoint", TAKING_ADDRESSES)
@pytest.mark.parametrize("email", ["x@guest.invalid", "X@Guest.INVALID"])
async def test_no_one_has_the_address_of_a_guest(service: Service, endpoint: str, email: str) -> None:
    """GST-05. Wherever an address is taken, and however it is spelled."""
    method, _, path = endpoint.partition(" ")
    field = "new_email" if "change-email" in path else "email"
    by: Tokens = await begin(service) if path == UPGRADE else service.people.admin
    path = path.replace("/users/me", f"/users/{service.people.user.id}")
    queued = service.sql("SELECT count(*) FROM outbox")
    answer = await service.ask(method, f"/api/v1{path}", TAKING_ADDRESSES[endpoint] | {field: email}, by=by)
    assert_refused_field(answer, field, "email_domain_not_accepted")
    assert service.sql("SELECT count(*) FROM users WHERE email = 'x@guest.invalid'") == [(0,)]
    assert service.sql("SELECT count(*) FROM outbox") == queued


@pytest.mark.parametrize("path", ["/auth/sign-in-code", "/auth/reset-password", "/auth/verify-email"])
async def test_a_guest_who_asks_for_a_mail_gets_the_answer_of_all_and_no_mail(service: Service, path: str) -> None:
    """GST-05"""
    guest = await me(service, await begin(service))
    known = await service.post(path, {"email": guest["email"]})
    unknown = await service.post(path, {"email": "stranger@example.org"})
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())
    assert await mailed_to_guests(service) == []


async def test_a_sign_in_merges_a_guest(service: Service) -> None:
    """GST-03"""
    user, guest = service.people.user, await begin(service)
    await service.patch("/auth/me", {"metadata": {"theme": "dark"}}, by=user)
    await service.patch("/auth/me", {"metadata": {"theme": "light", "level": 3}}, by=guest)
    answer = await log_in(service, guest)
    assert answer.status_code == 200
    assert set(answer.json()) == {"message", "user", "merged_from"}
    assert answer.json()["merged_from"] == guest.claims["sub"]
    merged = await me(service, tokens_in(answer))
    assert (merged["id"], merged["metadata"]) == (user.id, {"theme": "dark", "level": 3})
    assert not await service.works(guest)
    assert (await service.refresh(guest)).status_code == 401
    gone = await service.get(f"/users/{guest.claims['sub']}", by=service.people.admin)
    assert_problem(gone, 404, "user_not_found")
    (event,) = await service.events("&type=guest.merged")
    assert (event["subject_id"], event["details"]) == (user.id, {"merged_from": guest.claims["sub"]})
    assert_problem(await log_in(service, guest), 400, "invalid_guest_token")


@pytest.mark.parametrize("token", [None, "unset"])
async def test_a_sign_in_without_a_guest_answers_as_before(service: Service, token: str | None) -> None:
    if token is None:
        answer = await log_in(service, None)
    else:
        answer = await service.log_in(service.people.user.email)
    assert (answer.status_code, set(answer.json())) == (200, {"message", "user"})


async def test_every_other_way_of_signing_in_merges_a_guest(service: Service) -> None:
    user, device = service.people.user, on_the_web()
    await add(service, device, user)
    await service.post("/auth/sign-in-code", {"email": user.email})
    mailed = {"token": (await service.proof(user.email)).token}
    used = await proof(service, device)
    for path, body in ((SIGN_IN, used), ("/auth/sign-in-code/confirm", mailed)):
        guest = await begin(service)
        answer = await service.post(path, body | {"guest_token": guest.access_token})
        assert (answer.status_code, answer.json()["merged_from"]) == (200, guest.claims["sub"])
        assert not await service.works(guest)


async def test_with_a_second_factor_a_guest_is_merged_at_the_end(service: Service) -> None:
    """GST-04"""
    user, guest = service.people.user, await begin(service)
    app = await protected(service, user)
    half = await log_in(service, guest)
    assert_problem(half, 403, "mfa_required")
    assert await service.works(guest)
    body = {"mfa_token": half.json()["mfa_token"], "recovery_code": app.recovery_codes[0]}
    wrong = await service.post("/auth/login/factor", body | {"guest_token": "not a token"})
    assert_problem(wrong, 400, "invalid_guest_token")
    answer = await service.post("/auth/login/factor", body | {"guest_token": guest.access_token})
    assert (answer.status_code, answer.json()["merged_from"]) == (200, guest.claims["sub"])
    assert not await service.works(guest)
    assert await mfa_token(service, user)


async def test_a_token_that_is_no_guests_is_refused_before_anything_happens(service: Service) -> None:
    """GST-04. Not with 401: clients answer that with a refresh, and throw their tokens away when it does not help."""
    guest = await begin(service)
    expired = guest.access_token
    service.clock.advance(timedelta(minutes=16))
    begun = service.sql("SELECT count(*) FROM user_sessions")
    for token in ("", "not a token", expired, guest.refresh_token, service.people.other.access_token):
        assert_problem(await log_in(service, token), 400, "invalid_guest_token")
    wrong = {"email": "stranger@example.org", "password": "x", "guest_token": "x"}
    assert_problem(await service.post("/auth/login", wrong), 400, "invalid_guest_token")
    assert service.sql("SELECT count(*) FROM user_sessions") == begun
    assert (await log_in(service, await service.refreshed(guest))).status_code == 200


async def test_a_claim_tells_other_services_who_is_a_guest(start_service: StartService) -> None:
    service = await start_service(token_claims="guest:is_guest")
    guest = await begin(service)
    assert guest.claims["guest"] is True
    await service.post(UPGRADE, ANNA, by=guest)
    assert (await service.refreshed(guest)).claims["guest"] is False
