"""GET /users"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from urllib.parse import quote

import pytest

from tests.http.answers import assert_problem, assert_refused_field, assert_safe_headers
from tests.http.service import Json, Service

NAMES = ["Ada Admin", "Uma User", "Otto Other", "Gus Guest", "Ben Banned", "Ina Inactive"]


async def page(service: Service, query: str) -> Json:
    answer = await service.get(f"/users?{query}", by=service.people.admin)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def names(found: Json) -> list[str]:
    return [user["name"] for user in found["users"]]


async def test_the_first_page(service: Service) -> None:
    answer = await service.get("/users?page=1&limit=20", by=service.people.admin)
    assert answer.status_code == 200
    assert_safe_headers(answer)
    found = answer.json()
    assert (found["total"], found["page"], found["limit"], found["next_cursor"]) == (6, 1, 20, None)
    assert set(found) == {"users", "total", "page", "limit", "next_cursor"}
    assert set(names(found)) == set(NAMES)


@pytest.mark.parametrize("who", ["user", "guest"])
async def test_only_administrators_list_people(service: Service, who: str) -> None:
    """AZ-03"""
    answer = await service.get("/users", by=getattr(service.people, who))
    assert_problem(answer, 403, "forbidden")
    assert "@" not in answer.text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sort=name&order=asc", sorted(NAMES)),
        ("sort=name&order=desc", sorted(NAMES, reverse=True)),
        ("sort=email&order=asc&limit=2", ["Ada Admin", "Ben Banned"]),
        ("sort=email&order=asc&limit=2&page=2", ["Gus Guest", "Ina Inactive"]),
        ("sort=email&page=99", []),
        ("role=guest", ["Gus Guest"]),
        ("role=user&status=banned", ["Ben Banned"]),
        ("status=inactive", ["Ina Inactive"]),
        ("search=UMA", ["Uma User"]),
        ("search=guest", ["Gus Guest"]),
        ("search=" + quote("otto@ex"), ["Otto Other"]),
        ("search=nobody", []),
        ("search=null", []),
        ("search=%20", NAMES),
        ("search=%25", []),
        ("search=_", []),
        ("search=" + quote("' OR 1=1 --"), []),
        ("search=" + quote("\\"), []),
    ],
)
async def test_what_is_asked_for_is_what_comes(service: Service, query: str, expected: list[str]) -> None:
    """AZ-11, IN-01: signs that mean something to a database are letters here."""
    found = names(await page(service, query))
    assert found == expected if "sort" in query else sorted(found) == sorted(expected)


async def test_a_cyrillic_name_is_found_in_any_case(service: Service) -> None:
    await service.patch(f"/users/{service.people.user.id}", {"name": "Ульяна"}, by=service.people.admin)
    assert names(await page(service, "search=" + quote("УЛЬЯН"))) == ["Ульяна"]


async def test_a_ban_that_is_over_is_found_as_active(service: Service) -> None:
    people = service.people
    ban = {"status": "banned", "status_until": "2026-03-01T12:05:00Z"}
    await service.patch(f"/users/{people.user.id}", ban, by=people.admin)
    assert "Uma User" in names(await page(service, "status=banned"))
    service.clock.advance(timedelta(minutes=5))
    assert "Uma User" not in names(await page(service, "status=banned"))
    assert "Uma User" in names(await page(service, "status=active"))


@pytest.mark.parametrize("sort", ["created_at", "updated_at", "email", "name"])
@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_the_cursor_leads_through_everybody_once(service: Service, sort: str, order: str) -> None:
    query = f"limit=2&sort={sort}&order={order}"
    found = await page(service, query)
    seen = names(found)
    while found["next_cursor"]:
        found = await page(service, f"{query}&cursor={quote(found['next_cursor'])}")
        seen += names(found)
    assert sorted(seen) == sorted(NAMES)


async def test_a_cursor_belongs_to_its_query(service: Service) -> None:
    """AZ-11"""
    admin = service.people.admin
    cursor = quote((await page(service, "limit=2&sort=email"))["next_cursor"])
    for query in ("sort=name", "sort=email&order=asc", "sort=email&role=user", "sort=email&search=a", ""):
        answer = await service.get(f"/users?{query}&cursor={cursor}", by=admin)
        assert_problem(answer, 400, "validation_failed", "cursor")


async def test_a_cursor_can_not_be_made(service: Service) -> None:
    """AZ-11"""
    raw = urlsafe_b64decode((await page(service, "limit=2"))["next_cursor"])
    changed = [raw[:-1] + b"x", raw[:16] + b"[]", bytes(16) + raw[16:], b"", b"x" * 20, raw + raw]
    cursors = [urlsafe_b64encode(one).decode() for one in changed] + ["x", "%00", quote("ы"), "=" * 10, "A" * 3000]
    # Decoders of base64 pass over what is not in their alphabet.
    sealed = urlsafe_b64encode(raw).decode()
    cursors += [f"{sealed[:8]}{junk}{sealed[8:]}" for junk in ("!", "%20", "%0A")] + [f"{sealed}%0A"]
    for cursor in cursors:
        answer = await service.get(f"/users?limit=2&cursor={cursor}", by=service.people.admin)
        assert_problem(answer, 400, "validation_failed", "cursor")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"), ("limit=-1", "limit"), ("limit=101", "limit"), ("limit=1000000000", "limit"),
        ("limit=1e3", "limit"), ("limit=", "limit"), ("limit=ten", "limit"), ("limit=10.5", "limit"),
        ("page=0", "page"),
        ("page=1000000000000", "page"), ("page=" + "9" * 400, "page"), ("page=true", "page"), ("page=1&page=2", "page"),
        ("sort=password_hash", "sort"), ("sort=id;--", "sort"), ("sort=", "sort"), ("sort=name&sort=email", "sort"),
        ("order=up", "order"), ("role=root", "role"), ("status=' OR 1=1", "status"), ("status=null", "status"),
        ("role=null", "role"), ("cursor=null", "cursor"), ("search=%00", "search"),
        ("search=" + "a" * 101, "search"), ("search=a%0d%0ab", "search"), ("search=%ff", "query"),
        ("&" * 60 + "a=1", "query"),
    ],
)  # fmt: skip
async def test_what_can_not_be_asked_is_refused(service: Service, query: str, field: str) -> None:
    """AZ-11, AZ-12, IN-12"""
    answer = await service.get(f"/users?{query}", by=service.people.admin)
    assert_problem(answer, 400, "validation_failed", field)
    assert "sql" not in answer.text.lower()


async def test_a_whole_address_finds_one_user(service: Service) -> None:
    people = service.people
    found = (await service.get("/users?email=%20UMA@Example.com", by=people.admin)).json()
    assert ([user["id"] for user in found["users"]], found["total"]) == ([people.user.id], 1)
    assert (await service.get("/users?email=uma@example.co", by=people.admin)).json()["total"] == 0
    assert (await service.get("/users?email=uma@example.com&role=admin", by=people.admin)).json()["total"] == 0
    assert_refused_field(await service.get("/users?email=", by=people.admin), "email", "required")


async def test_a_body_says_nothing_to_a_list(service: Service) -> None:
    """IN-12"""
    answer = await service.ask("GET", "/api/v1/users?limit=1", {"limit": 5}, by=service.people.admin)
    assert (answer.status_code, answer.json()["limit"]) == (200, 1)


@pytest.mark.parametrize(
    "end", ["9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-23:59", "9999-12-31T00:00:00+23:59"]
)
async def test_a_ban_to_the_end_of_time_can_be_read_again(service: Service, end: str) -> None:
    """AZ-12: whatever an administrator sets, lists of users still come."""
    people = service.people
    ban = {"status": "banned", "status_until": end}
    assert (await service.patch(f"/users/{people.user.id}", ban, by=people.admin)).status_code == 200
    assert (await service.user(people.user.id))["status"] == "banned"
    assert len(await service.users()) == 6
    assert_problem(await service.log_in(people.user.email), 403, "account_banned")
