"""Moments that people name"""

from datetime import UTC, datetime

import pytest

from bukhindor.domain.moment import in_utc


@pytest.mark.parametrize(
    ("named", "same"),
    [
        ("2026-03-01T12:00:00.25+02:00", "2026-03-01T10:00:00.25+00:00"),
        ("0001-01-01T00:00:00+00:00", "0001-01-01T00:00:00+00:00"),
        ("0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00+00:00"),
        ("9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59+00:00"),
        ("9999-12-31T23:59:59.999999+00:00", "9999-12-31T23:59:59+00:00"),
    ],
)
def test_every_moment_is_one_in_utc(named: str, same: str) -> None:
    """AZ-12: the ends of the calendar are moments too, in every zone."""
    found = in_utc(datetime.fromisoformat(named))
    assert (found, found.tzinfo) == (datetime.fromisoformat(same), UTC)
