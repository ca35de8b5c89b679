"""Which of our languages a client prefers (RFC 9110 section 12.5.4)."""

import re
from functools import lru_cache

from bukhindor.domain.origin import Language

_MAX_HEADER = 256
# RFC 9110 section 12.4.2. Whatever Python takes for a number besides, such as `inf`, is none here.
_WEIGHT = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.IGNORECASE)
_BY_TAG = {language.value: language for language in Language}


def preferred_language(accept_language: str) -> Language:
    """The language with the highest weight that we speak; English when none is."""
    return _preferred(accept_language[:_MAX_HEADER])


@lru_cache(maxsize=512)
def _preferred(accept_language: str) -> Language:
    best, best_weight = Language.ENGLISH, 0.0
    for choice in accept_language.split(","):
        tag, _, parameter = choice.strip().partition(";")
        language = _BY_TAG.get(tag.strip().lower().partition("-")[0])
        weight = _weight(parameter)
        if language is not None and weight > best_weight:
            best, best_weight = language, weight
    return best


def _weight(parameter: str) -> float:
    """Between 0 and 1; 0 for what is no weight, so that the language is not wanted."""
    if not parameter.strip():
        return 1.0
    weight = _WEIGHT.fullmatch(parameter.strip())
    return float(weight[1]) if weight else 0.0
