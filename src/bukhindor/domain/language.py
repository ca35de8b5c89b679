"""The language that a person reads, as a tag (BCP 47), and the closest language of this product."""

import re
from collections.abc import Iterator
from typing import Self

from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.origin import Language
from bukhindor.domain.text import TextValue

MAX_TAG = 35  # RFC 5646 section 4.4.1
TAG_PATTERN = (
    r"[A-Za-z]{2,3}(?:-[A-Za-z]{3}){0,3}(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*(?:-[0-9A-WY-Za-wy-z](?:-[A-Za-z0-9]{2,8})+)*"
    r"(?:-x(?:-[A-Za-z0-9]{1,8})+)?"
)
"""A language tag that is well-formed (RFC 5646 section 2.1), without the registered irregular ones."""

_TAG = re.compile(TAG_PATTERN)
_SCRIPT_LENGTH = 4
_REGION_LENGTH = 2

# Languages whose readers understand Russian better than English, by the language matching data of Unicode CLDR.
_CLOSER_TO_RUSSIAN = frozenset("ab az ba be ce cv hy inh kbd kk ky lez mhr os ru sah tg tk tt tyv udm uk uz".split())


class LanguageTag(TextValue):
    """A well-formed tag in its usual case: `kk`, `pt-BR`, `zh-Hant-TW`."""

    __slots__ = ()

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Return the tag. Raises InvalidValue when `raw` is not a well-formed tag of at most 35 characters."""
        if len(raw) > MAX_TAG or not _TAG.fullmatch(raw):
            message = "This is not a language tag such as ru or pt-BR."
            raise InvalidValue(cls, message, "invalid_language")
        return cls(_in_usual_case(raw))

    @property
    def lookup(self) -> Iterator[str]:
        """The tag and its fallbacks (RFC 4647 section 3.4): `zh-Hant-TW`, `zh-Hant`, `zh`."""
        subtags = self.value.split("-")
        while subtags:
            yield "-".join(subtags)
            subtags.pop()
            if subtags and len(subtags[-1]) == 1:
                subtags.pop()

    @property
    def closest(self) -> Language:
        """The language of this product that readers of the tag understand best."""
        return Language.RUSSIAN if self.value.partition("-")[0] in _CLOSER_TO_RUSSIAN else Language.ENGLISH


class LanguageChoice(TextValue):
    """A language that a person chooses; with an empty text the language becomes unknown again."""

    __slots__ = ()

    @classmethod
    def of(cls, tag: LanguageTag | None) -> Self:
        return cls("" if tag is None else tag.value)

    @classmethod
    def parse(cls, raw: str) -> Self:
        """Return the choice. Raises InvalidValue for a text that is not empty and not a language tag."""
        return cls.of(LanguageTag.parse(raw) if raw else None)

    @property
    def tag(self) -> LanguageTag | None:
        return LanguageTag(self.value) if self.value else None


def tag_of(language: Language) -> LanguageTag:
    """The tag of one of this product's languages."""
    return LanguageTag(language.value)


def _in_usual_case(raw: str) -> str:
    """RFC 5646 section 2.1.1: scripts are written `Hant`, regions `TW`, everything else in lower case."""
    first, *others = raw.lower().split("-")
    written = [first]
    for subtag in others:
        follows_extension = any(len(earlier) == 1 for earlier in written)
        if not follows_extension and len(subtag) == _REGION_LENGTH:
            written.append(subtag.upper())
        elif not follows_extension and len(subtag) == _SCRIPT_LENGTH and subtag.isalpha():
            written.append(subtag.title())
        else:
            written.append(subtag)
    return "-".join(written)
