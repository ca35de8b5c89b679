"""X-App-Type, X-App-Version and X-Device-ID"""

import pytest

from tests.http.answers import assert_problem
from tests.http.conftest import StartService
from tests.http.service import Service

GOOD = {"x-app-type": "web", "x-app-version": "1.0.0+7", "x-device-id": "7c9e6679-7425"}


async def kept(service: Service, headers: dict[str, str]) -> tuple[object, ...]:
    """What the session of a new sign-in remembers: type, version, device."""
    tokens = await service.signed_in(service.people.user, headers=headers)
    sessions = (await service.get("/auth/sessions", by=tokens)).json()["sessions"]
    (current,) = [session for session in sessions if session["current"]]
    return current["app_type"], current["app_version"], current["device_id"]


@pytest.mark.parametrize("app_type", ["ios", "android", "web", "windows", "macos", "linux", "desktop"])
async def test_every_build_of_the_client_is_known(service: Service, app_type: str) -> None:
    """IN-09"""
    assert await kept(service, GOOD | {"x-app-type": app_type}) == (app_type, "1.0.0+7", "7c9e6679-7425")


async def test_without_them_all_works_and_nothing_is_made_up(service: Service) -> None:
    assert await kept(service, {}) == (None, None, None)


async def test_each_stands_alone(service: Service) -> None:
    assert await kept(service, {"x-device-id": "only"}) == (None, None, "only")


async def test_the_longest_are_kept_whole(service: Service) -> None:
    assert await kept(service, {"x-app-version": "1" * 32, "x-device-id": "~" * 128}) == (None, "1" * 32, "~" * 128)


BAD = [
    ("X-App-Type", "toaster"), ("X-App-Type", ""), ("X-App-Version", "1" * 33),
    ("X-App-Version", ""),
    ("X-Device-ID", "a" * 129), ("X-Device-ID", "a" * 256), ("X-Device-ID", ""),
    ("X-Device-ID", "a b"), ("X-Device-ID", "a\tb"), ("X-Device-ID", "a\x7fb"), ("X-Device-ID", "a\x1b[31m"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), BAD, ids=range(len(BAD)))
async def test_a_value_that_is_not_valid_is_refused_where_a_session_begins(
    service: Service, name: str, value: str
) -> None:
    """IN-09, LOG-03: and the header is named, its value not repeated. A session that goes on does not fail because of
    it: a client would throw its tokens away.
    """
    user = service.people.user
    answer = await service.log_in(user.email, headers={name: value})
    assert_problem(answer, 400, "validation_failed", name)
    assert not value or len(value) < 4 or value not in answer.text
    assert service.sql("SELECT count(*) FROM user_sessions") == [(4,)]
    assert (await service.get("/auth/me", by=user, headers={name: value})).status_code == 200
    assert (await service.refresh(user, headers={name: value})).status_code == 200


async def test_a_non_ascii_device_id_is_refused(service: Service) -> None:
    answer = await service.log_in(service.people.user.email, headers={"x-device-id": "тест".encode()})
    assert_problem(answer, 400, "validation_failed", "X-Device-ID")


async def test_what_apps_of_iphones_send_is_understood(service: Service) -> None:
    sent = {"x-app-type": "iOS", "x-app-version": "1.2.3 (45)", "x-device-id": "7c9e6679"}
    assert await kept(service, sent) == ("ios", "1.2.3 (45)", "7c9e6679")


async def test_an_operator_may_demand_them(start_service: StartService) -> None:
    """IN-09: of clients, not of probes."""
    service = await start_service(require_client_headers=True)
    user = service.people.user
    answer = await service.get("/auth/me", by=user)
    assert_problem(answer, 400, "validation_failed", "X-Device-ID", "X-App-Type", "X-App-Version")
    answer = await service.log_in(user.email, headers={"x-device-id": "a", "x-app-type": "ios"})
    assert_problem(answer, 400, "validation_failed", "X-App-Version")
    assert (await service.get("/auth/me", by=user, headers=GOOD)).status_code == 200
    for path in (
        "/health",
        "/health/live",
        "/health/ready",
        "/api/health",
        "/.well-known/jwks.json",
        "/.well-known/openid-configuration",
        "/docs",
        "/openapi.json",
    ):
        assert (await service.ask("GET", path)).status_code == 200


async def test_a_user_agent_is_cut_never_refused(service: Service) -> None:
    """WEB-08: kept as text."""
    agent = "<script>alert(1)</script>" + "x" * 5000
    tokens = await service.signed_in(service.people.user, headers={"user-agent": agent})
    sessions = (await service.get("/auth/sessions", by=tokens)).json()["sessions"]
    assert [session["user_agent"] for session in sessions if session["current"]] == [agent[:256]]
