r"""Patterns of the OpenAPI document, in what ECMA 262 (with the flag u and without it), RE2, Java and Python share.

`\xHH` means the same in all of them; `\uHHHH`, `\s` and `\p` do not. Generators copy a pattern into source code, where
a line separator ends a literal, and where compilers refuse a byte order mark (Go) and what reorders text (Rust). So no
such character is written: a range is excluded with its neighbours, and the neighbours are allowed again.
"""

_CONTROLS = r"\x00-\x1f\x7f-\x9f\xad"
# What texts can't contain beyond Latin-1, as ranges.
_UNSAFE = (
    ("\u061c", "\u061c"), ("\u115f", "\u1160"), ("\u200b", "\u200b"), ("\u200e", "\u200f"), ("\u2028", "\u202e"),
    ("\u2060", "\u2060"), ("\u2066", "\u2069"), ("\u3164", "\u3164"), ("\ufeff", "\ufeff"), ("\uffa0", "\uffa0"),
)  # fmt: skip
_SPACES = " \xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
_ALSO_SPACES = "\u200a\u202f\u205f"
_BEFORE = [chr(ord(low) - 1) for low, _ in _UNSAFE]
_AFTER = [chr(ord(high) + 1) for _, high in _UNSAFE]

_EXCLUDED = _CONTROLS + "".join(f"{before}-{after}" for before, after in zip(_BEFORE, _AFTER, strict=True))
_ALLOWED = "".join(sorted({*_BEFORE, *_AFTER}))
_VISIBLE = "".join(character for character in _ALLOWED if character not in _ALSO_SPACES)
_SAFE = f"(?:[^{_EXCLUDED}]|[{_ALLOWED}])*"

SAFE_TEXT = f"^{_SAFE}$"
SAFE_TEXT_NOT_BLANK = rf"^[{_SPACES}]*(?:[^{_EXCLUDED}{_SPACES}]|[{_VISIBLE}]){_SAFE}$"
