"""Limits on attempts: whether they apply, their figures, and the server that counts for all processes."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from bukhindor.adapters.redis.server_url import RedisServer
from bukhindor.config.durations import format_duration, parse_duration, quoted
from bukhindor.config.redis_url import example_like, redis_server
from bukhindor.config.sources import Sources
from bukhindor.config.values import on_or_off, shown_on_or_off
from bukhindor.domain.rate_limit import DEFAULT_LIMITS, Limit, Limits

_ENTRY = re.compile(r"([a-z_]{1,60})=([0-9]{1,9})/([0-9dhms]{1,20})")
_MOST_HITS = 1_000_000
_LONGEST_WINDOW = timedelta(days=30)
_KNOWN = {limit.name for limit in DEFAULT_LIMITS}


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """Without `redis` each process counts alone."""

    rate_limits: bool
    limits: Limits
    redis: RedisServer | None

    @classmethod
    def read(cls, sources: Sources) -> Self:
        return cls(
            rate_limits=sources.read("RATE_LIMITS", on_or_off, True, "on", shown_on_or_off),
            limits=sources.read("LIMITS", limits, Limits(), "mails_per_network=50/1m", format_limits),
            redis=sources.read_url("REDIS_URL", redis_server, None, example_like),
        )


def limits(text: str) -> Limits:
    """Read `registrations_per_network=100/1h,mails_per_network=50/1m`, the limits that differ from their defaults.

    Raises ValueError with a sentence that names the entry.
    """
    changed: dict[str, Limit] = {}
    for part in text.rstrip(", ").split(","):
        entry = _ENTRY.fullmatch(part.strip())
        if entry is None:
            raise ValueError(f"{quoted(part.strip())} is not of the form name=hits/window")
        name, hits, window = entry[1], int(entry[2]), parse_duration(entry[3])
        if name not in _KNOWN:
            raise ValueError(f"{quoted(name)} is not a limit; `bukhindor config check` lists them all")
        if name in changed:
            raise ValueError(f"{quoted(name)} stands there twice")
        if not 1 <= hits <= _MOST_HITS:
            raise ValueError(f"{name} allows {hits} in its window; a limit is from 1 to {_MOST_HITS}")
        if not timedelta(seconds=1) <= window <= _LONGEST_WINDOW:
            raise ValueError(f"the window of {name} is not from 1s to {format_duration(_LONGEST_WINDOW)}")
        changed[name] = Limit(name, hits, window)
    return Limits(*changed.values())


def format_limits(in_force: Limits) -> str:
    """All limits in the form that `limits` reads."""
    return ",".join(f"{limit.name}={limit.hits}/{format_duration(limit.window)}" for limit in in_force)
