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
    FAILED_SIGN_INS_PER_NETWORK,
    MAX_CONSECUTIVE_FAILURES,
    PASSWORD_PROMPTS_PER_SESSION,
    Limit,
)
from bukhindor.domain.session import Session
from bukhindor.domain.user import User

FAMILIARITY = timedelta(days=30)
"""How long a network stays familiar after the last sign-in or reset from it."""

DEVICE_PROOF_LIFE = timedelta(days=365)

_RECENT = timedelta(days=1)


class AttemptKind(StrEnum):
    """What an attempt shows.

    DEVICE_PROOF, FAMILIAR_NETWORK and STRANGER sign in. SESSION is the prompt of a signed-in person, SUPERSEDED_SESSION
    that of a client whose access token an earlier change has made void. MAILED_LINK comes with a proof of the mailbox.
    """

    DEVICE_PROOF = "device_proof"
    FAMILIAR_NETWORK = "familiar_network"
    STRANGER = "stranger"
    SESSION = "session"
    SUPERSEDED_SESSION = "superseded_session"
    MAILED_LINK = "mailed_link"


SIGN_IN_KINDS = (AttemptKind.DEVICE_PROOF, AttemptKind.FAMILIAR_NETWORK, AttemptKind.STRANGER)
_STOPPED_WITH_STRANGERS = (AttemptKind.STRANGER, AttemptKind.SUPERSEDED_SESSION)
_CAN_NOT_BE_SPRAYED = (AttemptKind.DEVICE_PROOF, AttemptKind.MAILED_LINK)


@dataclass(frozen=True, slots=True)
class PasswordAttempt:
    """One attempt at an account's password. `user` is None where no account has the address.

    `session` is the session that prompts a signed-in person. `device` tells the devices of an account apart that have a
    proof. `network_used_at` is when the account last signed in, or was reset, from the network of this attempt.
    """

    kind: AttemptKind
    email: EmailAddress
    origin: Origin
    user: User | None
    session: Session | None = None
    device: str = ""
    network_used_at: datetime | None = None

    @property
    def budget(self) -> tuple[Limit, str]:
        """The limit that a failure counts against, and its key.

        Devices with a proof and familiar networks have a budget each: one that is misused delays no other.
        """
        if self.session is not None:
            return PASSWORD_PROMPTS_PER_SESSION, f"{self.kind}:{self.session.id}"
        match self.kind:
            case AttemptKind.DEVICE_PROOF:
                which = self.device
            case AttemptKind.FAMILIAR_NETWORK:
                which = self.origin.wider_network
            case _:
                which = ""
        return FAILED_SIGN_INS_PER_ACCOUNT, account_key(self.kind, self.email, which)

    @property
    def network_budgets(self) -> tuple[tuple[Limit, str], ...]:
        """The limits of the client's network that a failure counts against, too.

        A device proof is good for one account, so no network tries many accounts with it. It opens the account also
        where strangers behind the same address have used up the network's attempts.
        """
        if self.session is not None or self.kind in _CAN_NOT_BE_SPRAYED:
            return ()
        limit = FAILED_SIGN_INS_PER_NETWORK
        return (limit, self.origin.network), (limit.for_wider_network(), self.origin.wider_network)

    @property
    def password_hash(self) -> str | None:
        """The hash to compare with; None where no password can be right.

        After 100 failures in a row strangers need a reset by mail, and so do the prompts of a session that has
        failed as often by itself. The other kinds go on (NIST SP 800-63B-4 section 3.2.2).
        """
        if self.user is None:
            return None
        failures = 0
        if self.kind in _STOPPED_WITH_STRANGERS:
            failures = self.user.failed_sign_ins
        elif self.session is not None:
            failures = self.session.failed_prompts
        return None if failures >= MAX_CONSECUTIVE_FAILURES else self.user.password_hash

    @property
    def counts_into_ceiling(self) -> bool:
        return self.session is not None or self.kind is AttemptKind.STRANGER


def account_key(kind: AttemptKind, email: EmailAddress, which: str = "") -> str:
    """The key of one kind of attempt in the limit of failures per account; `which` device or network it is."""
    return f"{kind}:{email}:{which}" if which else f"{kind}:{email}"


def is_familiar(last_used_at: datetime | None, now: datetime) -> bool:
    """Whether a network is familiar whose last sign-in or reset was at `last_used_at`; None for never."""
    return last_used_at is not None and now - last_used_at < FAMILIARITY


def is_worth_recording(network: str, last_used_at: datetime | None, now: datetime) -> bool:
    """Whether a sign-in from `network` says something new. A network is recorded once a day; no address is none."""
    return network != "" and (last_used_at is None or now - last_used_at >= _RECENT)
