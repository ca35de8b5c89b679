"""The program, its settings, and the machine's clock."""

import platform
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from bukhindor import BUILD
from bukhindor.cli.findings import Finding, State, ok
from bukhindor.config import Origin, Settings
from bukhindor.domain.signing_key import SigningKey

_SANE_YEARS = range(2025, 2100)
_CLOCK_TOLERANCE = timedelta(minutes=5)
_LARGEST_JUMP = timedelta(seconds=1)


def versions() -> Iterator[Finding]:
    yield ok("program", f"Bukhindor {BUILD}")
    yield ok("python", f"Python {platform.python_version()} on {platform.system()} {platform.machine()}")


def configuration(settings: Settings) -> Finding:
    given = sum(origin is not Origin.DEFAULT for origin in settings.origins.values())
    if not settings.is_production and not settings.server.is_local:
        advice = "Set ENVIRONMENT=production where strangers can reach it"
        return Finding(
            "configuration", State.WARNING, f"development, but it listens on {', '.join(settings.server.hosts)}", advice
        )
    if not settings.limiting.rate_limits:
        return Finding("configuration", State.WARNING, "RATE_LIMITS is off", "Passwords can be guessed; set it to on")
    defaults = len(settings.origins) - given
    found = f"{settings.environment}; settings with a value of their own: {given}, with their default: {defaults}"
    return ok("configuration", found)


def unknown_variables(lines: Sequence[str]) -> Iterator[Finding]:
    """One finding for all of them; each of the `lines` names one, without its value."""
    if lines:
        yield Finding("unknown variables", State.WARNING, "; ".join(lines), "Correct their names, or remove them")


def limits_without_redis(settings: Settings) -> Finding:
    """A finding where a database server lets several processes serve together."""
    workers = settings.server.workers
    if workers == 1:
        return ok(
            "redis", "REDIS_URL is not set: this process counts attempts alone, which is right if it is the only one"
        )
    found = f"REDIS_URL is not set, so each of {workers} workers counts attempts alone and loses them when it ends"
    return Finding("redis", State.WARNING, found, "Set REDIS_URL, so that limits hold for all of them together")


def clock(now: datetime, jump: timedelta, keys: Sequence[SigningKey]) -> Finding:
    """Whether tokens will live as long as they should; `jump` is how much faster it ran than the steady clock."""
    advice = "Set the clock of this machine, best by NTP"
    if now.year not in _SANE_YEARS:
        return Finding("clock", State.PROBLEM, f"the year is {now.year}", advice)
    newest = max((key.created_at for key in keys), default=None)
    if newest is not None and newest > now + _CLOCK_TOLERANCE:
        text = f"it is {_minute(now)}, but a signing key was made at {_minute(newest)}"
        return Finding("clock", State.PROBLEM, text, advice)
    if abs(jump) > _LARGEST_JUMP:
        text = f"it jumped by {jump.total_seconds():+.0f} seconds while these checks ran"
        return Finding("clock", State.WARNING, text, "Let NTP adjust it slowly")
    return ok("clock", f"it is {_minute(now)}, and it runs steadily")


def _minute(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
