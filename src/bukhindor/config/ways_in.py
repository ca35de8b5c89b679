"""Ways in: who may register, with which addresses, and what a sign-in needs."""

import re
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from typing import Self

from bukhindor.config.durations import quoted
from bukhindor.config.sources import Sources
from bukhindor.config.values import choice, listed, yes_or_no
from bukhindor.domain.domain_name import ascii_domain, shown_domain
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.review_account import ReviewAccounts
from bukhindor.domain.user import Role
from bukhindor.domain.ways_in import RegistrationMode, domain_and_parents

_CODE = re.compile(r"[0-9]{8}")
_NEEDED_FOR_DISPOSABLE = "disposable_email_domains"


class EmailVerificationMode(StrEnum):
    """Whether a sign-in needs a verified address."""

    OPTIONAL = "optional"
    REQUIRED = "required"


class MfaMode(StrEnum):
    """Who needs a second factor."""

    NONE = "none"
    ADMINS = "admins"
    ALL = "all"

    @property
    def roles(self) -> frozenset[Role]:
        return {MfaMode.NONE: frozenset[Role](), MfaMode.ADMINS: frozenset({Role.ADMIN}), MfaMode.ALL: frozenset(Role)}[
            self
        ]


@dataclass(frozen=True, slots=True)
class WaysInSettings:
    """Domains are in ASCII; each stands for its subdomains, too."""

    registration: RegistrationMode
    email_verification: EmailVerificationMode
    mfa_required: MfaMode
    review_accounts: ReviewAccounts
    allowed_email_domains: tuple[str, ...]
    blocked_email_domains: tuple[str, ...]
    block_disposable_email: bool

    @classmethod
    def read(cls, sources: Sources) -> Self:
        read = sources.read
        verification = EmailVerificationMode
        settings = cls(
            registration=read("REGISTRATION", choice(RegistrationMode), RegistrationMode.OPEN, "open"),
            email_verification=read("EMAIL_VERIFICATION", choice(verification), verification.OPTIONAL, "required"),
            mfa_required=read("MFA_REQUIRED", choice(MfaMode), MfaMode.NONE, "admins"),
            review_accounts=read(
                "REVIEW_ACCOUNTS", _review_accounts, ReviewAccounts(), "review@example.com:12345678", _masked
            ),
            allowed_email_domains=read("ALLOWED_EMAIL_DOMAINS", _domains, (), "example.com,example.org", _shown),
            blocked_email_domains=read("BLOCKED_EMAIL_DOMAINS", _domains, (), "example.com,example.org", _shown),
            block_disposable_email=read("BLOCK_DISPOSABLE_EMAIL", yes_or_no, False, "false"),
        )
        if settings.block_disposable_email and find_spec(_NEEDED_FOR_DISPOSABLE) is None:
            reason = "the list of such domains is not here; install bukhindor-backend[disposable-email]"
            sources.refuse("BLOCK_DISPOSABLE_EMAIL", reason, "false")
        settings._refuse_contradiction(sources)
        return settings

    def _refuse_contradiction(self, sources: Sources) -> None:
        """Refuse an allowed domain that is blocked as well: no one could register with it."""
        blocked = set(self.blocked_email_domains)
        for domain in self.allowed_email_domains:
            if not blocked.isdisjoint(domain_and_parents(domain)):
                reason = f"{shown_domain(domain)} is blocked by BLOCKED_EMAIL_DOMAINS, so it can't be allowed"
                sources.refuse("ALLOWED_EMAIL_DOMAINS", reason, "example.com,example.org")


def _domains(text: str) -> tuple[str, ...]:
    """Domains in ASCII or as people read them."""
    return tuple(dict.fromkeys(map(_domain, listed(text))))


def _domain(text: str) -> str:
    domain = ascii_domain(text)
    if not domain:
        raise ValueError(f"{quoted(text)} is not a domain; a domain stands for its subdomains, too")
    return domain


def _shown(domains: tuple[str, ...]) -> str:
    return ",".join(map(shown_domain, domains)) or "none"


def _review_accounts(text: str) -> ReviewAccounts:
    """Addresses, each with its code after a colon. No message repeats a code."""
    codes: dict[EmailAddress, str] = {}
    parts = listed(text)
    for position, part in enumerate(parts, start=1):
        which = "the value" if len(parts) == 1 else f"value {position} of {len(parts)}"
        address, colon, code = part.rpartition(":")
        if not colon or _CODE.fullmatch(code) is None:
            raise ValueError(f"{which} is not an address, a colon and a code of eight digits")
        try:
            email = EmailAddress.parse(address)
        except InvalidValue:
            raise ValueError(f"{quoted(address.strip())} is not an email address") from None
        if email in codes:
            raise ValueError(f"{email} is named twice")
        codes[email] = code
    return ReviewAccounts(codes)


def _masked(accounts: ReviewAccounts) -> str:
    return ",".join(f"{email}:***" for email in accounts) or "none"
