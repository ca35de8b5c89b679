"""A browser on its way to a provider and back over HTTP, with a provider without cryptography."""

from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from bukhindor.domain.identity_web_flow import CodeVerifier
from bukhindor.ports.identity_provider import Redeemed
from tests.fakes.identity_provider import APPLE, GOOGLE, FakeIdentityProvider
from tests.http.conftest import StartService
from tests.http.service import API, Json, Service, tokens_in
from tests.makers import address, make_claims, make_notice

APP = "com.example.app:/signed-in"
VERIFIER = CodeVerifier("v" * 43)
SETTINGS = {
    "app_redirects": f"{APP},https://app.example.com/signed-in",
    "oidc_providers": "google,apple",
    "oidc_google_client_ids": "web-client",
    "oidc_apple_client_ids": "com.example.app",
}
EXCHANGE = "/auth/identities/exchange"


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def path_of(name: str, step: str) -> str:
    return f"/auth/identities/{name}/{step}"


async def start_with_providers(start_service: StartService, **settings: Any) -> tuple[Service, FakeIdentityProvider]:
    """A service whose providers are fakes, and its Google."""
    service = await start_service(**{**SETTINGS, **settings})
    return service, acquaint(service)


def acquaint(service: Service) -> FakeIdentityProvider:
    """Give a service fake providers, and return its Google."""
    google, apple = FakeIdentityProvider(GOOGLE), FakeIdentityProvider(APPLE)
    providers = cast("dict[str, Any]", service.application.services.identity_web_flow.proof.providers)
    providers |= {"google": google, "apple": apple}
    return google


async def successes_of_identities(service: Service) -> list[tuple[str, Json]]:
    """Real responses of what succeeds with a provider only."""
    browser = Browser(service, acquaint(service))
    away = await browser.get("/account/sign-in/with/google")
    browser.left = query_of(away.headers["location"])
    back = await browser.come_back(browser.answer())
    # On a hosted page the verifier is the cookie.
    body = exchange(query_of(back.headers["location"])["code"], browser.cookie)
    signed_in = await service.post(EXCHANGE, body)
    person = tokens_in(await service.log_in(service.people.guest.email))
    shown = {"id_token": browser.provider.issue(make_claims(subject="sheet", email=address("sheet@example.com")))}
    shown["nonce"] = "nonce"
    by_sheet = await service.post("/auth/identities/google/token", shown)
    again = {"id_token": browser.provider.issue(make_claims(subject="linked")), "nonce": "nonce"}
    linked = await service.post("/auth/identities/google", again, by=person)
    listed = await service.get("/auth/identities", by=person)
    seen = await service.get(f"/users/{service.people.guest.id}/identities", by=service.people.admin)
    exported = await service.get("/auth/me/export", by=person)
    unlinked = await service.delete(f"/auth/identities/{linked.json()['id']}", by=person)
    apple = cast(FakeIdentityProvider, service.application.services.identity_web_flow.proof.providers["apple"])
    apple.notices["notice"] = make_notice()
    noticed = await service.post("/auth/identities/apple/notifications", {"payload": "notice"})
    return [
        ("receive_apple_notification", noticed.json()),
        ("exchange_identity_code", signed_in.json()),
        ("sign_in_with_id_token", by_sheet.json()),
        ("link_identity", linked.json()),
        ("list_identities", listed.json()),
        ("list_user_identities", seen.json()),
        ("export_me", exported.json()),
        ("unlink_identity", unlinked.json()),
    ]


@dataclass
class Browser:
    """A browser with the cookie of its flows; `left` are the parameters that it took to the provider."""

    service: Service
    provider: FakeIdentityProvider
    cookie: str = ""
    left: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.provider.settings.name

    async def get(self, path: str, **headers: str) -> httpx.Response:
        own = {"cookie": f"identity_flow={self.cookie}"} if self.cookie else {}
        answer = await self.service.ask("GET", path, headers=own | headers)
        for line in answer.headers.get_list("set-cookie"):
            if line.startswith("identity_flow="):
                self.cookie = line.partition(";")[0].partition("=")[2]
        return answer

    async def leave(self, **changes: str) -> httpx.Response:
        query = {"redirect_uri": APP, "code_challenge": VERIFIER.challenge, "state": "of-the-app"} | changes
        answer = await self.get(f"{API}{path_of(self.name, 'start')}?{urlencode(query)}")
        if answer.status_code == 302:
            self.left = query_of(answer.headers["location"])
        return answer

    def answer(self, code: str = "a-code", **changes: str) -> dict[str, str]:
        """The parameters that the provider answers with, once Ann has signed in there."""
        self.provider.codes[code] = Redeemed(self.provider.issue(make_claims(), self.left["nonce"]))
        return {"state": self.left["state"], "code": code} | changes

    async def come_back(self, answer: dict[str, str], **headers: str) -> httpx.Response:
        return await self.get(f"{API}{path_of(self.name, 'callback')}?{urlencode(answer)}", **headers)

    async def code(self) -> str:
        """The code that the app gets in the end."""
        assert (await self.leave()).status_code == 302
        back = await self.come_back(self.answer(f"code-{len(self.provider.tokens)}"))
        assert back.status_code == 302, back.text
        return query_of(back.headers["location"])["code"]


def exchange(code: str, verifier: str = VERIFIER) -> Json:
    return {"code": code, "code_verifier": str(verifier)}
