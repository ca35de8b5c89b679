"""Which of the service's languages a client prefers (RFC 9110 section 12.5.4)."""

import re
from contextlib import suppress
from functools import lru_cache

from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.language import LanguageTag
from bukhindor.domain.origin import Language

_MAX_HEADER = 256
# RFC 9110 section 12.4.2. Other texts that Python accepts as numbers, such as `inf`, are invalid here.
_WEIGHT = re.compile(r"q[ \t]*=[ \t]*(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.IGNORECASE)
_BY_TAG = {language.value: language for language in Language}


def preferred_language(accept_language: str) -> Language:
    """The available language with the highest weight; English when there is none."""
    return _preferred(accept_language[:_MAX_HEADER])


@lru_cache(maxsize=512)
def _preferred(accept_language: str) -> Language:
    for tag in _by_weight(accept_language):
        language = _BY_TAG.get(tag.lower().partition("-")[0])
        if language is not None:
            return language
    return Language.ENGLISH


def preferred_tag(accept_language: str) -> LanguageTag | None:
    """The language with the highest weight, available or not; None when the header names none."""
    for tag in _by_weight(accept_language[:_MAX_HEADER]):
        with suppress(InvalidValue):
            return LanguageTag.parse(tag)
    return None


def _by_weight(accept_language: str) -> list[str]:
    """The languages that the header accepts, highest weight first."""
    choices = [choice.strip().partition(";") for choice in accept_language.split(",")]
    weighted = [(_tag(name.strip()), _weight(parameter)) for name, _, parameter in choices]
    # Languages of equal weight keep their order.
    return [tag for tag, weight in sorted(weighted, key=lambda choice: -choice[1]) if weight > 0]


def _tag(name: str) -> str:
    """The tag of a language, also when a program names it as POSIX does: `ru_RU.UTF-8`; Dart's names are `ru_RU`."""
    return name.partition(".")[0].partition("@")[0].replace("_", "-")


def _weight(parameter: str) -> float:
    """Between 0 and 1; 0 for an invalid weight, so that the language is not used."""
    if not parameter.strip():
        return 1.0
    weight = _WEIGHT.fullmatch(parameter.strip())
    return float(weight[1]) if weight else 0.0
