"""Accounts for reviewers of app stores and for tests, whose mails no one may read: a fixed code signs them in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.user import Role, User

REVIEW_PERIOD = timedelta(days=60)
"""How long after the creation of such an account its code should go: a review takes days, and others learn the code."""


@dataclass(frozen=True, slots=True)
class ReviewAccounts:
    """The code of eight digits for each address that the operator lists."""

    codes: Mapping[EmailAddress, str] = field(default_factory=dict, repr=False)

    def __iter__(self) -> Iterator[EmailAddress]:
        return iter(self.codes)

    def code_of(self, email: EmailAddress) -> str | None:
        """The code of the address, also where its account may not use it; None for an address that is not listed."""
        return self.codes.get(email)

    def signs_in(self, user: User) -> bool:
        """Whether the user signs in with a fixed code: only ordinary users do, even if others are listed."""
        return user.email in self.codes and user.role is Role.USER


def is_left_over(user: User, now: datetime) -> bool:
    """Whether the account is older than a review takes."""
    return now - user.created_at >= REVIEW_PERIOD
