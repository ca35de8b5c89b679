"""Passwords: which ones may be chosen and which may be presented (NIST SP 800-63B-4 section 3.1.1.2)."""

import unicodedata
from collections.abc import Container
from dataclasses import dataclass
from typing import Self

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.folding import folded
from bukhindor.domain.text import has_unsafe_characters

MAX_LENGTH = 128
MAX_PRESENTED = 1024
"""Other programs may have stored longer passwords than may be chosen here."""
_PRODUCT_WORDS = ("bukhindor", "bukhindor-backend")
_SHORTEST_CONTEXT_WORD = 4


class Password:
    """A password as a person typed it, in NFC, never trimmed and never printed."""

    __slots__ = ("_typed", "_value")

    def __init__(self, value: str, typed: str | None = None) -> None:
        self._value = value
        self._typed = value if typed is None else typed

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Accept anything that some program may have stored a hash of: whether it is right, the hash says.

        Raises InvalidValue when it is empty, longer than 1024 characters, or no text. The upper bound keeps long input
        from reaching the hash function.
        """
        if not raw:
            raise InvalidValue(cls, "Enter a password.", "required")
        if len(raw) > MAX_PRESENTED:
            raise _too_long(cls, MAX_PRESENTED)
        if any(unicodedata.category(c) == "Cs" for c in raw):
            raise _invalid_characters(cls)
        return cls(unicodedata.normalize("NFC", raw), raw)

    def reveal(self) -> str:
        """The password itself; only hashing and the password policy may read it."""
        return self._value

    def reveal_as_typed(self) -> str:
        """The password before it was normalised, for hashes that other programs made."""
        return self._typed

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Password) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Password(***)"

    def __len__(self) -> int:
        return len(self._value)


class NewPassword(Password):
    """A password that a person chooses. `PasswordPolicy` says whether they may."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Raises InvalidValue when it is empty, longer than 128 characters, or holds control characters."""
        if not raw:
            raise InvalidValue(cls, "Enter a password.", "required")
        # Normalisation can shorten a text, yet never to less than a quarter of its length.
        value = raw if len(raw) > 4 * MAX_LENGTH else unicodedata.normalize("NFC", raw)
        if len(value) > MAX_LENGTH:
            raise _too_long(cls, MAX_LENGTH)
        if has_unsafe_characters(value):
            raise _invalid_characters(cls)
        return cls(value)


def _too_long(kind: type, at_most: int) -> InvalidValue:
    return InvalidValue(kind, f"A password must have at most {at_most} characters.", "password_too_long")


def _invalid_characters(kind: type) -> InvalidValue:
    return InvalidValue(kind, "A password can't contain control characters.", "invalid_characters")


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """The rules for a new password: long enough, not common, not the user's own address or name, or the product's name.

    `common` contains lower-case passwords that attackers try first.
    """

    min_length: int
    common: Container[str]
    product_name: str = ""

    def check_alone(self, password: NewPassword) -> None:
        """The part of `check` that needs to know nothing of the person. Raises InvalidValue."""
        if len(password) < self.min_length:
            message = f"A password must have at least {self.min_length} characters."
            raise InvalidValue(NewPassword, message, "password_too_short")
        if folded(password.reveal()) in self.common:
            message = "This password is too common: attackers try it first."
            raise InvalidValue(NewPassword, message, "password_too_common")

    def check(self, password: NewPassword, email: EmailAddress, name: str) -> None:
        """Raise InvalidValue, with the reason, when the password may not be chosen."""
        self.check_alone(password)
        value = folded(password.reveal())
        # Only whole words are compared: the time is bounded whatever the input (CVE-2021-45115).
        bare = value.rstrip("0123456789!@#$%^&*()_+-=.,?~ ")
        name_word = folded(name)
        product_word = folded(self.product_name)
        words = {email.value, email.local_part, name_word, product_word, *_PRODUCT_WORDS} - {""}
        long_words = {word for word in words if len(word) >= _SHORTEST_CONTEXT_WORD}
        if value in words or bare in long_words:
            message = "A password can't be your email address, your name or the name of this service."
            raise InvalidValue(NewPassword, message, "password_too_personal")
