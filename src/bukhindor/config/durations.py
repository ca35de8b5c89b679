"""Durations as people write them: `45s`, `15m`, `1h30m`, `7d`."""

import re
from datetime import timedelta

_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
# The digits are ASCII and bounded, so that every accepted text can be computed.
_DURATION = re.compile("".join(rf"(?:([0-9]{{1,9}}){unit})?" for unit in _UNITS))


def parse_duration(text: str) -> timedelta:
    """Read days, hours, minutes and seconds, in this order, each at most once and with its unit.

    Raises ValueError with a sentence that quotes the text.
    """
    match = _DURATION.fullmatch(text)
    if not text or match is None:
        raise ValueError(f"{quoted(text)} is not a duration")
    parts = zip(match.groups(default="0"), _UNITS.values(), strict=True)
    return timedelta(seconds=sum(int(number) * seconds for number, seconds in parts))


def format_duration(duration: timedelta) -> str:
    """The shortest text that `parse_duration` reads as `duration`, which is in whole seconds and not negative."""
    left = round(duration.total_seconds())
    text = ""
    for unit, seconds in _UNITS.items():
        number, left = divmod(left, seconds)
        text += f"{number}{unit}" if number else ""
    return text or "0s"


def quoted(text: str) -> str:
    """The text in quotation marks on one line, shortened, control characters escaped."""
    short = text if len(text) <= 60 else f"{text[:57]}..."
    return '"' + "".join(c if c.isprintable() else ascii(c)[1:-1] for c in short) + '"'
