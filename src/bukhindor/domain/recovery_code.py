"""Recovery codes: ten per account, for a person who has lost their authenticator app; each signs in once."""

from typing import Self

from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.folding import without_blanks

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32: no letter of it looks like a digit of it."""

LENGTH = 10
"""Characters of five bits: 50 bits."""

CODES_PER_SET = 10
FEW_LEFT = 2
"""With so many left, a mail reminds the person to make new ones."""

_HALF = LENGTH // 2
_MAX_TYPED = 200
_MISREAD = str.maketrans("OIL", "011", "-‐‑–—")


class RecoveryCode(str):
    """A code in capital letters, without the hyphen."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Case, blanks and hyphens don't matter, and letters that look like digits are read as those.

        Raises InvalidValue unless ten characters of the alphabet are left.
        """
        code = without_blanks(raw[:_MAX_TYPED]).upper().translate(_MISREAD)
        if len(code) != LENGTH or not set(code) <= set(ALPHABET):
            raise InvalidValue(cls, "A recovery code has ten letters and digits.", "invalid_recovery_code")
        return cls(code)

    @property
    def shown(self) -> str:
        """The code as people read it: `K3M9P-7T2QX`."""
        return f"{self[:_HALF]}-{self[_HALF:]}"

    def __repr__(self) -> str:
        return "RecoveryCode(…)"
