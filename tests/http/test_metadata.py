"""Language, metadata and app_metadata: who writes them, who reads them, and what can't be kept"""

import asyncio
import base64
import json
from collections import Counter
from typing import Any

import pytest

from tests.http.answers import assert_problem, assert_refused_field
from tests.http.service import PASSWORD, Json, Service

BOTH = pytest.mark.parametrize("field", ["metadata", "app_metadata"])


async def write(service: Service, field: str, value: object, **options: Any) -> Any:
    """Write the user's metadata as the person, or their app_metadata as an administrator."""
    people = service.people
    if field == "metadata":
        return await service.patch("/auth/me", {field: value}, by=people.user, **options)
    return await service.patch(f"/users/{people.user.id}", {field: value}, by=people.admin, **options)


@BOTH
async def test_metadata_is_merged_and_read_everywhere(service: Service, field: str) -> None:
    """RFC 7396"""
    people = service.people
    await write(service, field, {"theme": {"name": "тёмная", "size": 2}, "seen": [1, None, 2.5]})
    answer = await write(service, field, {"theme": {"size": None, "x": True}, "seen": None, "plan": "pro 🙂"})
    merged = {"theme": {"name": "тёмная", "x": True}, "plan": "pro 🙂"}
    assert (answer.status_code, answer.json()[field]) == (200, merged)
    assert (await service.get("/auth/me", by=people.user)).json()[field] == merged
    assert (await service.get(f"/users/{people.user.id}", by=people.admin)).json()[field] == merged
    listed = (await service.get("/users", by=people.admin)).json()["users"]
    assert [user[field] for user in listed if user["id"] == people.user.id] == [merged]
    exported = (await service.get("/auth/me/export", by=people.user)).json()
    assert exported["user"][field] == merged


@BOTH
@pytest.mark.parametrize("value", [None, {}, {"gone": None}])
async def test_what_changes_nothing_changes_nothing(service: Service, field: str, value: object) -> None:
    await write(service, field, {"a": 1})
    before = await service.user(service.people.user.id)
    assert (await write(service, field, value)).status_code == 200
    assert await service.user(service.people.user.id) == before


@BOTH
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("text", "invalid_value"),
        (["a"], "invalid_value"),
        (7, "invalid_value"),
        ({"a": "x" * 4096}, "too_long"),
        ({"a": "ж" * 2048}, "too_long"),
        ({"a": [[[[[]]]]]}, "too_deep"),
        ({"a": {"b": {"c": {"d": {"e": {}}}}}}, "too_deep"),
        ({"a": "\x00"}, "invalid_characters"),
        ({"a": {"\x00": 1}}, "invalid_characters"),
    ],
    ids=lambda value: str(value)[:20],
)
async def test_what_cannot_be_kept_is_refused_whole(service: Service, field: str, value: object, reason: str) -> None:
    before = await service.user(service.people.user.id)
    assert_refused_field(await write(service, field, value), field, reason)
    assert await service.user(service.people.user.id) == before


async def test_nesting_without_end_is_refused(service: Service) -> None:
    """IN-06: as no JSON where the decoder gives up, else as too deep."""
    for levels in (100, 10_000):
        raw = b'{"metadata":{"a":' + b"[" * levels + b"]" * levels + b"}}"
        headers = {"content-type": "application/json"}
        answer = await service.patch("/auth/me", content=raw, headers=headers, by=service.people.user)
        assert answer.status_code == 400


async def test_people_read_what_administrators_write_and_do_not_write_it(service: Service) -> None:
    """AZ-04"""
    people = service.people
    await write(service, "app_metadata", {"plan": "free"})
    before = await service.user(people.user.id)
    ignored = await service.patch("/auth/me", {"app_metadata": {"plan": "pro"}}, by=people.user)
    assert (ignored.status_code, ignored.json()["app_metadata"]) == (200, {"plan": "free"})
    for method in ("PUT", "PATCH"):
        path = f"/api/v1/users/{people.user.id}"
        refused = await service.ask(method, path, {"app_metadata": {"plan": "pro"}}, by=people.user)
        assert_problem(refused, 403, "forbidden")
    assert await service.user(people.user.id) == before


async def test_administrators_do_not_write_for_the_person(service: Service) -> None:
    people = service.people
    answer = await service.patch(f"/users/{people.user.id}", {"metadata": {"a": 1}}, by=people.admin)
    assert (answer.status_code, answer.json()["metadata"]) == (200, {})


async def test_an_account_is_created_with_language_and_app_metadata(service: Service) -> None:
    body: Json = {
        "name": "Nora", "email": "nora@example.com", "password": PASSWORD, "language": "ru",
        "app_metadata": {"plan": "pro", "none": None},
    }  # fmt: skip
    created = (await service.post("/users", body, by=service.people.admin)).json()
    assert (created["language"], created["metadata"], created["app_metadata"]) == ("ru", {}, {"plan": "pro"})
    assert "Подтвердите" in (await service.mails("nora@example.com"))[0]["subject"]
    body |= {"email": "nils@example.com", "language": "russian language", "app_metadata": {"a": "x" * 5000}}
    assert_refused_field(await service.post("/users", body, by=service.people.admin), "language", "invalid_language")


async def test_neither_enters_a_token(service: Service) -> None:
    await write(service, "metadata", {"mine": "very-own"})
    await write(service, "app_metadata", {"plan": "very-own"})
    signed_in = await service.signed_in(service.people.user)
    claims = signed_in.access_token.split(".")[1]
    assert b"very-own" not in base64.urlsafe_b64decode(claims + "==")


@BOTH
async def test_parallel_patches_lose_no_key(service: Service, field: str) -> None:
    """REL-18"""
    names = [f"key-{number}" for number in range(40)]
    answers = await asyncio.gather(*(write(service, field, {name: {"n": 1}}) for name in names))
    assert Counter(answer.status_code for answer in answers) == {200: len(names)}
    assert (await service.user(service.people.user.id))[field] == {name: {"n": 1} for name in names}


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("kk-KZ,ru;q=0.8", "kk-KZ"),
        ("en;q=0.5, PT-br", "pt-BR"),
        ("*, de;q=0.1", "de"),
        ("русский", None),
        ("*", None),
        ("", None),
        ("ru;q=0", None),
    ],
)
async def test_registration_takes_the_preferred_language(service: Service, header: str, language: str | None) -> None:
    body = {"name": "Nora", "email": "nora@example.com", "password": PASSWORD}
    headers = {"accept-language": header.encode("utf-8")} if header else {}
    user = (await service.post("/auth/register", body, headers=headers)).json()["user"]
    assert user["language"] == language


async def test_people_change_their_language_and_mails_follow(service: Service) -> None:
    user = service.people.user
    assert (await service.patch("/auth/me", {"language": "RU-ru"}, by=user)).json()["language"] == "ru-RU"
    assert (await service.patch("/auth/me", {"language": None}, by=user)).json()["language"] == "ru-RU"
    await service.post("/auth/reset-password", {"email": user.email}, headers={"accept-language": "en"})
    assert "Сброс пароля" in (await service.mails(user.email))[0]["subject"]


@pytest.mark.parametrize("language", ["ru_RU", "x" * 40, "русский", "ru\x00"])
async def test_what_is_no_language_is_refused(service: Service, language: str) -> None:
    answer = await service.patch("/auth/me", {"language": language}, by=service.people.user)
    assert_refused_field(answer, "language", "invalid_language")


async def test_a_change_leaves_a_record_without_its_content(service: Service) -> None:
    await service.patch("/auth/me", {"language": "ru", "metadata": {"secret": "very-own"}}, by=service.people.user)
    event = next(event for event in await service.events() if event["type"] == "user.profile_changed")
    assert event["details"] == {"fields": "language, metadata"}
    assert "very-own" not in json.dumps(event)
