"""Variables that are set without an effect: most likely a setting with a typing mistake in its name.

Such a variable does not stop the start, since it may belong to another program; but a default in place of a choice
should not go unnoticed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches

from bukhindor.config.durations import quoted
from bukhindor.config.sources import Origin

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_]{1,60}")
# Names are this close when a letter or two are missing, wrong or in the wrong place. DATABASE_PATH, SERVER_PROTOCOL and
# JWT_SECRET_KEY, which other programs have, stay below; in a short name one letter makes another word: API_URL.
_CLOSE = 0.85
_CLOSE_AND_SHORT = 0.9
_SHORT = 8
# PROXY resembles PROXIES, and URI resembles URL, but DATABASE_USER means something other than DATABASE_URL.
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
    """Variables of the environment that resemble a known name, and all in `.env` besides known ones.

    The environment belongs to the whole machine, the file to this service alone. A variable that is set but empty
    counts as unset.
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
    """Whether each word resembles its counterpart: a long word that both share says little about the others."""
    words, wanted = name.split("_"), setting.split("_")
    return len(words) != len(wanted) or all(
        SequenceMatcher(None, word, other).ratio() > _ALIKE for word, other in zip(words, wanted, strict=True)
    )
