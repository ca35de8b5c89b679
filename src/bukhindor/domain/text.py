"""Which characters a stored text may contain."""

import unicodedata

# Bidirectional controls reorder text in mails and lists; blank characters that are not spaces hide it.
_BIDIRECTIONAL = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_BLANK = "\u00ad\u115f\u1160\u200b\u2060\u3164\ufeff\uffa0"
_DECEPTIVE = frozenset(_BIDIRECTIONAL + _BLANK)


def has_unsafe_characters(text: str) -> bool:
    """True when `text` contains a control character, a line separator, a lone surrogate, or a deceptive character."""
    if text.isascii() and text.isprintable():
        return False
    return any(c in _DECEPTIVE or unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in text)
