"""Every path by name: where the API begins, its aliases, and the addresses of the pages."""

from typing import Final

from bukhindor.domain.one_time_token import Purpose

API: Final = "/api/v1"

# Aliases of the same endpoints: a front end's proxy strips /api from the paths of its pages.
ALIASES: Final = (("/v1/", "/api/v1/"), ("/api/health", "/health"))

HEALTH: Final = "/health"
JWKS: Final = "/.well-known/jwks.json"
OPENAPI: Final = "/openapi.json"
DOCS: Final = "/docs"
ACCOUNT: Final = "/account"
MAILBOX: Final = "/dev/mailbox"
MAILBOX_JSON: Final = "/dev/mailbox.json"

# The page that a mailed link opens, below ACCOUNT here or below the app's own address.
PAGE_OF: Final = {
    Purpose.RESET_PASSWORD: "reset-password",
    Purpose.VERIFY_EMAIL: "verify-email",
    Purpose.CHANGE_EMAIL: "change-email",
}


def canonical_path(path: str) -> str:
    """Return the path of the route table that a plain path leads to, also when it uses an alias."""
    for alias, target in ALIASES:
        if path.startswith(alias):
            return target + path[len(alias) :]
    return path


def is_page(path: str) -> bool:
    """Whether people's browsers open this path, even if no page has that name."""
    return path.startswith(f"{ACCOUNT}/")
