"""A browser on its way to a provider and back, over fakes."""

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from bukhindor.domain.identity_web_flow import CodeVerifier, Destination, ProviderAnswer
from bukhindor.ports.identity_provider import Redeemed
from tests.fakes.identity_provider import FakeIdentityProvider
from tests.makers import ORIGIN, make_claims
from tests.unit.services.scene import Scene

APP = "com.example.app:/signed-in"
VERIFIER = CodeVerifier("v" * 43)
BROWSER, OTHER_BROWSER = "b" * 43, "c" * 43


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


@dataclass
class Journey:
    """One sign-in in a browser; `left` are the parameters that it took to the provider."""

    scene: Scene
    provider: FakeIdentityProvider
    left: dict[str, str]

    @classmethod
    async def begin(cls, scene: Scene, provider: FakeIdentityProvider, app_state: str = "of-the-app") -> "Journey":
        destination = Destination(redirect_uri=APP, challenge=VERIFIER.challenge, app_state=app_state)
        address = (await scene.services.identity_web_flow.start(provider.settings.name, destination, BROWSER)).address
        assert address.startswith(provider.settings.issuer)
        return cls(scene, provider, query_of(address))

    def answer(self, code: str | None = "a-code", nonce: str | None = None, **parts: str | None) -> ProviderAnswer:
        """What the browser brings back once the person has signed in there."""
        if code is not None:
            id_token = self.provider.issue(make_claims(), nonce or self.left["nonce"])
            self.provider.codes[code] = Redeemed(id_token, "refresh-token")
        given: dict[str, str | None] = {"state": self.left["state"], **parts}
        return ProviderAnswer(code=code, **given)  # type: ignore[arg-type]

    async def end(self, answer: ProviderAnswer, browser: str | None = BROWSER, provider: str = "") -> dict[str, str]:
        """What the app reads."""
        name = provider or self.provider.settings.name
        address = await self.scene.services.identity_web_flow.complete(name, answer, browser, ORIGIN)
        assert address.startswith(f"{APP}?")
        return query_of(address)
