"""The accounts whose fixed codes sign in."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from bukhindor.cli.findings import Finding, State, ok
from bukhindor.config.ways_in import EmailVerificationMode, WaysInSettings
from bukhindor.domain.review_account import REVIEW_PERIOD, is_left_over
from bukhindor.domain.user import User

CHECK = "review accounts"


def review_accounts(ways_in: WaysInSettings, users: Sequence[User], now: datetime) -> Iterator[Finding]:
    """A warning for each account that should leave REVIEW_ACCOUNTS or can't sign in; `users` are those that exist."""
    by_email = {user.email: user for user in users}
    found = [(email, _problem(ways_in, by_email.get(email), now)) for email in ways_in.review_accounts]
    for email, problem in found:
        if problem is not None:
            yield Finding(CHECK, State.WARNING, f"{email} {problem[0]}", problem[1])
    if found and not any(problem for _, problem in found):
        yield ok(CHECK, f"{len(found)} with a fixed code, each younger than {REVIEW_PERIOD.days} days")


def _problem(ways_in: WaysInSettings, user: User | None, now: datetime) -> tuple[str, str] | None:
    """What is wrong, and what to do."""
    if user is None:
        return "has no account", "Create it with the role user, or remove it from REVIEW_ACCOUNTS"
    if not ways_in.review_accounts.signs_in(user):
        return f"has the role {user.role}, so its code is refused", "Remove it from REVIEW_ACCOUNTS"
    if is_left_over(user, now):
        age = (now - user.created_at).days
        return f"was created {age} days ago, and anyone with its code can sign in", "Remove it from REVIEW_ACCOUNTS"
    if ways_in.email_verification is EmailVerificationMode.REQUIRED and not user.email_verified:
        return "is not verified, which EMAIL_VERIFICATION=required demands", "Verify it: bukhindor users verify"
    return None
