"""Attempts with a password: what each has to show for itself, and how failures count.

Anyone can fail at an account's password. So that strangers exhaust the budget of strangers only, attempts that show
more have budgets of their own (OWASP Authentication Cheat Sheet, "Device cookies").
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.origin import Origin
from bukhindor.domain.rate_limit import (
    FAILED_SIGN_INS_PER_ACCOUNT,
    MAX_CONSECUTIVE_FAILURES,
    PASSWORD_PROMPTS_PER_SESSION,
    Limit,
)
from bukhindor.domain.session import Session
from bukhindor.domain.user import User

FAMILIARITY = timedelta(days=30)
"""How long a network stays familiar after the last sign-in or reset from it."""

_RECENT = timedelta(days=1)


class AttemptKind(StrEnum):
    """What an attempt shows, from the signs of a known client to none."""

    DEVICE_PROOF = "device_proof"
    FAMILIAR_NETWORK = "familiar_network"
    STRANGER = "stranger"
    SESSION = "session"
    MAILED_LINK = "mailed_link"


SIGN_IN_KINDS = (AttemptKind.DEVICE_PROOF, AttemptKind.FAMILIAR_NETWORK, AttemptKind.STRANGER)


@dataclass(frozen=True, slots=True)
class PasswordAttempt:
    """One attempt at an account's password. `user` is None where no account has the address.

    `session` is the session that prompts a signed-in person, None for every other kind. `network_used_at` is when the
    account last signed in, or was reset, from the network of this attempt.
    """

    kind: AttemptKind
    email: EmailAddress
    origin: Origin
    user: User | None
    session: Session | None = None
    network_used_at: datetime | None = None

    @property
    def limit(self) -> Limit:
        return PASSWORD_PROMPTS_PER_SESSION if self.session is not None else FAILED_SIGN_INS_PER_ACCOUNT

    @property
    def key(self) -> str:
        """What the limit counts: the session, or the account and the kind of the attempt."""
        return str(self.session.id) if self.session is not None else account_key(self.kind, self.email)

    @property
    def password_hash(self) -> str | None:
        """The hash to compare with; None where no password can be right.

        After 100 failures in a row strangers need a reset by mail, and so do the prompts of a session that has
        failed as often by itself. The other kinds go on (NIST SP 800-63B-4 section 3.2.2).
        """
        if self.user is None:
            return None
        failures = 0
        if self.session is not None:
            failures = self.session.failed_prompts
        elif self.kind is AttemptKind.STRANGER:
            failures = self.user.failed_sign_ins
        return None if failures >= MAX_CONSECUTIVE_FAILURES else self.user.password_hash

    @property
    def counts_into_ceiling(self) -> bool:
        return self.kind in (AttemptKind.STRANGER, AttemptKind.SESSION)


def account_key(kind: AttemptKind, email: EmailAddress) -> str:
    """The key of one kind of attempt in the limit of failures per account."""
    return f"{kind}:{email}"


def is_familiar(last_used_at: datetime | None, now: datetime) -> bool:
    """Whether a network is familiar whose last sign-in or reset was at `last_used_at`; None for never."""
    return last_used_at is not None and now - last_used_at < FAMILIARITY


def is_worth_recording(network: str, last_used_at: datetime | None, now: datetime) -> bool:
    """Whether a sign-in from `network` says something new. A network is recorded once a day; no address is none."""
    return network != "" and (last_used_at is None or now - last_used_at >= _RECENT)
