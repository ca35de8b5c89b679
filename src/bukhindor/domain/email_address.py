"""Email addresses: one canonical form for each mailbox, so that one mailbox has one account."""

import re
import unicodedata
from encodings import idna
from typing import Self

from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.text import TextValue, has_unsafe_characters

MAX_LENGTH = 254  # RFC 5321 section 4.5.3.1.3, without the angle brackets
_MAX_LOCAL_PART = 64
_MAX_LABEL = 63

# RFC 5321 dot-string; quoted local parts are refused. Linear: no alternative shares a first character.
_LOCAL_PART = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_IDEOGRAPHIC_DOTS = str.maketrans("。．｡", "...")

# The two IDNA standards map these characters to different domains, so neither guess is safe.
_AMBIGUOUS_IN_DOMAINS = frozenset("\u00df\u03c2\u200c\u200d")


class EmailAddress(TextValue):
    """An address in canonical form: NFKC, lower case, domain in its ASCII (punycode) form.

    Two spellings of one mailbox parse to equal values: `A@Example.com`, ` a@example.com` and the full-width
    `ａ@example.com`. The local part is ASCII only, so that look-alike letters can't imitate another account.
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
        local, at, domain = unicodedata.normalize("NFKC", trimmed).lower().rpartition("@")
        ascii_domain = _ascii_domain(domain)
        canonical = f"{local}@{ascii_domain}"
        local_is_valid = len(local) <= _MAX_LOCAL_PART and _LOCAL_PART.fullmatch(local) is not None
        is_valid = at and local_is_valid and ascii_domain and len(canonical) <= MAX_LENGTH
        # IDNA drops some invisible characters from a domain, so this checks the text as it came.
        if not is_valid or has_unsafe_characters(trimmed):
            raise InvalidValue(cls, "This is not a valid email address.", "invalid_email")
        return cls(canonical)

    @property
    def local_part(self) -> str:
        return self.value.partition("@")[0]

    @property
    def masked(self) -> str:
        """The address for logs: the first letter and the domain, `a***@example.com`."""
        return self._masked_with("***")

    @property
    def masked_for_people(self) -> str:
        """The address for a page that anyone may see who holds a link: `a•••@example.com`."""
        return self._masked_with("•••")

    def _masked_with(self, mark: str) -> str:
        local, _, domain = self.value.partition("@")
        return f"{local[0]}{mark}@{domain}"


def _ascii_domain(domain: str) -> str:
    """The domain in its ASCII form, or "" when it is not a valid host name of two or more labels."""
    if _AMBIGUOUS_IN_DOMAINS & frozenset(domain):
        return ""
    labels = domain.translate(_IDEOGRAPHIC_DOTS).split(".")
    ascii_labels = [_ascii_label(label) for label in labels]
    has_two_labels = len(ascii_labels) > 1
    if not has_two_labels or "" in ascii_labels or ascii_labels[-1].isdigit():
        return ""
    return ".".join(ascii_labels)


def _ascii_label(label: str) -> str:
    """One label of a domain in ASCII, or "" when it is not valid."""
    try:
        encoded = idna.ToASCII(label).decode("ascii").lower()
        if encoded.startswith("xn--"):
            # A punycode label must decode to something, and be its only spelling.
            idna.ToUnicode(encoded)
    except UnicodeError:
        return ""
    return encoded if len(encoded) <= _MAX_LABEL and _LABEL.fullmatch(encoded) else ""
