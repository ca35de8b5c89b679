"""The Flutter client: its headers, its interceptors and its strict parsing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from tests.http.service import Json, Service


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

    async def forgot_password(self, email: str) -> None:
        of_type((await self._send("POST", "/auth/reset-password", {"email": email}))["message"], str)

    async def reset_password(self, email: str, code: str, new_password: str) -> None:
        body = {"email": email, "code": code, "new_password": new_password}
        of_type((await self._send("POST", "/auth/reset-password/confirm", body))["message"], str)

    async def verify_email(self, email: str, code: str) -> None:
        answer = await self._send("POST", "/auth/verify-email/confirm", {"email": email, "code": code})
        of_type(answer["message"], str)

    async def change_email(self, new_email: str, password: str) -> None:
        body = {"new_email": new_email, "password": password}
        of_type((await self._send("POST", "/auth/change-email", body))["message"], str)

    async def confirm_email_change(self, email: str, code: str) -> None:
        answer = await self._send("POST", "/auth/change-email/confirm", {"email": email, "code": code})
        of_type(answer["message"], str)

    async def delete_me(self, password: str) -> None:
        of_type((await self._send("DELETE", "/auth/me", {"password": password}))["message"], str)

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
        """One request; a lost response is a network error, after which dio sends the same again."""
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
