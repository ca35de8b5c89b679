"""How the core asks a provider about its accounts (OpenID Connect Core 1.0)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bukhindor.domain.identity import IdentityClaims, ProviderGrant, ProviderSettings
from bukhindor.domain.provider_notice import ProviderNotice


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What a provider gives for an authorization code. `refresh_token` is None when it gives none. `subject` is whose
    code it was, by the ID token, whose signature is not checked: it came from the provider itself, over TLS (OpenID
    Connect Core 1.0 section 3.1.3.7). It is None for what can't be read.
    """

    id_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False, default=None)
    subject: str | None = None


class IdentityProvider(Protocol):
    """One provider. Its metadata and keys come from discovery, and are cached.

    No request goes to an address that a client or a token names.
    """

    @property
    def settings(self) -> ProviderSettings:
        """What the operator says about the provider."""

    async def verify(self, id_token: str, nonce: str) -> IdentityClaims:
        """What a genuine ID token for one of our clients says (OpenID Connect Core 1.0 section 3.1.3.7).

        Its nonce is `nonce`, or the SHA-256 of it, in hexadecimal digits or base64url. It is at most ten minutes old.

        Raises InvalidIdToken, ProviderUnavailable.
        """

    async def read_notice(self, payload: str) -> ProviderNotice:
        """What a genuine notice for one of our clients says. Raises InvalidIdToken, ProviderUnavailable."""

    async def authorization_url(self, *, redirect_uri: str, state: str, nonce: str, code_challenge: str) -> str:
        """Where a browser begins to sign in, with a code challenge of S256 (RFC 7636). Raises ProviderUnavailable."""

    async def redeem(
        self, code: str, *, redirect_uri: str | None, code_verifier: str | None, client_id: str | None = None
    ) -> Redeemed:
        """Exchange an authorization code, as the first of our clients unless `client_id` names another.

        Raises InvalidAuthorizationCode, ProviderUnavailable.
        """

    async def revoke(self, grant: ProviderGrant) -> None:
        """Withdraw our access (RFC 7009); a token that is revoked already is no error. Raises ProviderUnavailable."""

    async def requires_issuer(self) -> bool:
        """Whether its callbacks name the issuer (RFC 9207 section 3). Raises ProviderUnavailable."""


IdentityProviders = Mapping[str, IdentityProvider]
"""By name in the settings."""
