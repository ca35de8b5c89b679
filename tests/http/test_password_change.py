"""POST /auth/change-password"""

from typing import Any

import pytest

from tests.http.answers import assert_problem, assert_refused_field
from tests.http.service import PASSWORD, Service, Tokens, tokens_in

NEW = "scarlet-heron-77"


async def change(service: Service, by: Tokens, current: object = PASSWORD, new: object = NEW) -> Any:
    return await service.post("/auth/change-password", {"current_password": current, "new_password": new}, by=by)


async def test_the_new_password_signs_in_and_the_old_one_no_more(service: Service) -> None:
    """PW-12"""
    user = service.people.user
    answer = await change(service, user)
    assert (answer.status_code, set(answer.json())) == (200, {"message", "user"})
    assert answer.headers["set-cookie"].startswith(f"access_token={answer.json()['user']['access_token']};")
    assert (await service.log_in(user.email, NEW)).status_code == 200
    assert_problem(await service.log_in(user.email), 401, "invalid_credentials")


async def test_other_sessions_end_and_this_one_goes_on_with_fresh_tokens(service: Service) -> None:
    """SES-03"""
    a = service.people.user
    b, c = await service.signed_in(a), await service.signed_in(a)
    fresh = tokens_in(await change(service, a))
    for ended in (b, c):
        assert not await service.works(ended)
        assert_problem(await service.refresh(ended), 401, "invalid_refresh_token")
    assert fresh.access_token != a.access_token
    assert fresh.refresh_token != a.refresh_token
    assert await service.works(fresh)
    assert (await service.refresh(fresh)).status_code == 200
    assert await service.works(service.people.other)


async def test_the_wrong_current_password_changes_nothing(service: Service) -> None:
    """PW-12"""
    user = service.people.user
    elsewhere = await service.signed_in(user)
    assert_problem(await change(service, user, "violet-otter-42"), 400, "incorrect_password")
    assert await service.works(user)
    assert await service.works(elsewhere)
    assert (await service.log_in(user.email)).status_code == 200


async def test_asking_again_after_a_lost_response_succeeds(service: Service) -> None:
    user = service.people.user
    await change(service, user)
    fresh = tokens_in(await service.log_in(user.email, NEW))
    answer = await change(service, fresh)
    assert answer.status_code == 200
    assert (await service.log_in(user.email, NEW)).status_code == 200


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("", "required"),
        ("short-7", "password_too_short"),
        ("a" * 129, "password_too_long"),
        ("iloveyou1", "password_too_common"),
        ("uma@example.com", "password_too_personal"),
        ("Uma User", "password_too_personal"),
        ("violet\u0000otter", "invalid_characters"),
        (None, "invalid_value"),
        (12345678, "invalid_value"),
    ],
)
async def test_a_new_password_that_may_not_be_chosen_is_refused(service: Service, new: object, reason: str) -> None:
    """PW-05, PW-06, PW-12"""
    answer = await change(service, service.people.user, PASSWORD, new)
    assert_refused_field(answer, "new_password", reason)
    assert PASSWORD not in answer.text
    assert (await service.log_in(service.people.user.email)).status_code == 200


@pytest.mark.parametrize("current", ["", None, 1, ["x"], "a" * 1025])
async def test_what_can_be_no_password_is_refused(service: Service, current: object) -> None:
    answer = await change(service, service.people.user, current)
    assert_problem(answer, 400, "validation_failed", "current_password")


async def test_both_passwords_are_needed(service: Service) -> None:
    """PW-12"""
    answer = await service.post("/auth/change-password", {"new_password": NEW}, by=service.people.user)
    assert_refused_field(answer, "current_password", "required")
    answer = await service.post("/auth/change-password", {"current_password": PASSWORD}, by=service.people.user)
    assert_refused_field(answer, "new_password", "required")


async def test_a_guest_changes_its_password_too(service: Service) -> None:
    assert (await change(service, service.people.guest)).status_code == 200


async def test_an_account_without_a_password_gets_none_this_way(service: Service) -> None:
    """PW-13"""
    user = service.people.user
    await service.change("UPDATE users SET password_hash = NULL WHERE email = ?", user.email)
    assert_problem(await change(service, user), 400, "incorrect_password")
    assert service.sql("SELECT password_hash FROM users WHERE email = ?", user.email) == [(None,)]
