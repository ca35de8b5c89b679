"""Texts: which characters they may hold, and values that are one."""

import unicodedata

from bukhindor.domain.errors import InvalidValue

# Bidirectional controls reorder text in mails and lists; blank characters that are not spaces hide it.
_BIDIRECTIONAL = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_BLANK = "\u00ad\u115f\u1160\u200b\u2060\u3164\ufeff\uffa0"
_DECEPTIVE = frozenset(_BIDIRECTIONAL + _BLANK)


def has_unsafe_characters(text: str) -> bool:
    """True when `text` contains a control character, a line separator, a lone surrogate, or a deceptive character."""
    if text.isascii() and text.isprintable():
        return False
    return any(c in _DECEPTIVE or unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in text)


def trimmed(kind: type, raw: str, max_length: int) -> str:
    """Raises InvalidValue when the text is empty, longer than `max_length` or holds control characters."""
    text = raw.strip()
    if not text:
        raise InvalidValue(kind, "This can't be empty.", "required")
    if len(text) > max_length:
        raise InvalidValue(kind, f"This must have at most {max_length} characters.", "too_long")
    if has_unsafe_characters(text):
        raise InvalidValue(kind, "This can't contain control characters.", "invalid_characters")
    return text


class TextValue:
    """A text that follows the rules of its kind. Two are equal when both kind and text are."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    @property
    def value(self) -> str:
        return self._value

    def __str__(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._value!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TextValue) and type(other) is type(self) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)
