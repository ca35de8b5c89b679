"""The providers of identities that settings ask for."""

from bukhindor.config import Settings
from bukhindor.ports.identity_provider import IdentityProviders
from bukhindor.ports.system import Clock


def identity_providers(settings: Settings, clock: Clock) -> IdentityProviders:
    """Every provider by its name. Nothing is asked before someone signs in with one."""
    if not settings.identities.providers:
        return {}
    # A service without providers does without them.
    from bukhindor.adapters.http.outbound import OutboundHttp  # noqa: PLC0415
    from bukhindor.adapters.oidc.discovery import Discovery  # noqa: PLC0415
    from bukhindor.adapters.oidc.provider import OidcProvider  # noqa: PLC0415

    outbound = OutboundHttp(allows_loopback=not settings.is_production)
    return {
        provider.name: OidcProvider(provider, Discovery(provider.name, provider.issuer, outbound), outbound, clock)
        for provider in settings.identities.providers
    }
