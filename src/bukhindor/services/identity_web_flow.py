"""Signing in at another provider in a browser, and coming back with a code (RFC 6749, RFC 7636, RFC 9700)."""

import logging
from dataclasses import dataclass
from typing import Protocol

from bukhindor.domain.errors import (
    InvalidAuthorizationCode,
    InvalidIdToken,
    InvalidWebFlow,
    ProviderUnavailable,
    RedirectNotAllowed,
)
from bukhindor.domain.identity import ProviderGrant
from bukhindor.domain.identity_web_flow import (
    CODE_LIFE,
    LONGEST_TOKEN,
    Departure,
    Destination,
    ProvenIdentity,
    ProviderAnswer,
    WebFlow,
)
from bukhindor.domain.origin import Origin
from bukhindor.ports.identity_provider import IdentityProvider
from bukhindor.ports.store.identities import HasIdentities
from bukhindor.ports.store.transactions import Transaction, Writes
from bukhindor.ports.system import Clock
from bukhindor.services.steps.identity_journey import IdentityJourney
from bukhindor.services.steps.identity_proof import IdentityProof

_log = logging.getLogger(__name__)


class _Writing(HasIdentities, Transaction, Protocol):
    """What the way to the provider and back needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityWebFlow:
    transactions: Writes[_Writing]
    proof: IdentityProof
    journey: IdentityJourney
    clock: Clock

    async def start(self, provider: str, destination: Destination, browser: str | None) -> Departure:
        """Open this address in the system's browser, with your S256 challenge and, if you like, a `state` of your own.

        `redirect_uri` must be one of `APP_REDIRECTS`, character by character; anything else is refused here and never
        redirected to. The person has ten minutes. In the end the browser opens `redirect_uri` with a `code`, or with an
        `error`, and with your `state`.

        Raises ProviderNotFound, ProviderUnavailable, RedirectNotAllowed.
        """
        found = self.proof.provider(provider)
        if destination.redirect_uri not in self.journey.addresses.allowed:
            raise RedirectNotAllowed
        return await self.journey.begin(found, destination, self.journey.browser(browser))

    async def start_on_page(self, provider: str, page: str, following: str, browser: str | None) -> Departure:
        """Send the browser of a hosted page to a provider; `page` takes it back, with `following` as its state.

        Raises ProviderNotFound, ProviderUnavailable.
        """
        return await self.journey.begin_on_page(self.proof.provider(provider), page, browser, following)

    def require(self, provider: str) -> None:
        """Raises ProviderNotFound."""
        self.proof.provider(provider)

    async def complete(self, provider: str, answer: ProviderAnswer, browser: str | None, origin: Origin) -> str:
        """Register this address at the provider; it sends browsers here, and apps never call it.

        `state` must be from this server, for this provider, from this browser, ten minutes old at most and not used
        before; otherwise nothing is redirected. An `iss` of another provider is refused, and a missing one where the
        provider promises it (RFC 9207).

        The browser goes on to `redirect_uri`: with a `code`, which is good for 60 seconds and for the verifier, or with
        an `error`: `access_denied` when the person declined, `provider_refused`, `provider_unavailable`,
        `invalid_authorization_code` or `invalid_id_token`.

        Raises ProviderNotFound, InvalidWebFlow.
        """
        found = self.proof.provider(provider)
        flow = self.journey.seals.open_flow(answer.state)
        if flow is None or not flow.fits(provider, browser, self.clock.now()):
            raise InvalidWebFlow
        await self._use_up(flow)
        try:
            identity = await self._prove(found, flow, answer)
        except InvalidIdToken as refused:
            await self.proof.record_failure(provider, refused, origin)
            return flow.destination.with_answer({"error": refused.code})
        except (InvalidAuthorizationCode, ProviderUnavailable) as refused:
            _log.warning("sign-in at %s not completed: %s", provider, refused.code)
            return flow.destination.with_answer({"error": refused.code})
        if identity is None:
            return flow.destination.with_answer({"error": answer.refusal})
        return flow.destination.with_answer({"code": self.journey.seals.seal_identity(identity)})

    async def _use_up(self, flow: WebFlow) -> None:
        """Raises InvalidWebFlow when it was used before. What the provider says later does not undo this."""
        async with self.transactions.begin() as tx:
            try:
                await tx.identities.use_up(flow.mark, flow.expires_at)
            except InvalidIdToken:
                raise InvalidWebFlow from None
            await tx.commit()

    async def _prove(self, provider: IdentityProvider, flow: WebFlow, answer: ProviderAnswer) -> ProvenIdentity | None:
        """Return who the person is, None when the provider does not say so."""
        # Mix-up defence: a code of another provider must not reach this one (RFC 9700 section 4.4).
        if answer.issuer is None and await provider.requires_issuer():
            raise InvalidAuthorizationCode
        if answer.issuer is not None and answer.issuer != provider.settings.issuer:
            raise InvalidAuthorizationCode
        if answer.code is None or answer.error is not None:
            return None
        redeemed = await provider.redeem(
            answer.code, redirect_uri=self.journey.addresses.callback_of(flow.provider), code_verifier=flow.verifier
        )
        claims = await provider.verify(redeemed.id_token, flow.nonce)
        token = redeemed.refresh_token
        if token is not None and len(token) > LONGEST_TOKEN:
            _log.warning("a refresh token of %s is too long to be kept: access can't be withdrawn", flow.provider)
            token = None
        return ProvenIdentity(
            claims=claims,
            name=answer.name,
            grant=None if token is None else ProviderGrant(claims.audience, token),
            challenge=flow.destination.challenge,
            session_id=flow.destination.session_id,
            expires_at=self.clock.now() + CODE_LIFE,
        )
