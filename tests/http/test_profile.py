"""GET and PATCH /auth/me"""

from datetime import timedelta

import pytest

from tests.http.answers import assert_problem, assert_refused_field, assert_safe_headers
from tests.http.service import Json, Service

FIXED: Json = {
    "id": "00000000-0000-7000-8000-000000000001", "email": "new@example.com", "role": "admin", "status": "banned",
    "is_active": False, "email_verified": True, "created_at": "2001-01-01T00:00:00Z", "password": "hacked-otter-41",
    "password_hash": "x", "user_id": "x", "sub": "x",
}  # fmt: skip


async def test_me_is_a_bare_user(service: Service) -> None:
    user = service.people.user
    answer = await service.get("/auth/me", by=user)
    assert answer.status_code == 200
    assert_safe_headers(answer)
    assert answer.json() == {
        "id": user.id,
        "email": "uma@example.com",
        "name": "Uma User",
        "is_active": True,
        "role": "user",
        "status": "active",
        "email_verified": False,
        "created_at": "2026-03-01T12:00:00.250000Z",
        "updated_at": "2026-03-01T12:00:00.250000Z",
        "last_login_at": "2026-03-01T12:00:00.250000Z",
        "language": None,
        "metadata": {},
        "app_metadata": {},
        "is_guest": False,
    }


async def test_everybody_reads_themselves(service: Service) -> None:
    """AZ-13"""
    people = service.people
    for person in (people.admin, people.user, people.guest):
        assert (await service.get("/auth/me", by=person)).json()["id"] == person.id


async def test_people_rename_themselves(service: Service) -> None:
    service.clock.advance(timedelta(minutes=1))
    answer = await service.patch("/auth/me", {"name": "  Uma Thurman "}, by=service.people.user)
    assert (answer.status_code, answer.json()["name"]) == (200, "Uma Thurman")
    assert answer.json()["updated_at"] == "2026-03-01T12:01:00.250000Z"
    assert (await service.get("/auth/me", by=service.people.user)).json() == answer.json()


@pytest.mark.parametrize("body", [{}, {"name": None}, {"name": "Uma User"}, {"name": " Uma User "}, {"other": 1}])
async def test_nothing_new_changes_nothing(service: Service, body: object) -> None:
    service.clock.advance(timedelta(minutes=1))
    before = (await service.get("/auth/me", by=service.people.user)).json()
    answer = await service.patch("/auth/me", body, by=service.people.user)
    assert (answer.status_code, answer.json()) == (200, before)


async def test_a_guest_renames_no_account(service: Service) -> None:
    """AZ-13"""
    guest = service.people.guest
    assert_problem(await service.patch("/auth/me", {"name": "New"}, by=guest), 403, "forbidden")
    assert (await service.patch("/auth/me", {"name": guest.name}, by=guest)).status_code == 200
    assert (await service.user(guest.id))["name"] == guest.name


@pytest.mark.parametrize("field", FIXED)
async def test_everything_else_stays_as_it_is(service: Service, field: str) -> None:
    """AZ-04, AZ-08: unknown keys are ignored here, known ones too that are none of the caller's business."""
    user = service.people.user
    before = await service.user(user.id)
    answer = await service.patch("/auth/me", {field: FIXED[field], "nested": {field: FIXED[field]}}, by=user)
    assert answer.status_code == 200
    assert await service.user(user.id) == before
    assert (await service.log_in(user.email)).status_code == 200


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "required"),
        ("  ", "required"),
        ("a" * 101, "too_long"),
        ("U\u0000", "invalid_characters"),
        ("U\r\nma", "invalid_characters"),
        ("\u202eamU", "invalid_characters"),
        (1, "invalid_value"),
        (True, "invalid_value"),
        (["Uma"], "invalid_value"),
        ({"first": "Uma"}, "invalid_value"),
    ],
)
async def test_a_name_that_is_none_is_refused(service: Service, name: object, reason: str) -> None:
    """IN-04, IN-05"""
    assert_refused_field(await service.patch("/auth/me", {"name": name}, by=service.people.user), "name", reason)
    assert (await service.user(service.people.user.id))["name"] == "Uma User"


@pytest.mark.parametrize(
    "header", ["x-user-id", "x-original-url", "x-rewrite-url", "x-forwarded-user", "x-remote-user"]
)
async def test_no_header_changes_the_caller(service: Service, header: str) -> None:
    """AZ-08"""
    people = service.people
    headers = {header: people.admin.id}
    assert (await service.get("/auth/me", by=people.user, headers=headers)).json()["id"] == people.user.id
    assert (await service.get("/auth/me", headers=headers)).status_code == 401


@pytest.mark.parametrize("header", ["x-http-method-override", "x-http-method", "x-method-override"])
async def test_no_header_makes_another_method(service: Service, header: str) -> None:
    """AZ-08"""
    people = service.people
    answer = await service.get(f"/users/{people.user.id}", by=people.user, headers={header: "DELETE"})
    assert answer.status_code == 200
    assert await service.works(people.user)
