"""Every path by name: where the API begins, which other names lead to it, and where the pages are."""

from typing import Final

from bukhindor.domain.one_time_token import Purpose

API: Final = "/api/v1"

# Other ways to the same endpoints: a front end's proxy strips /api from what its pages ask for.
ALIASES: Final = (("/v1/", "/api/v1/"), ("/api/health", "/health"))

HEALTH: Final = "/health"
JWKS: Final = "/.well-known/jwks.json"
OPENAPI: Final = "/openapi.json"
DOCS: Final = "/docs"
ACCOUNT: Final = "/account"
MAILBOX: Final = "/dev/mailbox"
MAILBOX_JSON: Final = "/dev/mailbox.json"
MAILBOX_SCRIPT: Final = "/dev/mailbox.js"
MAILBOX_STYLE: Final = "/dev/mailbox.css"

# The page that the link of a mail leads to, below ACCOUNT here or below the app's own address.
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
    """Whether people's browsers go to this path, also where there is no page of that name."""
    return path.startswith(f"{ACCOUNT}/")
