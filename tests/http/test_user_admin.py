"""/users/{id} and POST /users: administrators change everything, people their own name"""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.http.answers import assert_problem, assert_refused_field, assert_safe_headers
from tests.http.service import PASSWORD, Json, Service

NEW = {"name": "Nina", "email": "nina@example.org", "password": PASSWORD}
MISSING = "01890a5d-ac96-774b-bcce-b302099a8057"


@pytest.mark.parametrize(
    ("extra", "role", "status"),
    [
        ({}, "user", "active"),
        ({"role": None, "status": None}, "user", "active"),
        ({"role": "admin"}, "admin", "active"),
        ({"role": "guest", "status": "inactive"}, "guest", "inactive"),
        ({"status": "banned", "id": MISSING, "email_verified": True}, "user", "banned"),
    ],
)
async def test_an_administrator_creates_accounts(service: Service, extra: Json, role: str, status: str) -> None:
    answer = await service.post("/users", NEW | extra, by=service.people.admin)
    assert answer.status_code == 201
    assert_safe_headers(answer)
    user = answer.json()
    assert (user["role"], user["status"], user["email_verified"]) == (role, status, False)
    assert user["is_active"] is (status == "active")
    assert user["id"] != MISSING
    assert (await service.log_in(NEW["email"])).status_code == (200 if status == "active" else 403)


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"role": "root"}, "role", "invalid_value"),
        ({"role": ["admin"]}, "role", "invalid_value"),
        ({"role": "ADMIN"}, "role", "invalid_value"),
        ({"status": 1}, "status", "invalid_value"),
        ({"password": "iloveyou1"}, "password", "password_too_common"),
        ({"password": "short-7"}, "password", "password_too_short"),
        ({"email": "nina"}, "email", "invalid_email"),
        ({"name": ""}, "name", "required"),
    ],
)
async def test_accounts_follow_the_same_rules_for_every_creator(
    service: Service, change: Json, field: str, reason: str
) -> None:
    """PW-05"""
    assert_refused_field(await service.post("/users", NEW | change, by=service.people.admin), field, reason)
    assert len(await service.users()) == 6


async def test_a_taken_address_makes_no_account(service: Service) -> None:
    answer = await service.post("/users", NEW | {"email": "UMA@example.com"}, by=service.people.admin)
    assert_problem(answer, 409, "email_taken")


async def test_an_administrator_changes_everything(service: Service) -> None:
    people = service.people
    service.clock.advance(timedelta(minutes=1))
    body = {"name": "Ursula", "email": "URSULA@example.com", "role": "guest", "status": "active"}
    for method in ("PUT", "PATCH"):
        answer = await service.ask(method, f"/api/v1/users/{people.user.id}", body, by=people.admin)
        assert answer.status_code == 200
    user = await service.user(people.user.id)
    assert (user["name"], user["email"], user["role"]) == ("Ursula", "ursula@example.com", "guest")
    assert user["updated_at"] == "2026-03-01T12:01:00.250000Z"
    assert (await service.log_in("ursula@example.com")).status_code == 200
    assert_problem(await service.log_in(people.user.email), 401, "invalid_credentials")


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("body", [{}, {"name": None, "email": None, "is_active": None, "role": None, "status": None}])
async def test_null_leaves_everything_as_it_is(service: Service, method: str, body: Json) -> None:
    people = service.people
    service.clock.advance(timedelta(minutes=1))
    for caller in (people.user, people.admin):
        before = (await service.get(f"/users/{people.user.id}", by=caller)).json()
        answer = await service.ask(method, f"/api/v1/users/{people.user.id}", body, by=caller)
        assert (answer.status_code, answer.json()) == (200, before)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_people_rename_themselves(service: Service, method: str) -> None:
    user = service.people.user
    body = {"name": "X", "email": None, "is_active": None}
    answer = await service.ask(method, f"/api/v1/users/{user.id}", body, by=user)
    assert (answer.status_code, answer.json()["name"]) == (200, "X")


async def test_a_whole_user_sent_back_is_no_change(service: Service) -> None:
    user = service.people.user
    whole = await service.user(user.id)
    answer = await service.put(f"/users/{user.id}", whole | {"name": "Renamed"}, by=user)
    assert (answer.status_code, answer.json()["name"]) == (200, "Renamed")


@pytest.mark.parametrize(
    "change",
    [
        {"role": "admin"}, {"role": "guest"}, {"status": "banned"}, {"status": "inactive"}, {"is_active": False},
        {"email": "new@example.com"}, {"name": "New", "role": "admin"}, {"status_reason": "none"},
        {"status_until": "2030-01-01T00:00:00Z"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("who", ["user", "guest"])
async def test_no_user_raises_their_own_role(service: Service, who: str, change: Json) -> None:
    """AZ-04, AZ-13: and nothing of the request is done."""
    person = getattr(service.people, who)
    if change == {"role": who}:
        return
    before = await service.user(person.id)
    for method in ("PUT", "PATCH"):
        answer = await service.ask(method, f"/api/v1/users/{person.id}", change, by=person)
        assert_problem(answer, 403, "forbidden")
    assert await service.user(person.id) == before


@pytest.mark.parametrize(
    "field", ["email_verified", "id", "created_at", "updated_at", "last_login_at", "password_hash", "password"]
)
async def test_some_fields_cannot_be_set(service: Service, field: str) -> None:
    """AZ-04, RST-15: administrators choose no passwords for others either."""
    people = service.people
    for caller in (people.user, people.admin):
        before = (await service.get(f"/users/{people.user.id}", by=caller)).json()
        value = "amber-walrus-58" if field == "password" else True
        answer = await service.put(f"/users/{people.user.id}", {field: value, "x": {field: 1}}, by=caller)
        assert (answer.status_code, answer.json()) == (200, before)
    assert (await service.log_in(people.user.email)).status_code == 200


async def test_a_key_that_stands_twice_is_read_as_one(service: Service) -> None:
    """AZ-04: what decides is what is checked."""
    user = service.people.user
    body = b'{"role": "user", "name": "A", "role": "admin", "name": "B"}'
    how: Any = {"by": user, "content": body, "headers": {"content-type": "application/json"}}
    assert_problem(await service.patch(f"/users/{user.id}", **how), 403, "forbidden")
    assert (await service.user(user.id))["role"] == "user"


@pytest.mark.parametrize("who", ["user", "guest"])
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
async def test_others_are_not_to_be_found(service: Service, who: str, method: str) -> None:
    """AZ-02: the same response as for an unknown id."""
    people = service.people
    caller = getattr(people, who)
    before = await service.user(people.other.id)
    body = {"name": "Hacked"} if method in ("PUT", "PATCH") else None
    theirs = await service.ask(method, f"/api/v1/users/{people.other.id}", body, by=caller)
    nobody = await service.ask(method, f"/api/v1/users/{MISSING}", body, by=caller)
    for answer in (theirs, nobody):
        assert_problem(answer, 404, "user_not_found")
    assert await service.user(people.other.id) == before


@pytest.mark.parametrize(
    "variant", ["upper", "braces", "urn", "no dashes", "me", "NUL", "integer", "traversal", "list"]
)
async def test_only_the_canonical_id_is_an_id(service: Service, variant: str) -> None:
    """AZ-02, IN-05"""
    people = service.people
    own = people.user.id
    forms = {
        "upper": own.upper(), "braces": f"{{{own}}}", "urn": f"urn:uuid:{own}", "no dashes": own.replace("-", ""),
        "me": "me", "NUL": f"{own}%00", "integer": "1", "traversal": f"..%2f{own}", "list": f"{own},{own}",
    }  # fmt: skip
    for caller in (people.user, people.admin):
        assert (await service.delete(f"/users/{forms[variant]}", by=caller)).status_code == 404
    assert await service.works(people.user)


@pytest.mark.parametrize("by", ["user", "guest", "admin"])
async def test_deleting_ends_account_and_sessions(service: Service, by: str) -> None:
    """AZ-14: a body, never 204."""
    people = service.people
    doomed = people.user if by == "admin" else getattr(people, by)
    elsewhere = await service.signed_in(doomed)
    body = None if by == "admin" else {"password": PASSWORD}
    answer = await service.delete(f"/users/{doomed.id}", body, by=getattr(people, by))
    assert (answer.status_code, set(answer.json())) == (200, {"message"})
    for tokens in (doomed, elsewhere):
        assert not await service.works(tokens)
        assert (await service.refresh(tokens)).status_code == 401
    assert_problem(await service.log_in(doomed.email), 401, "invalid_credentials")
    assert_problem(await service.get(f"/users/{doomed.id}", by=people.admin), 404, "user_not_found")
    assert service.sql("SELECT count(*) FROM user_sessions WHERE user_id = ?", doomed.id.replace("-", "")) == [(0,)]


LAST_ADMIN: list[tuple[str, Json | None]] = [
    ("PATCH", {"role": "user"}), ("PUT", {"role": "guest"}), ("PATCH", {"status": "banned"}),
    ("PATCH", {"status": "inactive"}), ("PUT", {"is_active": False}), ("DELETE", {"password": PASSWORD}),
]  # fmt: skip


@pytest.mark.parametrize(("method", "body"), LAST_ADMIN)
async def test_the_last_administrator_stays(service: Service, method: str, body: Json | None) -> None:
    """AZ-06: an administrator that is banned does not count."""
    admin = service.people.admin
    await service.post("/users", NEW | {"role": "admin", "status": "banned"}, by=admin)
    answer = await service.ask(method, f"/api/v1/users/{admin.id}", body, by=admin)
    assert_problem(answer, 409, "last_admin")
    assert (await service.user(admin.id))["role"] == "admin"
    assert await service.works(admin)


@pytest.mark.parametrize(("method", "body"), LAST_ADMIN)
async def test_one_administrator_of_two_may_go(service: Service, method: str, body: Json | None) -> None:
    """AZ-06"""
    admin = service.people.admin
    await service.post("/users", NEW | {"role": "admin"}, by=admin)
    answer = await service.ask(method, f"/api/v1/users/{admin.id}", body, by=admin)
    assert answer.status_code == 200
    assert (await service.get("/users", by=admin)).status_code in (401, 403)


@pytest.mark.parametrize(
    ("body", "status", "is_active"),
    [
        ({"is_active": False}, "inactive", False),
        ({"status": "banned", "status_reason": "spam"}, "banned", False),
        ({"status": "banned", "is_active": False}, "banned", False),
        ({"status": "active", "is_active": True}, "active", True),
    ],
)
async def test_is_active_and_status_say_the_same(service: Service, body: Json, status: str, is_active: bool) -> None:
    people = service.people
    answer = await service.put(f"/users/{people.user.id}", body, by=people.admin)
    assert (answer.json()["status"], answer.json()["is_active"]) == (status, is_active)


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        ({"status": "banned", "is_active": True}, "is_active", "contradiction"),
        ({"status": "active", "is_active": False}, "is_active", "contradiction"),
        ({"is_active": "false"}, "is_active", "invalid_value"),
        ({"is_active": 0}, "is_active", "invalid_value"),
        ({"role": "root"}, "role", "invalid_value"),
        ({"role": ["admin"]}, "role", "invalid_value"),
        ({"status": "deleted"}, "status", "invalid_value"),
        ({"status_until": "2026-03-02T12:00:00Z"}, "status_until", "not_allowed"),
        ({"status": "banned", "status_until": "2026-03-01T12:00:00Z"}, "status_until", "in_the_past"),
        ({"status": "banned", "status_until": "2026-04-01T12:00:00"}, "status_until", "invalid_value"),
        ({"status": "banned", "status_until": "tomorrow"}, "status_until", "invalid_value"),
        ({"status": "banned", "status_reason": "x" * 501}, "status_reason", "too_long"),
        ({"status": "banned", "status_reason": "a\u0000b"}, "status_reason", "invalid_characters"),
        ({"name": "a" * 101}, "name", "too_long"),
        ({"email": "x\u0000@example.com"}, "email", "invalid_email"),
        ({"name": 1}, "name", "invalid_value"),
    ],
)
async def test_what_makes_no_sense_is_refused(service: Service, body: Json, field: str, reason: str) -> None:
    """IN-04, IN-05"""
    people = service.people
    before = await service.user(people.user.id)
    assert_refused_field(await service.put(f"/users/{people.user.id}", body, by=people.admin), field, reason)
    assert await service.user(people.user.id) == before


@pytest.mark.parametrize(
    ("method", "permanent"),
    [
        ("PATCH", {"status": "banned"}),
        ("PUT", {"name": None, "status": "banned", "status_reason": None, "status_until": None}),
    ],
)
async def test_a_ban_with_an_end_becomes_permanent(service: Service, method: str, permanent: Json) -> None:
    people = service.people
    path = f"/users/{people.user.id}"
    ban = {"status": "banned", "status_reason": "spam", "status_until": "2026-03-08T12:00:00Z"}
    banned = (await service.patch(path, ban, by=people.admin)).json()
    assert {name: banned[name] for name in ban} == ban
    assert [each for each in await service.users() if each["status_reason"] == "spam"] == [banned]
    refused = assert_problem(await service.log_in(people.user.email), 403, "account_banned")
    assert (refused["reason"], refused["until"]) == ("spam", "2026-03-08T12:00:00Z")

    answer = (await service.ask(method, f"/api/v1{path}", permanent, by=people.admin)).json()
    assert (answer["status"], answer["status_reason"], answer["status_until"]) == ("banned", None, None)
    service.clock.advance(timedelta(days=3650))
    admin = await service.signed_in(people.admin)
    refused = assert_problem(await service.log_in(people.user.email), 403, "account_banned")
    assert (refused["reason"], refused["until"]) == (None, None)
    assert (await service.get(path, by=admin)).json()["status"] == "banned"


async def test_only_administrators_see_the_reason_and_the_end_of_a_status(service: Service) -> None:
    people = service.people
    for path in ("/auth/me", f"/users/{people.user.id}"):
        assert not {"status_reason", "status_until"} & set((await service.get(path, by=people.user)).json())
    for path in ("/auth/me", f"/users/{people.admin.id}"):
        assert {"status_reason", "status_until"} <= set((await service.get(path, by=people.admin)).json())


async def test_an_empty_language_is_unknown_again(service: Service) -> None:
    people = service.people
    for path, caller in (("/auth/me", people.user), (f"/users/{people.user.id}", people.admin)):
        assert (await service.patch(path, {"language": "kk"}, by=caller)).json()["language"] == "kk"
        assert (await service.patch(path, {"language": None}, by=caller)).json()["language"] == "kk"
        assert (await service.patch(path, {"language": ""}, by=caller)).json()["language"] is None


async def test_a_taken_address_is_refused(service: Service) -> None:
    people = service.people
    answer = await service.patch(f"/users/{people.user.id}", {"email": "OTTO@example.com"}, by=people.admin)
    assert_problem(answer, 409, "email_taken")
    assert (await service.user(people.user.id))["email"] == people.user.email


async def test_a_change_of_one_field_reverts_no_other(service: Service) -> None:
    """AZ-15"""
    people = service.people
    path = f"/users/{people.user.id}"
    changes: list[Json] = [{"name": "New"}, {"role": "guest"}, {"email": "new@example.com"}]
    answers = await asyncio.gather(*(service.patch(path, change, by=people.admin) for change in changes))
    assert [answer.status_code for answer in answers] == [200] * 3
    user = await service.user(people.user.id)
    assert (user["name"], user["role"], user["email"]) == ("New", "guest", "new@example.com")


async def test_no_response_contains_a_secret(service: Service) -> None:
    """AZ-05"""
    people = service.people
    paths = [
        "/users?limit=100",
        f"/users/{people.user.id}",
        f"/users/{people.user.id}/sessions",
        "/auth/me",
        "/auth/sessions",
    ]
    for path in paths:
        text = (await service.get(path, by=people.admin)).text
        for secret in ("argon2", "hash", "seed", people.user.refresh_token, people.admin.refresh_token):
            assert secret not in text
