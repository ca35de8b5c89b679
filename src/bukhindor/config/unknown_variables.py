"""Variables that are set and mean nothing here: most likely a setting with a typing mistake in its name.

Such a one does not stop the start, since a variable may belong to somebody else; but a default where a choice was meant
is nothing that should go unnoticed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches

from bukhindor.config.durations import quoted
from bukhindor.config.sources import Origin

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_]{1,60}")
# So close are names with a letter or two that are missing, wrong or in the wrong place. DATABASE_PATH, SERVER_PROTOCOL
# and JWT_SECRET_KEY, which other programs have, stay below; in a short name one letter makes another word: API_URL.
_CLOSE = 0.85
_CLOSE_AND_SHORT = 0.9
_SHORT = 8
# PROXY is like PROXIES and URI like URL, but DATABASE_USER is another thing than DATABASE_URL.
_ALIKE = 0.6


@dataclass(frozen=True, slots=True)
class UnknownVariable:
    """`meant` is the setting that is likely meant, or empty. The value is not kept: it may be a secret."""

    name: str
    origin: Origin
    meant: str

    def __str__(self) -> str:
        name = self.name if _PLAIN_NAME.fullmatch(self.name) else quoted(self.name)
        place = f" in {self.origin}" if self.origin is Origin.ENV_FILE else ""
        return (
            f"{name}{place} is not a setting{f'; did you mean {self.meant}?' if self.meant else ', and does nothing'}"
        )


def unknown_variables(
    known: Iterable[str], environ: Mapping[str, str], env_file: Mapping[str, str]
) -> tuple[UnknownVariable, ...]:
    """Those of the environment that come close to a known name, and all that `.env` has beside known ones.

    The environment belongs to the whole machine, the file to us alone. What is set but empty counts as not set.
    """
    names = sorted(known)
    in_environment = (found for found in _unknown(names, environ, Origin.ENVIRONMENT) if found.meant)
    return (*in_environment, *_unknown(names, env_file, Origin.ENV_FILE))


def _unknown(known: list[str], variables: Mapping[str, str], origin: Origin) -> Iterator[UnknownVariable]:
    for name, value in variables.items():
        if value.strip() and name not in known:
            yield UnknownVariable(name, origin, _meant(name, known))


def _meant(name: str, known: list[str]) -> str:
    cutoff = _CLOSE_AND_SHORT if len(name) < _SHORT else _CLOSE
    close = get_close_matches(name.upper(), known, cutoff=cutoff)
    return next((setting for setting in close if _resembles(name.upper(), setting)), "")


def _resembles(name: str, setting: str) -> bool:
    """Whether each word does: a long word that both have says little about the other ones."""
    words, wanted = name.split("_"), setting.split("_")
    return len(words) != len(wanted) or all(
        SequenceMatcher(None, word, other).ratio() > _ALIKE for word, other in zip(words, wanted, strict=True)
    )
