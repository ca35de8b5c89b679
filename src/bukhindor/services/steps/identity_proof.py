"""Checking what a provider says about a person."""

import logging
from dataclasses import dataclass
from typing import Protocol

from bukhindor.domain.audit import AuditType
from bukhindor.domain.errors import (
    IdentityEmailNotVerified,
    InvalidAuthorizationCode,
    InvalidIdToken,
    ProviderNotFound,
    ProviderUnavailable,
)
from bukhindor.domain.identity import IdentityClaims, ProviderGrant
from bukhindor.domain.origin import Origin
from bukhindor.ports.identity_provider import IdentityProvider, IdentityProviders
from bukhindor.ports.store.audit_events import HasAuditEvents
from bukhindor.ports.store.transactions import Transaction, Writes
from bukhindor.ports.system import Clock
from bukhindor.services.steps.audit_trail import AuditTrail

_log = logging.getLogger(__name__)


class _Writing(HasAuditEvents, Transaction, Protocol):
    """What recording a refusal needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityProof:
    """Shared by signing in and by linking. Nothing here runs inside a transaction: a provider may take its time."""

    transactions: Writes[_Writing]
    providers: IdentityProviders
    trail: AuditTrail
    clock: Clock

    def provider(self, name: str) -> IdentityProvider:
        """Raises ProviderNotFound."""
        provider = self.providers.get(name)
        if provider is None:
            raise ProviderNotFound
        return provider

    def label_of(self, name: str) -> str:
        """What people call the provider; its name, when the operator has removed it from the settings."""
        provider = self.providers.get(name)
        return name.capitalize() if provider is None else provider.settings.label

    async def check(self, name: str, id_token: str, nonce: str) -> IdentityClaims:
        """Verify an ID token. Raises ProviderNotFound, InvalidIdToken, ProviderUnavailable."""
        return await self.provider(name).verify(id_token, nonce)

    async def grant(self, claims: IdentityClaims, authorization_code: str | None) -> ProviderGrant | None:
        """Exchange the authorization code of a native sheet, so that the service can withdraw its access later.

        The person has proved who they are already, so a provider that is away or refuses does not stop them. The code
        of another person gives no access: with it, unlinking would withdraw what that person has allowed.
        """
        if authorization_code is None:
            return None
        try:
            redeemed = await self.provider(claims.provider).redeem(
                authorization_code, redirect_uri=None, code_verifier=None, client_id=claims.audience
            )
        except (InvalidAuthorizationCode, ProviderUnavailable) as refusal:
            _log.warning("authorization code of %s not exchanged: %s", claims.provider, refusal.code)
            return None
        if redeemed.subject != claims.subject:
            _log.warning("authorization code of %s not kept: it is another person's", claims.provider)
            return None
        token = redeemed.refresh_token
        return None if token is None else ProviderGrant(claims.audience, token)

    async def record_failure(
        self, name: str, refusal: InvalidIdToken | IdentityEmailNotVerified, origin: Origin
    ) -> None:
        """Count a refused token by network and minute; the log has the reason."""
        reason = refusal.reason if isinstance(refusal, InvalidIdToken) else refusal.code
        _log.info("identity of %s refused: %s", name, reason)
        now = self.clock.now()
        async with self.transactions.begin() as tx:
            failed = self.trail.counted(origin, AuditType.SIGN_IN_FAILED, now, methods="idp", provider=name)
            await tx.audit_events.count(failed)
            await tx.commit()
