"""Dangerous acts need the password, whichever road leads to them; void tokens, and what the audit keeps of refusals"""

from collections.abc import AsyncIterator

import pytest

from tests.http.answers import assert_problem
from tests.http.conftest import StartService
from tests.http.service import PASSWORD, Service, tokens_in

WRONG, NEW = "wrong-otter-41", "scarlet-heron-77"

WAYS_TO_DELETE_ONESELF = ["/auth/me", "/users/{id}"]


@pytest.mark.parametrize("path", WAYS_TO_DELETE_ONESELF)
@pytest.mark.parametrize("who", ["user", "guest", "admin"])
async def test_ones_own_account_goes_only_with_the_password(service: Service, path: str, who: str) -> None:
    """SES-06: one guard for the act, whatever the path or the role."""
    person = getattr(service.people, who)
    path = path.format(id=person.id)
    for body in (None, {}, {"password": None}):
        assert_problem(await service.delete(path, body, by=person), 403, "reauthentication_required")
    assert_problem(await service.delete(path, {"password": WRONG}, by=person), 400, "incorrect_password")
    assert await service.works(person)
    (event,) = await service.events("&type=password.check_failed")
    assert (event["actor_id"], event["details"]["act"]) == (person.id, "delete_account")
    answer = await service.delete(path, {"password": PASSWORD}, by=person)
    if who == "admin":
        assert_problem(answer, 409, "last_admin")
    else:
        assert answer.status_code == 200
        assert not await service.works(person)


async def test_administrators_delete_others_without_a_password(service: Service) -> None:
    admin, user = service.people.admin, service.people.user
    assert (await service.delete(f"/users/{user.id}", by=admin)).status_code == 200
    assert not await service.works(user)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_an_administrator_moves_their_own_address_only_with_the_password(service: Service, method: str) -> None:
    """SES-06: `POST /auth/change-email` asks for it as well."""
    admin = service.people.admin
    path, body = f"/api/v1/users/{admin.id}", {"email": "moved@example.com", "name": "Ada"}
    assert_problem(await service.ask(method, path, body, by=admin), 403, "reauthentication_required")
    wrong = body | {"password": WRONG}
    assert_problem(await service.ask(method, path, wrong, by=admin), 400, "incorrect_password")
    assert (await service.get("/auth/me", by=admin)).json()["email"] == admin.email
    answer = await service.ask(method, path, body | {"password": PASSWORD}, by=admin)
    assert (answer.status_code, answer.json()["email"]) == (200, "moved@example.com")


async def test_what_already_is_so_and_other_peoples_addresses_need_no_password(service: Service) -> None:
    """The app in the field sends a whole user back."""
    admin, user = service.people.admin, service.people.user
    whole = {"name": "Ada", "email": admin.email, "is_active": None}
    assert (await service.put(f"/users/{admin.id}", whole, by=admin)).status_code == 200
    assert (await service.patch(f"/users/{user.id}", {"email": "new@example.com"}, by=admin)).status_code == 200
    assert_problem(await service.patch(f"/users/{user.id}", {"email": "x@example.com"}, by=user), 403, "forbidden")


async def test_access_tokens_from_before_a_password_change_are_refused(service: Service) -> None:
    """SES-03, CWE-613: on the very next request; a repetition of the change after a lost response is not."""
    user = service.people.user
    change = {"current_password": PASSWORD, "new_password": NEW}
    first = await service.post("/auth/change-password", change, by=user)
    assert first.status_code == 200
    assert_problem(await service.get("/auth/me", by=user), 401, "invalid_token")
    again = await service.post("/auth/change-password", change, by=user)
    assert tokens_in(again).refresh_token == tokens_in(first).refresh_token
    assert await service.works(tokens_in(again))
    other = {"current_password": PASSWORD, "new_password": "another-heron-12"}
    assert_problem(await service.post("/auth/change-password", other, by=user), 401, "invalid_token")
    assert (await service.log_in(user.email, NEW)).status_code == 200


async def test_access_tokens_from_before_a_new_role_are_refused_and_the_client_stays_signed_in(
    service: Service,
) -> None:
    """SES-03, JWT-10: one refresh, which the app does at 401, and the token has the new role."""
    admin, user = service.people.admin, service.people.user
    await service.patch(f"/users/{user.id}", {"role": "admin"}, by=admin)
    assert_problem(await service.get("/auth/me", by=user), 401, "invalid_token")
    fresh = await service.refreshed(user)
    assert fresh.claims["role"] == "admin"
    assert fresh.claims["sid"] == user.claims["sid"]
    assert (await service.get("/users", by=fresh)).status_code == 200


async def test_a_client_that_lost_its_last_refresh_stays_signed_in_over_a_new_role(service: Service) -> None:
    """RT-05: the same successor again, and its access token is good at once."""
    admin, user = service.people.admin, service.people.user
    lost = await service.refreshed(user)
    await service.patch(f"/users/{user.id}", {"role": "guest"}, by=admin)
    again = await service.refreshed(user)
    assert again.refresh_token == lost.refresh_token
    assert await service.works(again)


async def test_tokens_from_before_a_ban_stay_refused_after_it(service: Service) -> None:
    """SES-03."""
    admin, user = service.people.admin, service.people.user
    for status in ("banned", "active"):
        await service.patch(f"/users/{user.id}", {"status": status}, by=admin)
    assert_problem(await service.get("/auth/me", by=user), 401, "invalid_token")
    assert_problem(await service.refresh(user), 401, "invalid_refresh_token")


async def test_attempts_on_other_peoples_ids_are_recorded(service: Service) -> None:
    """LOG-02, AZ-02: the response is that of an unknown id, which is no event."""
    user, other = service.people.user, service.people.other
    for path in (f"/users/{other.id}", f"/auth/sessions/{other.session_id}"):
        assert (await service.delete(path, {"password": PASSWORD}, by=user)).status_code == 404
    assert (await service.get(f"/users/{other.id}", by=user)).status_code == 404
    assert (await service.delete("/auth/sessions/0191d8a4-8a3d-4f8e-9d5c-1b2a3c4d5e6f", by=user)).status_code == 404
    events = await service.events("&type=access.refused")
    assert {(event["actor_id"], event["details"]["code"], event["details"]["route"]) for event in events} == {
        (user.id, "user_not_found", "DELETE /api/v1/users/{user_id}"),
        (user.id, "user_not_found", "GET /api/v1/users/{user_id}"),
        (user.id, "session_not_found", "DELETE /api/v1/auth/sessions/{session_id}"),
    }
    assert {event["details"]["id"] for event in events} == {other.id, other.session_id}
    assert await service.works(other)


async def test_an_administrator_that_mistypes_an_id_is_no_event(service: Service) -> None:
    path = "/users/0191d8a4-8a3d-7f8e-9d5c-1b2a3c4d5e6f"
    assert (await service.get(path, by=service.people.admin)).status_code == 404
    assert await service.events("&type=access.refused") == []


async def test_refused_cross_site_requests_are_recorded(service: Service) -> None:
    """LOG-02, WEB-02: by network and minute, since the caller is not known."""
    user = service.people.user
    headers = {"cookie": f"access_token={user.access_token}", "origin": "https://evil.example"}
    for _ in range(3):
        assert_problem(await service.post("/auth/logout-all", headers=headers), 403, "cross_site_request")
    (event,) = await service.events("&type=access.refused")
    assert event["details"] == {"code": "cross_site_request", "route": "POST /api/v1/auth/logout-all"}
    assert (event["actor_id"], event["attempts"], event["ip"]) == (None, 3, "203.0.113.9")


async def test_wrong_mailed_tokens_are_recorded(service: Service) -> None:
    """LOG-02: by network, minute, purpose and form."""
    for number in range(3):
        body = {"token": f"wrong-{number}", "new_password": NEW}
        assert_problem(await service.post("/auth/reset-password/confirm", body), 400, "invalid_one_time_token")
    (event,) = await service.events("&type=mailbox_proof.failed")
    assert event["details"] == {"purpose": "reset_password", "what": "link"}
    assert (event["attempts"], event["subject_id"]) == (3, None)


@pytest.fixture
async def limited(start_service: StartService) -> Service:
    return await start_service(rate_limits=True)


async def test_a_stolen_session_guesses_ten_passwords_in_a_quarter_of_an_hour(limited: Service) -> None:
    """LGN-05, PW-12: over all prompts; sign-ins go on, and so does another session."""
    user = limited.people.user
    other_device = await limited.signed_in(user)
    prompts = [
        ("POST", "/auth/change-password", {"current_password": WRONG, "new_password": NEW}),
        ("POST", "/auth/change-email", {"new_email": "moved@example.com", "password": WRONG}),
        ("DELETE", "/auth/me", {"password": WRONG}),
        ("DELETE", f"/users/{user.id}", {"password": WRONG}),
    ]
    for number in range(10):
        method, path, body = prompts[number % 4]
        assert_problem(await limited.ask(method, f"/api/v1{path}", body, by=user), 400, "incorrect_password")
    for method, path, body in prompts:
        right = {name: PASSWORD if value == WRONG else value for name, value in body.items()}
        assert_problem(await limited.ask(method, f"/api/v1{path}", right, by=user), 429, "rate_limited")
    assert len(await limited.events("&type=password.check_failed")) == 10
    assert (await limited.log_in(user.email)).status_code == 200
    assert (await limited.delete("/auth/me", {"password": PASSWORD}, by=other_device)).status_code == 200


async def test_a_body_that_comes_slowly_is_admitted_by_the_rights_of_its_end(service: Service) -> None:
    """AZ-07, JWT-10: the administrator was banned while the request was under way."""
    people = service.people
    await service.patch(f"/users/{people.other.id}", {"role": "admin"}, by=people.admin)
    other = await service.refreshed(people.other)

    async def slowly() -> AsyncIterator[bytes]:
        yield b'{"name": "Mole", "email": "mole@example.com", '
        await service.patch(f"/users/{people.other.id}", {"status": "banned"}, by=people.admin)
        yield b'"password": "violet-otter-41", "role": "admin"}'

    answer = await service.post("/users", content=slowly(), headers={"content-type": "application/json"}, by=other)
    assert_problem(answer, 401, "invalid_token")
    assert "mole@example.com" not in {user["email"] for user in await service.users()}


async def test_a_void_token_ends_no_session_and_says_so(service: Service) -> None:
    """SES-01: the client refreshes at 401 and asks again."""
    admin, user = service.people.admin, service.people.user
    await service.patch(f"/users/{user.id}", {"role": "guest"}, by=admin)
    assert_problem(await service.post("/auth/logout", by=user), 401, "invalid_token")
    fresh = await service.refreshed(user)
    assert (await service.post("/auth/logout", by=fresh)).status_code == 200
    assert (await service.post("/auth/logout", by=fresh)).status_code == 200
    assert not await service.works(fresh)


async def test_a_void_token_still_shows_who_registered(service: Service) -> None:
    """REG-06: a new role must not end the password when the address is verified."""
    admin, user = service.people.admin, service.people.user
    await service.patch(f"/users/{user.id}", {"role": "guest"}, by=admin)
    body = {"token": (await service.proof(user.email)).token}
    assert (await service.post("/auth/verify-email/confirm", body, by=user)).status_code == 200
    assert (await service.log_in(user.email)).status_code == 200


async def test_a_flood_of_one_kind_of_refusal_hides_no_other(limited: Service) -> None:
    """LOG-02: ten cross-site requests use up their own part of the record."""
    headers = {"cookie": "access_token=x", "origin": "https://evil.example"}
    for _ in range(12):
        await limited.post("/auth/logout-all", headers=headers)
    for _ in range(11):
        await limited.log_in("nobody@example.com", WRONG)
    assert len(await limited.events("&type=limit.hit")) == 1


async def test_cross_site_requests_of_a_wide_network_are_recorded_in_part(limited: Service) -> None:
    """SES-07, LOG-02: a client of IPv6 has 65,536 networks, and gets fifty events a minute out of them."""
    headers = {"cookie": "access_token=x", "origin": "https://evil.example"}
    for number in range(80):
        await limited.post("/auth/logout-all", headers=headers, peer=f"2001:db8:1:{number:x}::1")
    assert limited.sql("SELECT count(*) FROM audit_events WHERE type = 'access.refused'") == [(50,)]
