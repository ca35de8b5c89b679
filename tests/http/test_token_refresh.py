"""POST /auth/refresh: generations of tokens"""

import re
from datetime import timedelta

import pytest

from tests.http.answers import assert_problem, assert_safe_headers
from tests.http.conftest import StartService
from tests.http.service import Service, Tokens, tokens_in

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
# Ten seconds for racing tabs, and twenty for the clocks of two servers.
GRACE = timedelta(seconds=30)


async def test_a_refresh_gives_new_tokens_twice(service: Service) -> None:
    """RT-01"""
    old = service.people.user
    answer = await service.refresh(old)
    assert answer.status_code == 200
    assert_safe_headers(answer)
    assert set(answer.json()) == {"message", "user", "tokens"}
    assert answer.json()["user"] == answer.json()["tokens"]
    new = tokens_in(answer)
    assert new.access_token != old.access_token
    assert new.refresh_token != old.refresh_token
    assert new.session_id == old.session_id
    assert await service.works(new)


async def test_tokens_go_on_and_on(service: Service) -> None:
    tokens: Tokens = service.people.user
    seen = {tokens.refresh_token}
    for _ in range(20):
        service.clock.advance(DAY)
        tokens = await service.refreshed(tokens)
        seen.add(tokens.refresh_token)
        assert await service.works(tokens)
    assert len(seen) == 21
    assert service.sql("SELECT generation FROM user_sessions WHERE user_id = ?", uuid_of(service)) == [(21,)]


async def test_a_copied_token_ends_its_session_and_no_other(service: Service) -> None:
    """RT-03: R0 → R1 → R2, then R0 again."""
    r0 = service.people.user
    elsewhere = await service.signed_in(r0)
    r1 = await service.refreshed(r0)
    r2 = await service.refreshed(r1)
    service.clock.advance(GRACE + SECOND)
    answer = await service.refresh(r0)
    assert_problem(answer, 401, "refresh_token_reused")
    assert "set-cookie" not in answer.headers
    assert_problem(await service.refresh(r2), 401, "invalid_refresh_token")
    assert not await service.works(r2)
    assert await service.works(elsewhere)
    assert (await service.refresh(elsewhere)).status_code == 200
    assert await service.works(service.people.other)


async def test_two_generations_back_is_a_copy_even_within_the_grace(service: Service) -> None:
    """RT-03"""
    r0 = service.people.user
    await service.refreshed(await service.refreshed(r0))
    assert_problem(await service.refresh(r0), 401, "refresh_token_reused")


@pytest.mark.parametrize("later", [timedelta(), GRACE + SECOND, timedelta(hours=1), DAY, 29 * DAY])
async def test_a_lost_response_is_given_again(service: Service, later: timedelta) -> None:
    """RT-05: as long as the child was never used, however late."""
    r0 = service.people.user
    lost = await service.refreshed(r0)
    service.clock.advance(later)
    again = await service.refreshed(r0)
    assert again.refresh_token == lost.refresh_token
    assert again.claims["gen"] == lost.claims["gen"] == 2
    assert await service.works(again)


@pytest.mark.parametrize("confirmed_by", ["the access token", "the refresh token"])
async def test_once_the_child_was_used_the_parent_is_a_copy(service: Service, confirmed_by: str) -> None:
    """RT-05, RT-06"""
    r0 = service.people.user
    child = await service.refreshed(r0)
    if confirmed_by == "the access token":
        assert await service.works(child)
    else:
        await service.refreshed(child)
    service.clock.advance(GRACE + SECOND)
    assert_problem(await service.refresh(r0), 401, "refresh_token_reused")
    assert not await service.works(child)


@pytest.mark.parametrize(
    ("later", "status"), [(timedelta(), 200), (GRACE - SECOND, 200), (GRACE, 200), (GRACE + SECOND, 401)]
)
async def test_the_grace_for_racing_tabs_is_thirty_seconds(service: Service, later: timedelta, status: int) -> None:
    """RT-06"""
    r0 = service.people.user
    child = await service.refreshed(r0)
    assert await service.works(child)
    service.clock.advance(later)
    answer = await service.refresh(r0)
    assert answer.status_code == status
    if status == 200:
        assert tokens_in(answer).refresh_token == child.refresh_token
    assert await service.works(child) is (status == 200)


async def test_the_parents_access_token_lives_on_beside_the_child(service: Service) -> None:
    """A request that was under way while another one refreshed is not punished."""
    await service.refreshed(service.people.user)
    assert await service.works(service.people.user)


NOT_TOKENS = [
    "", " ", "x", "bkr_", "bkr_" + "A" * 80, "null", "\u0000", "a" * 60_000, "😀" * 50, "../../etc/passwd",
    "' OR 1=1 --",
]  # fmt: skip


@pytest.mark.parametrize("token", NOT_TOKENS, ids=range(len(NOT_TOKENS)))
async def test_what_we_never_issued_is_refused(service: Service, token: str) -> None:
    answer = await service.refresh(token)
    assert_problem(answer, 401, "invalid_refresh_token")
    assert answer.headers["www-authenticate"] == 'Bearer realm="bukhindor"'


async def test_a_token_that_was_changed_anywhere_is_refused_and_ends_no_session(service: Service) -> None:
    """RT-02"""
    token = service.people.user.refresh_token
    for index in range(4, len(token)):
        changed = token[:index] + ("A" if token[index] != "A" else "B") + token[index + 1 :]
        answer = await service.refresh(changed)
        if answer.status_code == 200:
            # The last letter of base64 has bits that mean nothing.
            assert index == len(token) - 1
    assert await service.works(service.people.user)


async def test_an_access_token_is_no_refresh_token_and_the_other_way_round(service: Service) -> None:
    """RT-10, JWT-08"""
    user = service.people.user
    assert_problem(await service.refresh(user.access_token), 401, "invalid_refresh_token")
    assert_problem(await service.get("/auth/me", by=user.refresh_token), 401, "invalid_token")


@pytest.mark.parametrize("body", [{}, {"refresh_token": None}, {"refresh_token": 1}, {"refresh_token": ["x"]}])
async def test_a_body_without_a_token_is_invalid(service: Service, body: object) -> None:
    answer = await service.post("/auth/refresh", body)
    assert_problem(answer, 400, "validation_failed", "refresh_token")


async def test_refresh_tokens_are_random_and_stored_nowhere(service: Service) -> None:
    """RT-02: nothing in the database is a token that was issued, or a piece of one."""
    tokens = [await service.signed_in(service.people.user) for _ in range(20)]
    dump = service.stored()
    for token in tokens:
        assert re.fullmatch(r"[A-Za-z0-9_-]{22,512}", token.refresh_token)
        assert token.refresh_token.encode() not in dump
        assert token.refresh_token[-22:].encode() not in dump
        assert token.access_token.rpartition(".")[2].encode() not in dump
    assert len({token.refresh_token[-22:] for token in tokens}) == 20


async def test_thirty_idle_days_end_a_session(service: Service) -> None:
    """RT-07"""
    service.clock.advance(30 * DAY - SECOND)
    tokens = await service.refreshed(service.people.user)
    service.clock.advance(30 * DAY)
    assert_problem(await service.refresh(tokens), 401, "invalid_refresh_token")


async def test_however_busy_a_session_ends_after_180_days(service: Service) -> None:
    """RT-07"""
    tokens: Tokens = service.people.user
    for _ in range(8):
        service.clock.advance(20 * DAY)
        tokens = await service.refreshed(tokens)
    service.clock.advance(20 * DAY - 60 * SECOND)
    answer = await service.refresh(tokens)
    assert answer.json()["user"]["expires_in"] == answer.json()["user"]["refresh_expires_in"] == 60
    service.clock.advance(60 * SECOND)
    assert_problem(await service.refresh(tokens_in(answer)), 401, "invalid_refresh_token")


async def test_an_administrators_session_ends_after_a_day(service: Service) -> None:
    """RT-07"""
    answer = await service.log_in(service.people.admin.email)
    assert answer.json()["user"]["refresh_expires_in"] == 86_400
    service.clock.advance(DAY - SECOND)
    tokens = await service.refreshed(tokens_in(answer))
    service.clock.advance(SECOND)
    assert_problem(await service.refresh(tokens), 401, "invalid_refresh_token")


async def test_lives_are_the_operators_choice(start_service: StartService) -> None:
    """RT-07"""
    service = await start_service(refresh_token_expiration=timedelta(hours=1), jwt_expiration=timedelta(minutes=5))
    answer = await service.log_in(service.people.user.email)
    assert (answer.json()["user"]["expires_in"], answer.json()["user"]["refresh_expires_in"]) == (300, 3600)
    service.clock.advance(timedelta(hours=1))
    assert_problem(await service.refresh(tokens_in(answer)), 401, "invalid_refresh_token")


@pytest.mark.parametrize("change", [{"status": "banned"}, {"status": "inactive"}, {"is_active": False}])
async def test_a_user_who_may_no_more_gets_no_tokens(service: Service, change: object) -> None:
    """RT-08"""
    people = service.people
    await service.patch(f"/users/{people.user.id}", change, by=people.admin)
    answer = await service.refresh(people.user)
    assert_problem(answer, 401, "invalid_refresh_token")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(("status", "error_code"), [("banned", "account_banned"), ("inactive", "account_inactive")])
async def test_a_session_that_outlived_its_users_rights_is_useless(
    service: Service, status: str, error_code: str
) -> None:
    """RT-08, JWT-10: the status is looked at, not only the session."""
    user = service.people.user
    await service.change("UPDATE users SET status = ? WHERE email = ?", status, user.email)
    assert_problem(await service.refresh(user), 403, error_code)
    assert_problem(await service.get("/auth/me", by=user), 403, error_code)
    await service.change("UPDATE users SET status = 'active' WHERE email = ?", user.email)
    assert await service.works(await service.refreshed(user))


async def test_the_role_of_today_stands_in_the_new_token(service: Service) -> None:
    """RT-08"""
    people = service.people
    await service.patch(f"/users/{people.user.id}", {"role": "admin"}, by=people.admin)
    tokens = await service.refreshed(people.user)
    assert tokens.claims["role"] == "admin"
    assert (await service.get("/users", by=tokens)).status_code == 200


async def test_a_deleted_users_token_is_refused(service: Service) -> None:
    """RT-08, AZ-14"""
    people = service.people
    await service.delete(f"/users/{people.user.id}", by=people.admin)
    assert_problem(await service.refresh(people.user), 401, "invalid_refresh_token")


async def test_another_device_id_at_refresh_changes_nothing(service: Service) -> None:
    """RT-09: a session keeps the device that it began with."""
    device = {"x-device-id": "first", "x-app-type": "ios", "x-app-version": "1.0"}
    tokens = tokens_in(await service.log_in(service.people.user.email, headers=device))
    answer = await service.refresh(tokens, headers={"x-device-id": "second", "x-app-type": "web"})
    tokens = tokens_in(answer)
    sessions = (await service.get("/auth/sessions", by=tokens)).json()["sessions"]
    assert [session["device_id"] for session in sessions if session["current"]] == ["first"]


async def test_a_stale_bearer_does_not_hinder_a_refresh(service: Service) -> None:
    answer = await service.refresh(service.people.user, headers={"authorization": "Bearer stale"})
    assert answer.status_code == 200


async def test_white_space_around_a_token_is_no_part_of_it(service: Service) -> None:
    answer = await service.refresh(f" {service.people.user.refresh_token}\r\n")
    assert answer.status_code == 200


def uuid_of(service: Service) -> str:
    return service.people.user.id.replace("-", "")
