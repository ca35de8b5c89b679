"""Which of our languages a client prefers (RFC 9110 section 12.5.4)."""

from functools import lru_cache

from bukhindor.domain.origin import Language

_MAX_HEADER = 256
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
    name, _, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    try:
        return float(value) if name == "q" else 0.0
    except ValueError:
        return 0.0
