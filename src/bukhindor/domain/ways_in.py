"""Who may come in: the operator's rules for new accounts and their addresses."""

from dataclasses import dataclass, field
from enum import StrEnum

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import InvalidValue, RegistrationClosed
from bukhindor.domain.review_account import ReviewAccounts


class RegistrationMode(StrEnum):
    """With INVITED strangers need an invitation. With CLOSED only administrators and operators create accounts."""

    OPEN = "open"
    INVITED = "invited"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Which domains new addresses may have; a domain stands for its subdomains, too. All are in ASCII.

    Without allowed domains all are allowed; a blocked one never is. One sentence refuses all the others, so that no one
    learns the lists.
    """

    allowed: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()

    def accepts(self, email: EmailAddress) -> bool:
        """Whether new addresses may have this domain."""
        domains = domain_and_parents(email.value.partition("@")[2])
        is_allowed = not self.allowed or not self.allowed.isdisjoint(domains)
        return is_allowed and self.blocked.isdisjoint(domains)

    def check(self, email: EmailAddress) -> None:
        """Raise InvalidValue for an address whose domain is not accepted."""
        email.refuse_of_guest()
        if not self.accepts(email):
            message = "Addresses of this domain are not accepted here."
            raise InvalidValue(EmailAddress, message, "email_domain_not_accepted")


@dataclass(frozen=True, slots=True, kw_only=True)
class WaysIn:
    """With `requires_verified_email` no one signs in before a mail to the account's address was answered."""

    registration: RegistrationMode = RegistrationMode.OPEN
    addresses: AddressPolicy = AddressPolicy()
    requires_verified_email: bool = False
    review_accounts: ReviewAccounts = field(default_factory=ReviewAccounts)

    def require_open_registration(self) -> None:
        """Raise RegistrationClosed unless anyone may register."""
        if self.registration is not RegistrationMode.OPEN:
            raise RegistrationClosed

    def require_guests(self) -> None:
        """Raise RegistrationClosed unless anyone may register, with any address and an unverified one: a guest has no
        address that could be verified or allowed.
        """
        self.require_open_registration()
        if self.requires_verified_email or self.addresses.allowed:
            raise RegistrationClosed

    def require_invitations(self) -> None:
        """Raise RegistrationClosed where not even invited people create accounts."""
        if self.registration is RegistrationMode.CLOSED:
            raise RegistrationClosed


def domain_and_parents(domain: str) -> list[str]:
    """A domain, and each domain that it is part of: `a.b.com`, `b.com`, `com`."""
    labels = domain.split(".")
    return [".".join(labels[first:]) for first in range(len(labels))]
