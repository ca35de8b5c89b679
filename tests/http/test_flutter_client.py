"""The flow of the Flutter client"""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from tests.http.flutter_client import FlutterClient, SignedOut
from tests.http.service import PASSWORD, PUBLIC_URL, Service

APP_HEADERS = {"X-App-Version": "1.4.2", "X-App-Type": "android", "X-Device-ID": "3f2a9c"}

OpenClient = Callable[[], FlutterClient]


@pytest.fixture(params=["/api/v1", "/v1"])
def prefix(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[{}, APP_HEADERS], ids=["bare", "X-App"])
def open_client(service: Service, prefix: str, request: pytest.FixtureRequest) -> OpenClient:
    """Install the client once more: another device, another browser tab."""
    return lambda: FlutterClient(service, prefix, request.param)


async def signed_in(open_client: OpenClient, email: str = "uma@example.com") -> FlutterClient:
    client = open_client()
    await client.login(email, PASSWORD)
    return client


async def test_a_newcomer_registers_signs_in_and_manages_the_own_account(open_client: OpenClient) -> None:
    client = open_client()
    await client.health()
    newcomer = await client.register("Мария", "Maria@Example.com", PASSWORD)
    await client.login("maria@example.com", PASSWORD)
    me = await client.me()
    assert (me.id, me.email, me.name, me.is_active) == (newcomer.id, "maria@example.com", "Мария", True)
    assert (await client.update(me.id, name="Маша")).name == "Маша"
    assert (await client.user(me.id)).name == "Маша"
    await client.logout()
    with pytest.raises(SignedOut):
        await client.me()


async def test_an_account_lives_from_registration_to_deletion(open_client: OpenClient, service: Service) -> None:
    """Every proof is typed into the app; the device it is typed into stays signed in where it may."""
    client = open_client()
    await client.register("Мария", "maria@example.com", PASSWORD)
    await client.login("maria@example.com", PASSWORD)
    await client.verify_email("maria@example.com", (await service.proof("maria@example.com")).code)
    client.requests.clear()
    assert (await client.me()).email == "maria@example.com"
    assert client.requests == ["GET /auth/me"]
    await open_client().login("maria@example.com", PASSWORD)

    await client.change_email("masha@example.com", PASSWORD)
    await client.confirm_email_change("maria@example.com", (await service.proof("masha@example.com")).code)
    assert (await client.me()).email == "masha@example.com"

    forgetful = open_client()
    await forgetful.forgot_password("masha@example.com")
    code = (await service.proof("masha@example.com")).code
    await forgetful.reset_password("masha@example.com", code, "scarlet-heron-77")
    with pytest.raises(SignedOut):
        await client.me()
    await client.login("masha@example.com", "scarlet-heron-77")

    with pytest.raises(httpx.HTTPStatusError, match="400"):
        await client.delete_me(PASSWORD)
    await client.delete_me("scarlet-heron-77")
    with pytest.raises(SignedOut):
        await client.login("masha@example.com", "scarlet-heron-77")


async def test_an_administrator_manages_everybody(open_client: OpenClient, service: Service) -> None:
    client = await signed_in(open_client, "ada@example.com")
    first, total = await client.users(page=1, limit=4)
    second, _ = await client.users(page=2, limit=4)
    assert total == len({user.id for user in first + second}) == 6
    other = service.people.other.id
    assert (await client.update(other, is_active=False)).is_active is False
    assert (await client.update(other, email="moved@example.com", is_active=True)).email == "moved@example.com"
    await client.delete(other)
    with pytest.raises(httpx.HTTPStatusError, match="404"):
        await client.user(other)


async def test_an_expired_access_token_is_renewed_unseen(open_client: OpenClient, service: Service) -> None:
    client = await signed_in(open_client)
    for _ in range(3):
        service.clock.advance(timedelta(hours=5))
        client.requests.clear()
        assert (await client.me()).name == "Uma User"
        assert client.requests == ["GET /auth/me", "POST /auth/refresh", "GET /auth/me"]


async def test_a_lost_response_to_a_refresh_does_no_harm(open_client: OpenClient, service: Service) -> None:
    """RT-05: the same request again brings the same tokens, also a day later when the app restarts."""
    client = await signed_in(open_client)
    service.clock.advance(timedelta(hours=1))
    client.lose_next_answer_of = "/auth/refresh"
    await client.me()
    assert client.requests.count("POST /auth/refresh") == 2
    before = client.refresh_token
    service.clock.advance(timedelta(hours=1))
    await client.refresh()
    client.refresh_token, client.access_token = before, None
    service.clock.advance(timedelta(days=1))
    await client.refresh()
    assert (await client.me()).name == "Uma User"


async def test_two_parallel_401_refresh_twice_and_both_go_on(open_client: OpenClient, service: Service) -> None:
    """RT-04: the second is not queued behind the first."""
    client = await signed_in(open_client)
    service.clock.advance(timedelta(hours=1))
    one, two = await asyncio.gather(client.me(), client.me())
    assert one == two
    assert client.requests.count("POST /auth/refresh") == 2
    assert (await client.me()) == one


async def test_two_tabs_with_different_tokens_both_go_on(open_client: OpenClient, service: Service) -> None:
    """RT-06: one has refreshed, the other still holds the token of before."""
    client, other_tab = await signed_in(open_client), open_client()
    other_tab.access_token, other_tab.refresh_token = client.access_token, client.refresh_token
    service.clock.advance(timedelta(hours=1))
    await client.refresh()
    service.clock.advance(timedelta(seconds=5))
    await other_tab.refresh()
    assert await other_tab.me() == await client.me()


async def test_stale_tokens_hinder_nothing_public(open_client: OpenClient) -> None:
    client = open_client()
    client.access_token = "stale.token.here"
    await client.register("Мария", "maria@example.com", PASSWORD)
    await client.login("maria@example.com", PASSWORD)
    client.access_token = "stale.token.here"
    await client.refresh()
    assert (await client.me()).name == "Мария"


async def test_a_wrong_password_does_not_sign_out_who_is_signed_in(open_client: OpenClient) -> None:
    """The client takes the 401 of a login for an expired token, refreshes, and logs in again."""
    client = await signed_in(open_client)
    with pytest.raises(httpx.HTTPStatusError, match="401"):
        await client.login("uma@example.com", "wrong-otter-41")
    assert (await client.me()).name == "Uma User"


async def test_a_registration_that_was_sent_twice_makes_one_account(open_client: OpenClient, service: Service) -> None:
    """REL-19"""
    client = open_client()
    client.lose_next_answer_of = "/auth/register"
    with pytest.raises(httpx.HTTPStatusError, match="409"):
        await client.register("Мария", "maria@example.com", PASSWORD)
    await client.login("maria@example.com", PASSWORD)
    assert len(await service.users()) == 7


async def test_a_ban_signs_out_at_once(open_client: OpenClient, service: Service) -> None:
    client = await signed_in(open_client)
    await service.patch(f"/users/{service.people.user.id}", {"status": "banned"}, by=service.people.admin)
    with pytest.raises(SignedOut):
        await client.me()


async def test_the_browser_s_cookie_next_to_the_token_changes_nothing(service: Service, prefix: str) -> None:
    """Behind its proxy the browser sends the cookie of some earlier sign-in along."""
    cookies = {"Cookie": f"access_token={service.people.admin.access_token}", "Origin": PUBLIC_URL}
    client = FlutterClient(service, prefix, cookies)
    await client.login("uma@example.com", PASSWORD)
    assert (await client.me()).name == "Uma User"
    assert (await client.update(service.people.user.id, name="Ульяна")).name == "Ульяна"
