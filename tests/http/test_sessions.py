"""Signed-in devices: see them, end them, sign out."""

from datetime import timedelta

import pytest

from tests.http.answers import assert_problem
from tests.http.service import PEER, Json, Service, Tokens, tokens_in

SHAPE = "id current device_id app_type app_version device_name ip user_agent created_at last_seen_at expires_at".split()
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = {"x-device-id": "3f2a-9c", "x-app-type": "ios", "x-app-version": "1.4.2", "user-agent": FIREFOX}


async def sessions(service: Service, by: Tokens) -> list[Json]:
    found: list[Json] = (await service.get("/auth/sessions", by=by)).json()["sessions"]
    return found


async def test_the_list_tells_what_is_known_of_each_device(service: Service) -> None:
    """SES-02: and never a token."""
    service.clock.advance(timedelta(minutes=1))
    phone = tokens_in(await service.log_in(service.people.user.email, headers=PHONE))
    answer = await service.get("/auth/sessions", by=phone)
    first, second = answer.json()["sessions"]
    assert first == {
        "id": phone.session_id,
        "current": True,
        "device_id": "3f2a-9c",
        "app_type": "ios",
        "app_version": "1.4.2",
        "device_name": "Firefox on Windows",
        "ip": PEER,
        "user_agent": FIREFOX,
        "created_at": "2026-03-01T12:01:00.250000Z",
        "last_seen_at": "2026-03-01T12:01:00.250000Z",
        "expires_at": "2026-03-31T12:01:00.250000Z",
    }
    assert set(second) == set(SHAPE)
    assert (second["id"], second["current"], second["app_type"]) == (service.people.user.session_id, False, None)
    assert phone.refresh_token not in answer.text
    assert "seed" not in answer.text


async def test_the_list_shows_no_other_user(service: Service) -> None:
    """AZ-02"""
    assert [session["id"] for session in await sessions(service, service.people.user)] == [
        service.people.user.session_id
    ]


async def test_use_is_seen_in_steps_of_minutes(service: Service) -> None:
    user = service.people.user
    service.clock.advance(timedelta(minutes=6))
    (session,) = await sessions(service, user)
    assert session["last_seen_at"] == "2026-03-01T12:06:00.250000Z" or session["current"]
    (session,) = await sessions(service, user)
    assert session["last_seen_at"] == "2026-03-01T12:06:00.250000Z"
    assert session["expires_at"] == "2026-03-31T12:06:00.250000Z"


async def test_ending_one_session_ends_that_one_only(service: Service) -> None:
    """SES-02"""
    user = service.people.user
    lost, kept = await service.signed_in(user), await service.signed_in(user)
    answer = await service.delete(f"/auth/sessions/{lost.session_id}", by=user)
    assert (answer.status_code, set(answer.json())) == (200, {"message"})
    assert not await service.works(lost)
    assert_problem(await service.refresh(lost), 401, "invalid_refresh_token")
    assert await service.works(user)
    assert await service.works(kept)
    again = await service.delete(f"/auth/sessions/{lost.session_id}", by=user)
    assert_problem(again, 404, "session_not_found")


async def test_a_session_of_another_user_is_not_found(service: Service) -> None:
    """SES-02, AZ-02: an administrator has another way."""
    people = service.people
    for caller in (people.user, people.guest, people.admin):
        answer = await service.delete(f"/auth/sessions/{people.other.session_id}", by=caller)
        assert_problem(answer, 404, "session_not_found")
    assert await service.works(people.other)


@pytest.mark.parametrize("variant", ["upper", "braces", "urn", "no dashes", "spaces", "user id", "*", "..", "%00"])
async def test_only_the_canonical_id_is_an_id(service: Service, variant: str) -> None:
    """AZ-02"""
    user = service.people.user
    own = user.session_id
    forms = {
        "upper": own.upper(), "braces": f"{{{own}}}", "urn": f"urn:uuid:{own}", "no dashes": own.replace("-", ""),
        "spaces": f"%20{own}", "user id": user.id, "*": "*", "..": "%2e%2e%2f", "%00": f"{own}%00",
    }  # fmt: skip
    answer = await service.delete(f"/auth/sessions/{forms[variant]}", by=user)
    assert answer.status_code in (404, 405)
    assert await service.works(user)


async def test_one_may_end_the_session_that_asks(service: Service) -> None:
    user = service.people.user
    assert (await service.delete(f"/auth/sessions/{user.session_id}", by=user)).status_code == 200
    assert not await service.works(user)


@pytest.mark.parametrize("body", [None, {}, {"keep_current": False}, {"unknown": 1}])
async def test_logging_out_everywhere_ends_every_session(service: Service, body: object) -> None:
    """SES-02"""
    user = service.people.user
    elsewhere = [await service.signed_in(user) for _ in range(2)]
    answer = await service.post("/auth/logout-all", body, by=user)
    assert (answer.status_code, answer.json()["revoked"]) == (200, 3)
    assert answer.headers["set-cookie"].startswith("access_token=; Max-Age=0;")
    for tokens in (user, *elsewhere):
        assert not await service.works(tokens)
        assert (await service.refresh(tokens)).status_code == 401
    assert await service.works(service.people.other)


async def test_logging_out_everywhere_else_keeps_the_session_that_asks(service: Service) -> None:
    user = service.people.user
    elsewhere = await service.signed_in(user)
    answer = await service.post("/auth/logout-all", {"keep_current": True}, by=user)
    assert (answer.status_code, answer.json()["revoked"]) == (200, 1)
    assert "set-cookie" not in answer.headers
    assert await service.works(user)
    assert not await service.works(elsewhere)


@pytest.mark.parametrize("keep", ["true", 1, [], None])
async def test_keep_current_is_true_or_false(service: Service, keep: object) -> None:
    """IN-05"""
    answer = await service.post("/auth/logout-all", {"keep_current": keep}, by=service.people.user)
    assert_problem(answer, 400, "validation_failed", "keep_current")
    assert await service.works(service.people.user)


async def test_sessions_that_are_over_are_nowhere(service: Service) -> None:
    """SES-08: before they are purged, they are not listed, exported or counted either."""
    people = service.people
    old = await service.signed_in(people.user)
    service.clock.advance(timedelta(days=29))
    kept = await service.refreshed(people.user)
    admin = await service.signed_in(people.admin)
    service.clock.advance(timedelta(days=2))
    kept, admin = await service.refreshed(kept), await service.signed_in(people.admin)
    assert not await service.works(old)
    assert [session["id"] for session in await sessions(service, kept)] == [kept.session_id]
    export = (await service.get("/auth/me/export", by=kept)).json()
    assert [session["id"] for session in export["sessions"]] == [kept.session_id]
    listed = (await service.get(f"/users/{people.user.id}/sessions", by=admin)).json()["sessions"]
    assert [session["id"] for session in listed] == [kept.session_id]
    assert await service.application.services.measurements.active_sessions() == 2
    everywhere = await service.post("/auth/logout-all", {"keep_current": True}, by=kept)
    assert everywhere.json()["revoked"] == 0
    ended = await service.delete(f"/users/{people.other.id}/sessions", by=admin)
    assert ended.json()["revoked"] == 0


async def test_a_device_that_signs_in_again_has_one_session(service: Service) -> None:
    """SES-05: with the proof of its last session; the id alone is known to others, or the same on many devices."""
    user = service.people.user
    first = await service.log_in(user.email, headers=PHONE)
    stranger = tokens_in(await service.log_in(user.email, headers=PHONE))
    proof = {"x-device-proof": first.json()["user"]["device_proof"]}
    elsewhere = tokens_in(await service.log_in(user.email, headers=PHONE | proof | {"x-device-id": "another"}))
    second = await service.log_in(user.email, headers=PHONE | proof)
    assert not await service.works(tokens_in(first))
    for tokens in (stranger, elsewhere, user, tokens_in(second)):
        assert await service.works(tokens)
    refreshed = await service.refresh(tokens_in(second))
    proof = {"x-device-proof": refreshed.json()["user"]["device_proof"]}
    third = tokens_in(await service.log_in(user.email, headers=PHONE | proof))
    assert not await service.works(tokens_in(refreshed))
    assert {session["id"] for session in await sessions(service, third)} == {
        tokens.session_id for tokens in (user, stranger, elsewhere, third)
    }


async def test_the_version_of_an_app_follows_at_refresh(service: Service) -> None:
    phone = tokens_in(await service.log_in(service.people.user.email, headers=PHONE))
    for sent, shown in (("2.0 (17)", "2.0 (17)"), (None, "2.0 (17)"), ("x" * 33, "2.0 (17)")):
        phone = tokens_in(await service.refresh(phone, headers={} if sent is None else {"x-app-version": sent}))
        (session,) = [session for session in await sessions(service, phone) if session["current"]]
        assert session["app_version"] == shown


async def test_the_hundred_and_first_session_ends_the_one_unused_for_longest(service: Service) -> None:
    """SES-05: the oldest one is in use."""
    oldest, unused = service.people.user, await service.signed_in(service.people.user)
    service.clock.advance(timedelta(minutes=6))
    assert await service.works(oldest)
    devices = []
    for _ in range(99):
        service.clock.advance(timedelta(seconds=1))
        devices.append(await service.signed_in(oldest))
    assert len(await sessions(service, devices[-1])) == 100
    assert not await service.works(unused)
    for tokens in (oldest, devices[0]):
        assert await service.works(tokens)


async def test_requests_that_are_refused_leave_nothing_behind(service: Service) -> None:
    """SES-07"""
    before = service.sql("SELECT count(*) FROM user_sessions"), service.sql("SELECT count(*) FROM users")
    for _ in range(25):
        await service.log_in("nobody@example.com")
        await service.log_in(service.people.user.email, "wrong-otter-41")
        await service.refresh("bkr_nothing")
        await service.get("/auth/me", by="a.b.c")
        await service.post("/auth/register", {"name": "x"})
    after = service.sql("SELECT count(*) FROM user_sessions"), service.sql("SELECT count(*) FROM users")
    assert after == before


async def test_sessions_that_are_over_are_removed(service: Service) -> None:
    """SES-08"""
    service.clock.advance(timedelta(days=31))
    assert (await service.log_in(service.people.user.email)).status_code == 200
    # The sign-in has removed its own user's, the rest waits for the purge.
    assert service.sql("SELECT count(*) FROM user_sessions") == [(4,)]
    await service.application.services.upkeep.purge()
    assert service.sql("SELECT count(*) FROM user_sessions") == [(1,)]


async def test_an_administrator_sees_and_revokes_the_sessions_of_any_user(service: Service) -> None:
    """SES-04"""
    people = service.people
    phone = tokens_in(await service.log_in(people.user.email, headers=PHONE))
    answer = await service.get(f"/users/{people.user.id}/sessions", by=people.admin)
    listed = answer.json()["sessions"]
    assert {session["id"] for session in listed} == {people.user.session_id, phone.session_id}
    assert not any(session["current"] for session in listed)
    ended = await service.delete(f"/users/{people.user.id}/sessions", by=people.admin)
    assert (ended.status_code, ended.json()["revoked"]) == (200, 2)
    assert not await service.works(people.user)
    assert (await service.refresh(phone)).status_code == 401
    assert await service.works(people.other)
    none_left = await service.delete(f"/users/{people.user.id}/sessions", by=people.admin)
    assert none_left.json()["revoked"] == 0
