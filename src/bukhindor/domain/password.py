"""Passwords: which ones may be chosen and which may be presented (NIST SP 800-63B-4 section 3.1.1.2)."""

import unicodedata
from collections.abc import Container
from dataclasses import dataclass
from typing import Self

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import FieldError, InvalidInput
from bukhindor.domain.text import has_unsafe_characters

MAX_LENGTH = 128
_PRODUCT_WORDS = ("bukhindor", "bukhindor-backend")
_SHORTEST_CONTEXT_WORD = 4


class Password:
    """A password as a person typed it, in NFC, never trimmed and never printed."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    @classmethod
    def parse(cls, raw: str, field: str = "password") -> Self:
        """Accept any text that could be a user's password.

        Raises InvalidInput for `field` when it is empty, longer than 128 characters, or contains control characters.
        The upper bound keeps long input away from the hash function.
        """
        if not raw:
            raise InvalidInput(FieldError(field, "Enter a password.", "required"))
        # Normalisation can shorten a text, but never to less than a quarter of its length.
        value = raw if len(raw) > 4 * MAX_LENGTH else unicodedata.normalize("NFC", raw)
        if len(value) > MAX_LENGTH:
            message = f"A password must have at most {MAX_LENGTH} characters."
            raise InvalidInput(FieldError(field, message, "password_too_long"))
        if has_unsafe_characters(value):
            message = "A password can't contain control characters."
            raise InvalidInput(FieldError(field, message, "invalid_characters"))
        return cls(value)

    def reveal(self) -> str:
        """The password itself; only hashing and the password policy may read it."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Password) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Password(***)"

    def __len__(self) -> int:
        return len(self._value)


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """The rules for a new password: long enough, not common, not the user's own address or name, or the product's name.

    `common` contains lower-case passwords that attackers try first.
    """

    min_length: int
    common: Container[str]
    product_name: str = ""

    def check(self, password: Password, email: EmailAddress, name: str, field: str = "password") -> None:
        """Raise InvalidInput for `field`, with the reason, when the password may not be chosen."""
        value = password.reveal().casefold()
        if len(password) < self.min_length:
            message = f"A password must have at least {self.min_length} characters."
            raise InvalidInput(FieldError(field, message, "password_too_short"))
        if value in self.common:
            message = "This password is too common: attackers try it first."
            raise InvalidInput(FieldError(field, message, "password_too_common"))
        # Only whole words are compared, so the time is bounded for any input (CVE-2021-45115).
        bare = value.rstrip("0123456789!@#$%^&*()_+-=.,?~ ")
        name_word = unicodedata.normalize("NFC", name).casefold()
        product_word = unicodedata.normalize("NFC", self.product_name).casefold()
        words = {email.value, email.local_part, name_word, product_word, *_PRODUCT_WORDS}
        long_words = {word for word in words if len(word) >= _SHORTEST_CONTEXT_WORD}
        if value in words or bare in long_words:
            message = "A password can't be your email address, your name or the name of this service."
            raise InvalidInput(FieldError(field, message, "password_too_personal"))
