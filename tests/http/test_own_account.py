"""DELETE /auth/me and GET /auth/me/export"""

import json

import pytest

from tests.http.answers import assert_problem
from tests.http.service import PASSWORD, Service


async def test_an_account_and_everything_personal_goes(service: Service) -> None:
    """AZ-14, DP-01"""
    user = service.people.user
    await service.signed_in(user, peer="198.51.100.77", headers={"user-agent": "Umaphone/1.0", "x-device-id": "uma-1"})
    await service.post("/auth/reset-password", {"email": user.email})
    token = (await service.proof(user.email)).token
    answer = await service.delete("/auth/me", {"password": PASSWORD}, by=user)
    assert (answer.status_code, set(answer.json())) == (200, {"message"})
    cleared = {line.partition(";")[0] for line in answer.headers.get_list("set-cookie") if "; Max-Age=0;" in line}
    assert cleared == {"access_token=", "device_proof="}
    assert "clear-site-data" not in answer.headers
    assert not await service.works(user)
    assert_problem(await service.refresh(user), 401, "invalid_refresh_token")
    assert_problem(await service.log_in(user.email), 401, "invalid_credentials")
    body = {"token": token, "new_password": "scarlet-heron-77"}
    assert_problem(await service.post("/auth/reset-password/confirm", body), 400, "invalid_one_time_token")
    assert "deleted" in (await service.mails(user.email))[0]["subject"]
    dump = everything_in(service)
    for personal in (user.email, user.name, "198.51.100.77", "Umaphone", "uma-1"):
        assert personal not in dump
    assert any(event["type"] == "user.deleted" and event["subject_id"] == user.id for event in await service.events())


async def test_a_user_who_comes_back_has_a_new_account(service: Service) -> None:
    """AZ-14"""
    user = service.people.user
    await service.delete("/auth/me", {"password": PASSWORD}, by=user)
    body = {"name": "Uma", "email": user.email, "password": PASSWORD}
    again = await service.post("/auth/register", body)
    assert again.json()["user"]["id"] != user.id
    assert not await service.works(user)
    assert (await service.refresh(user)).status_code == 401


@pytest.mark.parametrize("body", [{"password": "wrong-otter-41"}, {"password": ""}, {"password": 1}, {}, None])
async def test_the_password_is_needed(service: Service, body: dict[str, str] | None) -> None:
    """SES-06"""
    user = service.people.user
    answer = await service.delete("/auth/me", body, by=user)
    assert answer.status_code == (400 if body else 403)
    assert await service.works(user)


async def test_the_last_administrator_stays(service: Service) -> None:
    """AZ-06"""
    admin = service.people.admin
    assert_problem(await service.delete("/auth/me", {"password": PASSWORD}, by=admin), 409, "last_admin")
    assert await service.works(admin)


async def test_no_other_site_deletes_with_the_cookie(service: Service) -> None:
    """WEB-02"""
    user = service.people.user
    headers = {"cookie": f"access_token={user.access_token}", "sec-fetch-site": "cross-site"}
    answer = await service.delete("/auth/me", {"password": PASSWORD}, headers=headers)
    assert_problem(answer, 403, "cross_site_request")
    assert await service.works(user)


async def test_the_export_holds_everything_about_the_caller_and_nothing_about_others(service: Service) -> None:
    """DP-01"""
    people = service.people
    user = people.user
    await service.log_in(user.email, "wrong-otter-41")
    await service.patch(f"/users/{user.id}", {"name": "Uma Renamed"}, by=people.admin, peer="198.51.100.99")
    await service.signed_in(people.other)
    answer = await service.get("/auth/me/export", by=user)
    data = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert data["user"] == (await service.get("/auth/me", by=user)).json()
    assert [session["id"] for session in data["sessions"]] == [user.session_id]
    types = [event["type"] for event in data["events"]]
    assert {"user.exported", "user.renamed", "sign_in.failed", "sign_in.succeeded", "user.created"} <= set(types)
    assert {event["subject_id"] for event in data["events"]} == {user.id}
    for foreign in (people.other.id, people.other.email, people.admin.email, people.admin.session_id, "198.51.100.99"):
        assert foreign not in answer.text
    hidden = ("argon2", "password_hash", "seed", "token")
    assert not any(word in json.dumps([data["user"], data["sessions"]]) for word in hidden)


async def test_an_export_is_written_down(service: Service) -> None:
    """LOG-02"""
    await service.get("/auth/me/export", by=service.people.user)
    (event,) = await service.events("&type=user.exported")
    assert event["actor_id"] == event["subject_id"] == service.people.user.id


def everything_in(service: Service) -> str:
    """All rows of all tables, as text."""
    return "\n".join(str(row) for table in service.database.tables() for row in service.sql(f"SELECT * FROM {table}"))
