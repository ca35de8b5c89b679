"""How a browser leaves for a provider, and what an app or a page gets for the code that it comes back with."""

from dataclasses import dataclass
from uuid import UUID

from bukhindor.domain.errors import InvalidAuthorizationCode
from bukhindor.domain.identity_web_flow import (
    FLOW_LIFE,
    CodeVerifier,
    Departure,
    Destination,
    ProvenIdentity,
    WebFlow,
    WebFlowAddresses,
    base64url,
    browser_mark,
)
from bukhindor.ports.identity_provider import IdentityProvider
from bukhindor.ports.identity_web_flow import WebFlowSeals
from bukhindor.ports.system import Clock, Identifiers


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityJourney:
    """Shared by signing in and linking in a browser."""

    seals: WebFlowSeals
    addresses: WebFlowAddresses
    identifiers: Identifiers
    clock: Clock

    def browser(self, known: str | None) -> str:
        """What the browser keeps: what it has already, for its other tabs, or something new."""
        return known or base64url(self.identifiers.seed())

    async def begin(self, provider: IdentityProvider, destination: Destination, browser: str) -> Departure:
        """Raises ProviderUnavailable."""
        name = provider.settings.name
        flow = WebFlow(
            provider=name,
            destination=destination,
            secret=self.identifiers.seed(),
            browser=browser_mark(browser),
            expires_at=self.clock.now() + FLOW_LIFE,
        )
        address = await provider.authorization_url(
            redirect_uri=self.addresses.callback_of(name),
            state=self.seals.seal_flow(flow),
            nonce=flow.nonce,
            code_challenge=flow.verifier.challenge,
        )
        return Departure(address, browser)

    async def begin_on_page(
        self,
        provider: IdentityProvider,
        page: str,
        known_browser: str | None,
        app_state: str = "",
        session_id: UUID | None = None,
    ) -> Departure:
        """Leave a hosted page, and come back to `page`. No script reads the cookie, so it is the verifier as well.

        Raises ProviderUnavailable.
        """
        browser = self.browser(known_browser)
        challenge = CodeVerifier(browser).challenge
        destination = Destination(redirect_uri=page, challenge=challenge, app_state=app_state, session_id=session_id)
        return await self.begin(provider, destination, browser)

    def end_on_page(self, code: str, browser: str | None, session_id: UUID | None = None) -> ProvenIdentity:
        """Return what `end` does, for the page that the browser came back to. Raises InvalidAuthorizationCode."""
        if browser is None:
            raise InvalidAuthorizationCode
        return self.end(code, CodeVerifier(browser), session_id)

    def end(self, code: str, verifier: CodeVerifier, session_id: UUID | None = None) -> ProvenIdentity:
        """Return the identity that the code stands for; `session_id` is the session that links it.

        The ID token behind it must still be used up: until then, the code works again. Raises InvalidAuthorizationCode.
        """
        identity = self.seals.open_identity(code)
        if identity is None or not identity.is_for(verifier, session_id, self.clock.now()):
            raise InvalidAuthorizationCode
        return identity
