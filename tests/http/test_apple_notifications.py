"""POST /auth/identities/apple/notifications"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.http.answers import assert_problem
from tests.http.service import Service
from tests.makers import T0
from tests.oidc_provider.provider import ANDROID, WEB, OwnProvider, running

StartService = Callable[..., Awaitable[Service]]

SIGN_IN, NOTIFICATIONS = "/auth/identities/apple/token", "/auth/identities/apple/notifications"


@pytest.fixture
async def own() -> AsyncIterator[OwnProvider]:
    with running("apple", now=lambda: T0) as own:
        yield own


@pytest.fixture
async def service(start_service: StartService, own: OwnProvider) -> Service:
    named = {"oidc_apple_issuer": own.issuer, "oidc_apple_client_ids": f"{WEB},{ANDROID}"}
    return await start_service(oidc_providers="apple", **named)


def notice(own: OwnProvider, type: str, jti: str = "1", **changes: Any) -> dict[str, str]:
    event = json.dumps({"type": type, "sub": "subject-1", "event_time": int(T0.timestamp())})
    claims = {"iss": own.issuer, "aud": WEB, "iat": int(T0.timestamp()), "jti": jti, "events": event, **changes}
    return {"payload": own.keys[0].sign(claims)}


async def signed_in(service: Service, own: OwnProvider) -> dict[str, str]:
    """The headers of a session that Apple has started."""
    answer = await service.post(SIGN_IN, {"id_token": own.id_token(jti=uuid4().hex), "nonce": "n"})
    assert answer.status_code == 200, answer.text
    return {"authorization": f"Bearer {answer.json()['user']['access_token']}"}


async def test_withdrawn_consent_ends_the_session_before_its_next_request(service: Service, own: OwnProvider) -> None:
    """IDP-13"""
    headers = await signed_in(service, own)
    assert (await service.get("/auth/me", headers=headers)).status_code == 200
    assert (await service.post(NOTIFICATIONS, notice(own, "consent-revoked"))).status_code == 200
    assert_problem(await service.get("/auth/me", headers=headers), 401, "invalid_token")
    # Signing in once more is the person's consent.
    again = await signed_in(service, own)
    assert (await service.post(NOTIFICATIONS, notice(own, "consent-revoked"))).status_code == 200
    assert (await service.get("/auth/me", headers=again)).status_code == 200


async def test_a_deleted_apple_account_begins_the_deletion_here(service: Service, own: OwnProvider) -> None:
    headers = await signed_in(service, own)
    mine = (await service.get("/auth/me", headers=headers)).json()
    assert (await service.post(NOTIFICATIONS, notice(own, "account-delete"))).status_code == 200
    assert_problem(await service.get("/auth/me", headers=headers), 401, "invalid_token")
    assert_problem(await service.get(f"/users/{mine['id']}", by=service.people.admin), 404, "user_not_found")


@pytest.mark.parametrize("changes", [{"aud": "another.app"}, {"iss": "https://elsewhere.example"}, {"iat": 1}])
async def test_a_notice_for_another_service_changes_nothing(
    service: Service, own: OwnProvider, changes: dict[str, Any]
) -> None:
    """IDP-13"""
    headers = await signed_in(service, own)
    answer = await service.post(NOTIFICATIONS, notice(own, "consent-revoked", **changes))
    assert_problem(answer, 401, "invalid_id_token")
    assert (await service.get("/auth/me", headers=headers)).status_code == 200


async def test_without_apple_in_the_settings_there_is_no_such_place(start_service: StartService) -> None:
    answer = await (await start_service()).post(NOTIFICATIONS, {"payload": "x"})
    assert_problem(answer, 404, "provider_not_found")
