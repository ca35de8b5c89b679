"""Every path by name: where the API begins, its aliases, and the addresses of the pages."""

from typing import Final

from bukhindor.domain.one_time_token import Purpose

API: Final = "/api/v1"

# Aliases of the same endpoints: a front end's proxy strips /api from the paths of its pages.
ALIASES: Final = (("/v1/", "/api/v1/"), ("/api/health", "/health"))

HEALTH: Final = "/health"
JWKS: Final = "/.well-known/jwks.json"
# For clients of OpenID Connect and for those of OAuth 2.0 (RFC 8414).
DISCOVERY: Final = ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server")
# What Apple, Google and browsers fetch: which apps and pages belong to this service.
APPLE_APPS: Final = "/.well-known/apple-app-site-association"
ANDROID_APPS: Final = "/.well-known/assetlinks.json"
RELATED_ORIGINS: Final = "/.well-known/webauthn"
# Below API (RFC 7662).
INTROSPECTION: Final = "/auth/introspect"
OPENAPI: Final = "/openapi.json"
DOCS: Final = "/docs"
HOME: Final = "/"
FAVICON: Final = "/favicon.ico"
ACCOUNT: Final = "/account"
# The pages of a signed-in person, and the one that signs in.
SIGN_IN: Final = "/account/sign-in"
OWN_SESSIONS: Final = "/account/sessions"
OWN_FACTORS: Final = "/account/factors"
OWN_PASSKEYS: Final = "/account/passkeys"
OWN_IDENTITIES: Final = "/account/identities"
OWN_PASSWORD: Final = "/account/password"
OWN_ADDRESS: Final = "/account/address"
OWN_PROFILE: Final = "/account/profile"
OWN_EXPORT: Final = "/account/export"
OWN_DELETION: Final = "/account/delete"
SIGN_OUT: Final = "/account/sign-out"
EXPORT: Final = "/auth/me/export"
# The hosted pages that a browser comes back to from a provider.
IDENTITY_SIGN_IN: Final = "/account/sign-in/identity"
CONNECTED_IDENTITY: Final = "/account/identities/connected"
# Below ACCOUNT, so that a proxy that forwards the pages forwards their files.
ASSETS: Final = "/account/assets"
MAILBOX: Final = "/dev/mailbox"
MAILBOX_JSON: Final = "/dev/mailbox.json"

# The page that the link of a mail leads to, below ACCOUNT here or below the app's own address.
PAGE_OF: Final = {purpose: purpose.value.replace("_", "-") for purpose in Purpose}
INVITATION: Final = "invitation"
LOCKDOWN_PAGE: Final = "/account/lockdown"


def identity_callback(provider: str) -> str:
    """The path, below API, that a provider sends browsers back to."""
    return f"/auth/identities/{provider}/callback"


def canonical_path(path: str) -> str:
    """Return the path of the route table that a plain path leads to, also when it uses an alias."""
    for alias, target in ALIASES:
        if path.startswith(alias):
            return target + path[len(alias) :]
    return path


def is_page(path: str) -> bool:
    """Whether people's browsers open this path, even if no page has that name."""
    return path == ACCOUNT or path.startswith(f"{ACCOUNT}/")


def is_api(path: str) -> bool:
    """Whether programs go to this path, also where there is no endpoint of that name."""
    return path.startswith(("/api/", "/v1/", f"{HEALTH}/", "/.well-known/"))
