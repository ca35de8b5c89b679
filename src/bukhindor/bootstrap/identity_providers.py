"""The providers of identities that settings ask for."""

from bukhindor.config import Settings
from bukhindor.ports.identity_provider import IdentityProviders


def identity_providers(settings: Settings) -> IdentityProviders:
    """Every provider by its name."""
    return {}
