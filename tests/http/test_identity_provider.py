"""Signing in with a provider of our own, over the real adapter: forged tokens, outages, and what is given back."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest

from tests.faults.proxy import FaultProxy
from tests.http.answers import assert_problem
from tests.http.service import Json, Service
from tests.makers import T0
from tests.oidc_provider.keys import apple_key_file, ec, rsa
from tests.oidc_provider.provider import (
    ANDROID,
    DISCOVERY,
    KEYS,
    REVOKE,
    TEAM,
    TOKEN,
    WEB,
    OwnProvider,
    Response,
    running,
)

StartService = Callable[..., Awaitable[Service]]

SIGN_IN = "/auth/identities/keycloak/token"


def settings_of(own: OwnProvider) -> dict[str, str]:
    name = own.settings.name
    return {
        "oidc_providers": name,
        f"oidc_{name}_issuer": own.issuer,
        f"oidc_{name}_client_ids": f"{WEB},{ANDROID}",
    }


def apple_settings(own: OwnProvider, folder: Path) -> dict[str, str]:
    file = folder / "key.p8"
    file.write_text(apple_key_file(own.apple_key))
    return {
        "oidc_apple_team_id": TEAM,
        "oidc_apple_key_id": own.apple_key.kid,
        "oidc_apple_private_key_file": str(file),
    }


def body_of(id_token: str, **more: str) -> Json:
    return {"id_token": id_token, "nonce": "n", **more}


@pytest.fixture
async def own() -> AsyncIterator[OwnProvider]:
    with running("general", now=lambda: T0) as own:
        yield own


async def count_of_users(service: Service) -> int:
    answer = await service.get("/users", by=service.people.admin)
    total: int = answer.json()["total"]
    return total


async def test_a_start_asks_no_provider(start_service: StartService, own: OwnProvider) -> None:
    await start_service(**settings_of(own))
    assert own.asked == []


async def test_a_token_signs_in_once(start_service: StartService, own: OwnProvider) -> None:
    """IDP-02."""
    service = await start_service(**settings_of(own))
    token = own.id_token(email="new@example.com")
    answer = await service.post(SIGN_IN, body_of(token))
    assert answer.status_code == 200, answer.text
    assert answer.json()["created"]
    assert_problem(await service.post(SIGN_IN, body_of(token)), 401, "invalid_id_token")
    again = await service.post(SIGN_IN, body_of(own.id_token(email="new@example.com", jti="2")))
    assert not again.json()["created"]
    assert own.asked == [DISCOVERY, KEYS]


async def test_a_forged_token_makes_no_account(start_service: StartService, own: OwnProvider) -> None:
    """IDP-01; each variant by itself is in tests/adapters/oidc/test_forged_tokens.py."""
    service = await start_service(**settings_of(own))
    users = await count_of_users(service)
    with running("general", now=lambda: T0) as elsewhere:
        elsewhere.keys = [rsa("s1")]
        for token in (
            own.id_token(aud="stranger.example"),
            own.id_token(nonce="another"),
            own.id_token(rsa("s1"), {"kid": "k1"}),
            own.id_token(rsa("s1"), {"jku": f"{elsewhere.issuer}/keys"}),
            elsewhere.id_token(),
        ):
            assert_problem(await service.post(SIGN_IN, body_of(token)), 401, "invalid_id_token")
        assert elsewhere.asked == []
    assert await count_of_users(service) == users


@pytest.mark.parametrize("first", ["\uff55", "\u1d58"], ids=["full-width", "raised"])
async def test_a_mailbox_that_only_looks_like_the_accounts_opens_nothing(
    start_service: StartService, own: OwnProvider, first: str
) -> None:
    """REG-02: the provider wrote to another mailbox than the one of the account."""
    service = await start_service(**settings_of(own))
    user = service.people.user
    assert user.email.startswith("u")
    await service.change("UPDATE users SET email_verified = ? WHERE email = ?", True, user.email)
    answer = await service.post(SIGN_IN, body_of(own.id_token(email=first + user.email[1:])))
    assert_problem(answer, 401, "identity_email_not_verified")
    assert service.sql("SELECT count(*) FROM identities") == [(0,)]


async def test_a_provider_that_hangs_holds_up_no_one_else(start_service: StartService, own: OwnProvider) -> None:
    """IDP-07: its own calls are 503 within five seconds, and known keys go on working."""
    async with FaultProxy(own.port) as proxy:
        own.issuer = f"http://127.0.0.1:{proxy.port}"
        service = await start_service(**settings_of(own))
        proxy.swallow()
        began = monotonic()
        signing_in = [
            asyncio.create_task(service.post(SIGN_IN, body_of(own.id_token(jti=str(number))))) for number in range(20)
        ]
        for _ in range(10):
            assert (await service.get("/auth/me", by=service.people.user)).status_code == 200
        assert monotonic() - began < 3
        assert not any(task.done() for task in signing_in)
        for answer in await asyncio.gather(*signing_in):
            assert_problem(answer, 503, "provider_unavailable")
            assert int(answer.headers["retry-after"]) > 0
        assert monotonic() - began < 6


async def test_access_at_apple_is_given_back_when_the_account_is_unlinked(
    start_service: StartService, tmp_path: Path
) -> None:
    """IDP-06: the code of the native sheet becomes a refresh token, which a job revokes."""
    with running("apple", now=lambda: T0) as own:
        own.apple_key = ec("F6G7H8I9J0")
        service = await start_service(**settings_of(own), **apple_settings(own, tmp_path))
        path = "/auth/identities/apple"
        user = service.people.user
        code = own.code_for(ANDROID, nonce="n")
        token = own.id_token(aud=ANDROID)
        linked = await service.post(path, body_of(token, authorization_code=code), by=user)
        assert linked.status_code == 201, linked.text
        assert own.asked == [DISCOVERY, KEYS, TOKEN]

        own.instead[REVOKE] = Response(503)
        unlinked = await service.delete(f"/auth/identities/{linked.json()['id']}", by=user)
        assert unlinked.status_code == 200, unlinked.text
        withdrawals = service.application.services.provider_withdrawals
        await withdrawals.withdraw_due()
        assert own.revoked == []
        own.instead.clear()
        service.clock.advance(timedelta(hours=1))
        own.now = service.clock.now
        await withdrawals.withdraw_due()
        assert own.revoked == [f"refresh-{ANDROID}"]
