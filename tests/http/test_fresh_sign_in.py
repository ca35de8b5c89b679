"""Dangerous acts need a sign-in of the last ten minutes; `POST /auth/reauthenticate` makes it fresh again"""

from datetime import timedelta

from tests.http.answers import assert_problem
from tests.http.conftest import StartService
from tests.http.service import PASSWORD, Service, tokens_in

WRONG = "wrong-otter-41"
TEN_MINUTES = timedelta(minutes=10)


async def test_an_administrator_proves_their_presence_once_and_goes_on(service: Service) -> None:
    """SES-06: each refusal says how, and changes nothing."""
    admin, user = service.people.admin, service.people.user
    service.clock.advance(TEN_MINUTES)
    for method, path, body in (
        ("PATCH", f"/users/{user.id}", {"status": "banned"}),
        ("PUT", f"/users/{user.id}", {"role": "admin"}),
        ("PATCH", f"/users/{user.id}", {"email": "moved@example.com"}),
        ("DELETE", f"/users/{user.id}", None),
        ("DELETE", f"/users/{user.id}/sessions", None),
        ("POST", "/users", {"name": "Eve", "email": "eve@example.com", "password": PASSWORD, "role": "admin"}),
    ):
        answer = await service.ask(method, f"/api/v1{path}", body, by=admin)
        assert assert_problem(answer, 403, "reauthentication_required")["methods"] == ["pwd"]
    assert await service.works(user)
    assert (await service.patch(f"/users/{user.id}", {"name": "Renamed"}, by=admin)).status_code == 200

    fresh = tokens_in(await service.post("/auth/reauthenticate", {"password": PASSWORD}, by=admin))
    assert fresh.claims["sid"] == admin.claims["sid"]
    assert (await service.patch(f"/users/{user.id}", {"status": "banned"}, by=admin)).status_code == 200
    assert (await service.delete(f"/users/{user.id}", by=fresh)).status_code == 200


async def test_tokens_say_when_and_how_the_person_signed_in(service: Service) -> None:
    user = service.people.user
    began = user.claims["auth_time"]
    assert (user.claims["amr"], user.claims["acr"]) == (["pwd"], "aal1")
    service.clock.advance(TEN_MINUTES)
    refreshed = await service.refreshed(user)
    assert (refreshed.claims["auth_time"], refreshed.claims["iat"]) == (began, began + 600)
    fresh = tokens_in(await service.post("/auth/reauthenticate", {"password": PASSWORD}, by=refreshed))
    assert (fresh.claims["auth_time"], fresh.claims["amr"]) == (began + 600, ["pwd"])
    assert fresh.refresh_token == refreshed.refresh_token
    assert await service.works(await service.refreshed(fresh))


async def test_a_wrong_password_ends_no_session(service: Service) -> None:
    user = service.people.user
    answer = await service.post("/auth/reauthenticate", {"password": WRONG}, by=user)
    assert_problem(answer, 400, "incorrect_password")
    assert await service.works(user)
    (event,) = await service.events("&type=password.check_failed")
    assert event["details"]["act"] == "reauthenticate"


async def test_guesses_are_limited_as_at_every_prompt(start_service: StartService) -> None:
    """LGN-05."""
    service = await start_service(rate_limits=True)
    user = service.people.user
    for _ in range(10):
        await service.post("/auth/reauthenticate", {"password": WRONG}, by=user)
    answer = await service.post("/auth/reauthenticate", {"password": PASSWORD}, by=user)
    assert_problem(answer, 429, "rate_limited")


async def test_the_time_can_be_set(start_service: StartService) -> None:
    service = await start_service(fresh_sign_in="1m")
    admin, user = service.people.admin, service.people.user
    service.clock.advance(timedelta(seconds=61))
    answer = await service.delete(f"/users/{user.id}/sessions", by=admin)
    assert_problem(answer, 403, "reauthentication_required")


async def test_a_session_from_before_the_update_counts_from_its_beginning(service: Service) -> None:
    """An earlier release that still runs beside this one writes sessions without the new columns."""
    admin, user = service.people.admin, service.people.user
    await service.change("UPDATE user_sessions SET authenticated_at = NULL")
    assert (await service.delete(f"/users/{user.id}/sessions", by=admin)).status_code == 200
    service.clock.advance(TEN_MINUTES)
    answer = await service.delete(f"/users/{user.id}/sessions", by=admin)
    assert_problem(answer, 403, "reauthentication_required")
