"""Small JSON objects that applications store with an account."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

from bukhindor.domain.errors import InvalidValue

MAX_BYTES = 4096
MAX_LEVELS = 5


class MetadataPatch:
    """The changes to a document (RFC 7396): each member replaces the old one, None removes it."""

    __slots__ = ("members",)

    def __init__(self, members: Mapping[str, Any]) -> None:
        self.members = members

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MetadataPatch) and other.members == self.members

    __hash__ = None  # type: ignore[assignment]  # Its members are no constants.

    @classmethod
    def parse(cls, members: Mapping[str, Any]) -> Self:
        """Check the members of a JSON object.

        Raises InvalidValue when they are nested too deeply or hold a character that can't be stored.
        """
        if not _fits(members, MAX_LEVELS):
            message = f"Objects and arrays must not be nested more than {MAX_LEVELS} levels deep."
            raise InvalidValue(cls, message, "too_deep")
        text = _text_of(members)
        # JSON writes NUL as an escape sequence; a backslash before it would be doubled.
        if "\\u0000" in text.replace("\\\\", "") or not _is_unicode(text):
            message = "This can't contain NUL characters or halves of characters."
            raise InvalidValue(cls, message, "invalid_characters")
        return cls(members)


@dataclass(frozen=True, slots=True)
class Metadata:
    """A JSON object of at most 4 KiB, stored as its text."""

    text: str = "{}"

    def patched(self, patch: MetadataPatch) -> Self:
        """The document after a merge patch. Raises InvalidValue when it has become too large."""
        text = _text_of(_merged(json.loads(self.text), patch.members))
        if len(text.encode()) > MAX_BYTES:
            message = f"Written as JSON this must have at most {MAX_BYTES} bytes."
            raise InvalidValue(MetadataPatch, message, "too_long")
        return type(self)(text)

    def joined_by(self, other: "Metadata") -> "Metadata":
        """The document with those members of `other` that it does not have, in their order, as far as they fit."""
        joined = self
        for name, value in json.loads(other.text).items():
            with suppress(InvalidValue):
                joined = joined if name in json.loads(joined.text) else joined.patched(MetadataPatch({name: value}))
        return joined


NO_METADATA = Metadata()


def _merged(target: Any, patch: Any) -> Any:
    """RFC 7396 section 2. The recursion ends after MAX_LEVELS."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), value)
    return merged


def _fits(value: Any, levels: int) -> bool:
    """Whether objects and arrays are nested at most `levels` levels deep."""
    if not isinstance(value, Mapping | list):
        return True
    parts = value.values() if isinstance(value, Mapping) else value
    return levels > 0 and all(_fits(part, levels - 1) for part in parts)


def _text_of(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _is_unicode(text: str) -> bool:
    """False for a text with a lone surrogate, which no database and no response can contain."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
