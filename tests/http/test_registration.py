"""POST /auth/register"""

import sqlite3
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.http.answers import assert_problem, assert_refused_field, assert_safe_headers
from tests.http.conftest import StartService
from tests.http.service import PASSWORD, Json, Service

ANNA = {"name": "Anna", "email": "anna@example.org", "password": PASSWORD}
LONG = "a1-" * 42 + "zz"
SHAPE = "id email name is_active role status email_verified created_at updated_at last_login_at".split()
SHAPE += ["language", "metadata", "app_metadata", "is_guest"]


async def register(service: Service, **changes: object) -> Any:
    return await service.post("/auth/register", ANNA | changes)


async def test_a_stranger_becomes_a_user(service: Service) -> None:
    answer = await register(service)
    assert answer.status_code == 201
    assert_safe_headers(answer)
    assert set(answer.json()) == {"message", "user"}
    user = answer.json()["user"]
    assert set(user) == set(SHAPE)
    assert user["email"] == "anna@example.org"
    assert user["name"] == "Anna"
    assert (user["role"], user["status"], user["is_active"], user["email_verified"]) == ("user", "active", True, False)
    assert user["last_login_at"] is None
    assert UUID(user["id"]).version == 7
    assert datetime.fromisoformat(user["created_at"]).utcoffset() == timedelta()
    assert (await service.log_in("anna@example.org")).status_code == 200


async def test_registering_starts_no_session(service: Service) -> None:
    answer = await register(service)
    assert "set-cookie" not in answer.headers
    assert "token" not in answer.text
    assert service.sql("SELECT count(*) FROM user_sessions") == [(4,)]


async def test_what_only_the_service_decides_is_not_taken_from_the_body(service: Service) -> None:
    """REG-01: no mass assignment."""
    wishes = {
        "role": "admin", "status": "banned", "is_active": False, "is_superuser": 1, "email_verified": True,
        "id": "00000000-0000-7000-8000-000000000001", "created_at": "2001-01-01T00:00:00Z", "password_hash": "x",
    }  # fmt: skip
    answer = await register(service, **wishes)
    assert answer.status_code == 201
    user = await service.user(answer.json()["user"]["id"])
    assert (user["role"], user["status"], user["is_active"], user["email_verified"]) == ("user", "active", True, False)
    assert user["id"] != wishes["id"]
    assert user["created_at"] != wishes["created_at"]
    assert (await service.log_in("anna@example.org")).status_code == 200


async def test_the_first_to_register_on_an_empty_service_is_an_ordinary_user(service: Service) -> None:
    """REG-08: no one becomes an administrator over the network."""
    await service.change("DELETE FROM user_sessions")
    await service.change("DELETE FROM users")
    assert (await register(service)).json()["user"]["role"] == "user"


@pytest.mark.parametrize("email", ["admin@example.com", "admin@localhost.local", "root@example.com"])
@pytest.mark.parametrize("password", ["admin", "password", "bukhindor"])
async def test_there_are_no_accounts_with_known_passwords(service: Service, email: str, password: str) -> None:
    """REG-08"""
    assert_problem(await service.log_in(email, password), 401, "invalid_credentials")


SAME_MAILBOX = [
    "anna@example.org",
    "ANNA@EXAMPLE.ORG",
    "  anna@example.org\t",
    "ａｎｎａ@example.org",
    "anna@ｅｘａｍｐｌｅ.org",
    "anna@example。org",
    "anna@exa\u00admple.org",
]


@pytest.mark.parametrize("email", SAME_MAILBOX)
async def test_a_mailbox_has_one_account_however_it_is_spelled(service: Service, email: str) -> None:
    """REG-02, REG-05: refused, and the response reveals nothing about the existing account."""
    first = (await register(service)).json()["user"]
    answer = await register(service, email=email, name="Another person")
    if answer.status_code == 400:
        assert_refused_field(answer, "email", "invalid_email")
    else:
        problem = assert_problem(answer, 409, "email_taken")
        assert first["id"] not in answer.text
        assert first["name"] not in problem["detail"]
    assert len(await service.users()) == 7
    assert (await service.user(first["id"]))["name"] == "Anna"


async def test_a_domain_in_unicode_and_in_punycode_is_the_same(service: Service) -> None:
    """REG-02"""
    assert (await register(service, email="anna@bücher.example")).status_code == 201
    assert_problem(await register(service, email="anna@xn--bcher-kva.example"), 409, "email_taken")
    found = await service.get("/users?search=BÜCHER", by=service.people.admin)
    assert [user["email"] for user in found.json()["users"]] == ["anna@bücher.example"]
    assert (await service.log_in("ANNA@BÜCHER.example")).status_code == 200


@pytest.mark.parametrize("email", ["аnna@example.org", "annа@example.org", "anna@example.org\u200b"])
async def test_letters_that_only_look_alike_make_no_account(service: Service, email: str) -> None:
    """REG-02, REG-03: Cyrillic а, zero width space."""
    assert_refused_field(await register(service, email=email), "email", "invalid_email")


@pytest.mark.parametrize(
    "email",
    [
        "", " ", "anna", "anna@", "@example.org", "anna@example", "anna@@example.org", "an na@example.org",
        "anna@example..org", ".anna@example.org", "anna@-example.org", "anna@example.org\r\nBcc: x@example.org",
        "anna@[127.0.0.1]", "anna@127.0.0.1", '"anna"@example.org', "anna\u0000@example.org",
        "\ufeffanna\u202e@example.org",
        "a" * 65 + "@example.org", "a@" + "b" * 250 + ".org", "<script>@example.org",
    ],
)  # fmt: skip
async def test_what_is_no_address_is_refused(service: Service, email: str) -> None:
    """IN-04, ML-01"""
    problem = assert_problem(await register(service, email=email), 400, "validation_failed", "email")
    assert problem["errors"][0]["error_code"] in {"required", "too_long", "invalid_email"}
    assert len(await service.users()) == 6


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "required"),
        (" \t ", "required"),
        ("a" * 101, "too_long"),
        ("An\u0000na", "invalid_characters"),
        ("An\r\nna", "invalid_characters"),
        ("An\u202ena", "invalid_characters"),
        ("An\ufeffna", "invalid_characters"),
    ],
)
async def test_a_name_is_1_to_100_plain_characters(service: Service, name: str, reason: str) -> None:
    """IN-04"""
    assert_refused_field(await register(service, name=name), "name", reason)


@pytest.mark.parametrize(
    "name", ["Я", "a" * 100, "я" * 100, "👍" * 100, "<script>alert(1)</script>", "{{7*7}}", "О'Нил"]
)
async def test_any_other_name_is_kept_as_it_is(service: Service, name: str) -> None:
    """WEB-08: the API hands out text, as JSON that no browser takes for a page."""
    answer = await register(service, name=f"  {name} ")
    assert answer.status_code == 201
    assert answer.json()["user"]["name"] == name
    assert answer.headers["content-type"] == "application/json"


GOOD_PASSWORDS = {
    "eight characters": "xk4-p9qz",
    "eight code points of Cyrillic": "ёжикищуп",
    "eight code points of four bytes": "👍🎈🦊🍉🌵🐙🪁🧶",
    "64": LONG[:64],
    "72": LONG[:72],
    "73": LONG[:73],
    "100": LONG[:100],
    "128": LONG,
    "128 of four bytes": "🦊👍" * 64,
    "a sentence": "correct horse battery staple",
    "digits": "905173648120",
    "spaces at both ends": "  violet otter  ",
    "a decomposed letter": "cafe\u0301-violet",
}


@pytest.mark.parametrize("password", GOOD_PASSWORDS.values(), ids=GOOD_PASSWORDS.keys())
async def test_a_password_is_kept_whole(service: Service, password: str) -> None:
    """PW-01, PW-02, PW-04: nothing cut, trimmed or demanded; no trap at 72 bytes."""
    assert (await register(service, password=password)).status_code == 201
    assert (await service.log_in("anna@example.org", password)).status_code == 200
    for wrong in {password[:-1] + "!", password.encode()[:72].decode(errors="ignore"), password.strip()} - {password}:
        assert_problem(await service.log_in("anna@example.org", wrong), 401, "invalid_credentials")


BAD_PASSWORDS = [
    ("", "required"),
    ("xk4-p9q", "password_too_short"),
    ("яяяяяяя", "password_too_short"),
    ("a" * 129, "password_too_long"),
    ("a" * 30_000, "password_too_long"),
    ("violet\u0000otter", "invalid_characters"),
    ("violet\notter", "invalid_characters"),
    ("violet\u202eotter", "invalid_characters"),
    ("password", "password_too_common"),
    ("PassWord", "password_too_common"),
    ("iloveyou1", "password_too_common"),
    ("anna@example.org", "password_too_personal"),
    ("Bukhindor", "password_too_personal"),
    ("bukhindor2026!", "password_too_personal"),
    ("Anna1234", "password_too_personal"),
]


@pytest.mark.parametrize(("password", "reason"), BAD_PASSWORDS, ids=[row[0][:20] or "empty" for row in BAD_PASSWORDS])
async def test_a_password_that_may_not_be_chosen_is_refused_with_the_reason(
    service: Service, password: str, reason: str
) -> None:
    """PW-01, PW-03, PW-05, PW-06, IN-04"""
    assert_refused_field(await register(service, password=password), "password", reason)
    assert len(await service.users()) == 6


async def test_a_refused_password_is_never_repeated(service: Service) -> None:
    """ERR-03"""
    for password in ("hunter2", 1234567, ["hunter2", "hunter2"], {"hunter2": "hunter2"}):
        answer = await register(service, password=password)
        assert answer.status_code == 400
        assert "hunter2" not in answer.text
        assert "1234567" not in answer.text


async def test_the_least_length_is_the_operators_choice(start_service: StartService) -> None:
    """PW-01"""
    service = await start_service(min_password_length=15)
    assert_refused_field(await register(service, password="violet-otter-4"), "password", "password_too_short")
    assert (await register(service, password="violet-otter-41")).status_code == 201


async def test_both_forms_of_an_accent_are_the_same_password(service: Service) -> None:
    """PW-07"""
    await register(service, password="caf\u00e9-violet")
    assert (await service.log_in("anna@example.org", "cafe\u0301-violet")).status_code == 200


async def test_equal_passwords_are_stored_as_different_argon2id_hashes(start_service: StartService) -> None:
    """PW-08"""
    service = await start_service(hash_memory_kib=19_456, hash_iterations=2)
    await register(service)
    await register(service, email="other@example.org")
    rows = service.sql("SELECT password_hash FROM users WHERE email LIKE '%example.org'")
    assert len({row[0] for row in rows}) == 2
    assert all(row[0].startswith("$argon2id$v=19$m=19456,t=2,p=1$") for row in rows)
    assert PASSWORD.encode() not in service.stored()


async def test_every_problem_is_named_at_once(service: Service) -> None:
    answer = await register(service, name="", email="x", password="")
    assert_problem(answer, 400, "validation_failed", "name", "email", "password")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["name", "email", "password"]),
        ({"name": "Anna"}, ["email", "password"]),
        ({"name": None, "email": None, "password": None}, ["name", "email", "password"]),
        ({"name": 1, "email": True, "password": 1.5}, ["name", "email", "password"]),
        (ANNA | {"name": ["Anna"]}, ["name"]),
        (ANNA | {"email": {"$ne": ""}}, ["email"]),
    ],
)
async def test_a_field_of_the_wrong_type_is_refused(service: Service, body: object, fields: list[str]) -> None:
    """IN-05, PW-13"""
    assert_problem(await service.post("/auth/register", body), 400, "validation_failed", *fields)


async def test_the_database_refuses_a_second_account_as_well(service: Service) -> None:
    """REG-07: the last wall against races."""
    await register(service)
    columns = "email, name, role, status, email_verified, created_at, updated_at, search_text"
    id_ = "1" * 32
    copy = f"INSERT INTO users (id, {columns}) SELECT '{id_}', {columns} FROM users WHERE email = 'anna@example.org'"
    with pytest.raises((sqlite3.IntegrityError, asyncpg.UniqueViolationError)):
        service.sql(copy)


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ({}, {"name": "required", "email": "required", "password": "required"}),
        ({"name": " ", "email": "anna", "password": "short-7"},
         {"name": "required", "email": "invalid_email", "password": "password_too_short"}),
        ({"name": 1, "password": "iloveyou1"},
         {"name": "invalid_value", "email": "required", "password": "password_too_common"}),
        ({"name": "a\u0000b", "email": None, "password": "a\u0000bcdefgh"},
         {"name": "invalid_characters", "email": "invalid_value", "password": "invalid_characters"}),
    ],
)  # fmt: skip
async def test_all_faulty_fields_are_named_at_once(service: Service, body: Json, problems: dict[str, str]) -> None:
    """REG-04: missing ones and malformed ones alike."""
    answer = await service.post("/auth/register", body)
    problem = assert_problem(answer, 400, "validation_failed", "name", "email", "password")
    assert {error["field"]: error["error_code"] for error in problem["errors"]} == problems
