"""The flow of the Flutter client: its headers, its interceptors and its strict parsing."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.http.service import PASSWORD, PUBLIC_URL, Json, Service

APP_HEADERS = {"X-App-Version": "1.4.2", "X-App-Type": "android", "X-Device-ID": "3f2a9c"}


@dataclass(frozen=True)
class ClientUser:
    """What the client reads of a user; a missing key or another type makes it fail."""

    id: str
    email: str
    name: str
    is_active: bool
    role: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def parse(cls, json: Json) -> "ClientUser":
        user = cls(
            of_type(json["id"], str),
            of_type(json["email"], str),
            of_type(json["name"], str),
            of_type(json["is_active"], bool),
            of_type(json["role"], str),
            moment(json["created_at"]),
            moment(json["updated_at"]),
        )
        assert user.name
        assert user.role in {"admin", "user", "guest"}
        return user


def of_type(value: Any, kind: type) -> Any:
    assert type(value) is kind, value
    return value


def moment(text: Any) -> datetime:
    """A time without a zone would be read as the device's own."""
    parsed = datetime.fromisoformat(of_type(text, str))
    assert parsed.tzinfo is not None
    return parsed


class SignedOut(Exception):
    """The client has thrown its tokens away and shows the sign-in page."""


class FlutterClient:
    """dio with its interceptors: a token on every call, one refresh after a 401, errors read by their status only."""

    def __init__(self, service: Service, prefix: str, headers: dict[str, str]) -> None:
        self._service = service
        self._prefix = prefix
        self._headers = headers
        self.access_token: str | None = None
        self.refresh_token: str | None = None
        self.lose_next_answer_of: str | None = None
        self.requests: list[str] = []

    async def register(self, name: str, email: str, password: str) -> ClientUser:
        answer = await self._send("POST", "/auth/register", {"name": name, "email": email, "password": password})
        of_type(answer["message"], str)
        return ClientUser.parse(answer["user"])

    async def login(self, email: str, password: str) -> None:
        answer = await self._send("POST", "/auth/login", {"email": email, "password": password})
        self._keep(answer["user"])

    async def me(self) -> ClientUser:
        return ClientUser.parse(await self._send("GET", "/auth/me"))

    async def logout(self) -> None:
        of_type((await self._send("POST", "/auth/logout"))["message"], str)

    async def users(self, page: int, limit: int) -> tuple[list[ClientUser], int]:
        answer = await self._send("GET", f"/users?page={page}&limit={limit}")
        assert (of_type(answer["page"], int), of_type(answer["limit"], int)) == (page, limit)
        return [ClientUser.parse(user) for user in of_type(answer["users"], list)], of_type(answer["total"], int)

    async def user(self, user_id: str) -> ClientUser:
        return ClientUser.parse(await self._send("GET", f"/users/{user_id}"))

    async def update(
        self, user_id: str, name: str | None = None, email: str | None = None, is_active: bool | None = None
    ) -> ClientUser:
        body = {"name": name, "email": email, "is_active": is_active}
        return ClientUser.parse(await self._send("PUT", f"/users/{user_id}", body))

    async def delete(self, user_id: str) -> None:
        of_type((await self._send("DELETE", f"/users/{user_id}"))["message"], str)

    async def health(self) -> None:
        # Behind its proxy the client asks without /api.
        answer = await self._service.ask("GET", self._prefix.removesuffix("/v1") + "/health", headers=self._headers)
        assert answer.json()["status"] == "ok"

    async def _send(self, method: str, path: str, body: Json | None = None) -> Json:
        answer = await self._once(method, path, body)
        if answer.status_code == 401:
            await self.refresh()
            answer = await self._once(method, path, body)
        if answer.status_code >= 400:
            raise httpx.HTTPStatusError(str(answer.status_code), request=answer.request, response=answer)
        assert answer.status_code != 204
        return parse_body(answer)

    async def refresh(self) -> None:
        """Any failure on this way signs the client out."""
        if self.refresh_token is None:
            raise SignedOut
        answer = await self._once("POST", "/auth/refresh", {"refresh_token": self.refresh_token})
        if answer.status_code != 200:
            self.access_token = self.refresh_token = None
            raise SignedOut
        self._keep(parse_body(answer)["user"])

    async def _once(self, method: str, path: str, body: Json | None) -> httpx.Response:
        """One request; a lost answer is a network error, after which dio sends the same again."""
        headers = {"Content-Type": "application/json", "Accept-Language": "ru", **self._headers}
        if self.access_token is not None:
            headers["Authorization"] = f"Bearer {self.access_token}"
        self.requests.append(f"{method} {path}")
        answer = await self._service.ask(method, self._prefix + path, body, headers=headers)
        if self.lose_next_answer_of == path:
            self.lose_next_answer_of = None
            return await self._once(method, path, body)
        return answer

    def _keep(self, tokens: Json) -> None:
        self.access_token = of_type(tokens["access_token"], str)
        self.refresh_token = of_type(tokens["refresh_token"], str)
        of_type(tokens["expires_in"], int)
        assert tokens["token_type"] == "Bearer"


def parse_body(answer: httpx.Response) -> Json:
    """dio parses a body only under a JSON media type."""
    media_type = answer.headers["content-type"].partition(";")[0]
    assert media_type == "application/json" or media_type.endswith("+json")
    return of_type(answer.json(), dict)  # type: ignore[no-any-return]


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


async def test_an_answer_of_refresh_that_got_lost_is_no_harm(open_client: OpenClient, service: Service) -> None:
    """RT-05: the same request again brings the same tokens, also a day later when the app starts anew."""
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
