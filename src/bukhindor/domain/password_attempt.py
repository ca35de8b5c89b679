"""Attempts with a password: what each presents, and how failures count.

Anyone can enter wrong passwords for an account. Attempts that present more than a stranger's have budgets of their own,
so that strangers exhaust the budget of strangers only (OWASP Authentication Cheat Sheet, "Device cookies").
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
    """What an attempt presents.

    DEVICE_PROOF, FAMILIAR_NETWORK and STRANGER sign in. SESSION is the prompt of a signed-in person, SUPERSEDED_SESSION
    that of a client whose access token an earlier change has made invalid. MAILED_LINK comes with a proof of the
    mailbox.
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
    """One attempt at an account's password. `user` is None when no account has the address.

    `session` is the session that prompts a signed-in person. `device` distinguishes the devices of an account that have
    a proof. `network_used_at` is when the account last signed in, or was reset, from the network of this attempt.
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

        Each device with a proof and each familiar network has its own budget: an attacker who misuses one delays no
        other.
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

        A device proof is valid for one account, so no network can try many accounts with it. It also signs in when
        strangers behind the same address have used up the network's attempts.
        """
        if self.session is not None or self.kind in _CAN_NOT_BE_SPRAYED:
            return ()
        limit = FAILED_SIGN_INS_PER_NETWORK
        return (limit, self.origin.network), (limit.for_wider_network(), self.origin.wider_network)

    @property
    def password_hash(self) -> str | None:
        """The hash to compare with; None when no password can be right.

        After 100 failures in a row strangers need a reset by mail, and so does a session whose own prompts have failed
        as often. The other kinds continue (NIST SP 800-63B-4 section 3.2.2).
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
    """The key of one kind of attempt in the limit of failures per account; `which` names the device or network."""
    return f"{kind}:{email}:{which}" if which else f"{kind}:{email}"


def is_familiar(last_used_at: datetime | None, now: datetime) -> bool:
    """Whether a network is familiar whose last sign-in or reset was at `last_used_at`; None means never."""
    return last_used_at is not None and now - last_used_at < FAMILIARITY


def sign_in_kind(device: str | None, network_used_at: datetime | None, now: datetime) -> AttemptKind:
    """What a sign-in presents. `device` is the one that its device proof names, None without a proof of the account."""
    if device is not None:
        return AttemptKind.DEVICE_PROOF
    return AttemptKind.FAMILIAR_NETWORK if is_familiar(network_used_at, now) else AttemptKind.STRANGER


def is_worth_recording(network: str, last_used_at: datetime | None, now: datetime) -> bool:
    """Whether to record a sign-in from `network`: a network is recorded once a day, a missing address never."""
    return network != "" and (last_used_at is None or now - last_used_at >= _RECENT)
