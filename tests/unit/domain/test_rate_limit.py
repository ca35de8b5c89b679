"""How often things may happen."""

from datetime import timedelta

import pytest

from bukhindor.domain import rate_limit
from bukhindor.domain.rate_limit import (
    GUESSES_PER_ADDRESS,
    MAILS_PER_HOUR,
    MAILS_PER_MINUTE,
    MAX_CONSECUTIVE_FAILURES,
    REFUSALS_RECORDED,
    REGISTRATIONS_PER_ADDRESS,
    SIGN_IN_FAILURES_PER_ACCOUNT,
    SIGN_IN_FAILURES_PER_ADDRESS,
    Limit,
)


@pytest.mark.parametrize(
    ("limit", "hits", "minutes"),
    [
        (SIGN_IN_FAILURES_PER_ACCOUNT, 10, 15),
        (SIGN_IN_FAILURES_PER_ADDRESS, 100, 15),
        (REGISTRATIONS_PER_ADDRESS, 30, 60),
        (GUESSES_PER_ADDRESS, 30, 5),
        (MAILS_PER_MINUTE, 1, 1),
        (MAILS_PER_HOUR, 5, 60),
        (REFUSALS_RECORDED, 10, 1),
    ],
)
def test_the_limits_are_the_promised_ones(limit: Limit, hits: int, minutes: int) -> None:
    """LGN-04, LGN-06, REG-09, RST-12."""
    assert (limit.hits, limit.window) == (hits, timedelta(minutes=minutes))


def test_no_two_limits_share_their_keys() -> None:
    names = [limit.name for limit in vars(rate_limit).values() if isinstance(limit, Limit)]
    assert len(set(names)) == len(names) == 7


def test_a_hundred_failures_in_a_row_are_the_most() -> None:
    """LGN-05."""
    assert MAX_CONSECUTIVE_FAILURES == 100
