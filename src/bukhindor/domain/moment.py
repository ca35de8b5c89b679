"""Timestamps that people enter."""

from datetime import UTC, datetime

_LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
_FIRST = datetime(1, 1, 1, tzinfo=UTC)


def in_utc(moment: datetime) -> datetime:
    """The same timestamp in UTC. At the two ends of the calendar the conversion may leave its range: the result is then
    the first or the last second of UTC's own calendar. The microseconds after that one mean "never" to some databases.
    """
    try:
        return min(moment.astimezone(UTC), _LAST)
    except OverflowError:
        return _FIRST if moment.year == 1 else _LAST
