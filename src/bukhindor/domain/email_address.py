"""Email addresses: one canonical form for each mailbox, so that one mailbox has one account."""

import re
import unicodedata
from typing import Self
from uuid import UUID

from bukhindor.domain.domain_name import ascii_domain, shown_domain
from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.folding import turkish_i
from bukhindor.domain.text import TextValue, has_unsafe_characters

MAX_LENGTH = 254  # RFC 5321 section 4.5.3.1.3, without the angle brackets
_MAX_LOCAL_PART = 64

GUEST_DOMAIN = "guest.invalid"
"""The domain of accounts without an address; no mail ever arrives at one below `invalid` (RFC 6761 section 6.4)."""

# RFC 5321 dot-string; quoted local parts are refused. Linear: no alternative shares a first character.
_LOCAL_PART = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")


class EmailAddress(TextValue):
    """An address in canonical form: NFKC, lower case, domain in its ASCII (punycode) form.

    Two spellings of one mailbox parse to equal values: `A@Example.com`, ` a@example.com`, the full-width
    `ａ@example.com`, and one with a Turkish i. The local part is ASCII only, so that look-alike letters can't imitate
    another account.
    """

    __slots__ = ()

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Return the canonical address. Raises InvalidValue unless it is deliverable and has at most 254 characters."""
        trimmed = raw.strip()
        if not trimmed:
            raise InvalidValue(cls, "Enter an email address.", "required")
        if len(trimmed) > MAX_LENGTH:
            message = f"An email address must have at most {MAX_LENGTH} characters."
            raise InvalidValue(cls, message, "too_long")
        local, at, domain = unicodedata.normalize("NFKC", trimmed).rpartition("@")
        local = turkish_i(local).lower()
        # ı is a letter of its own in domains, and İ is in none.
        ascii_name = ascii_domain(domain.replace("İ", "i"))
        canonical = f"{local}@{ascii_name}"
        local_is_valid = len(local) <= _MAX_LOCAL_PART and _LOCAL_PART.fullmatch(local) is not None
        is_valid = at and local_is_valid and ascii_name and len(canonical) <= MAX_LENGTH
        # IDNA drops some invisible characters from a domain, so this checks the text as it came.
        if not is_valid or has_unsafe_characters(trimmed):
            raise InvalidValue(cls, "This is not a valid email address.", "invalid_email")
        return cls(canonical)

    @classmethod
    def of_guest(cls, user_id: UUID) -> Self:
        """What stands in for the address of an account that has none."""
        return cls(f"{user_id}@{GUEST_DOMAIN}")

    @property
    def is_of_guest(self) -> bool:
        """Whether this stands in for an address, so that nothing may be mailed to it."""
        return self.value.endswith(f"@{GUEST_DOMAIN}")

    def refuse_of_guest(self) -> None:
        """Raise InvalidValue for what only stands in for an address: no one may choose that."""
        if self.is_of_guest:
            message = "Addresses of this domain are not accepted here."
            raise InvalidValue(EmailAddress, message, "email_domain_not_accepted")

    @property
    def local_part(self) -> str:
        return self.value.partition("@")[0]

    @property
    def shown(self) -> str:
        """The address as people read it, with the letters of its domain."""
        local, _, domain = self.value.partition("@")
        return f"{local}@{shown_domain(domain)}"

    @property
    def masked(self) -> str:
        """The address for logs: the first letter and the domain, `a***@example.com`."""
        return _masked(self.value, "***")

    @property
    def masked_for_people(self) -> str:
        """The address for a page that anyone may see who holds a link: `a•••@example.com`."""
        return _masked(self.shown, "•••")


def _masked(address: str, mark: str) -> str:
    local, _, domain = address.partition("@")
    return f"{local[0]}{mark}@{domain}"
