"""How often things may happen."""

from datetime import timedelta

import pytest

from bukhindor.domain import rate_limit
from bukhindor.domain.rate_limit import (
    DEFAULT_LIMITS,
    EXPORTS_PER_ACCOUNT,
    FAILED_SIGN_INS_PER_ACCOUNT,
    FAILED_SIGN_INS_PER_NETWORK,
    GUESSES_PER_NETWORK,
    MAILS_PER_MAILBOX,
    MAILS_PER_MAILBOX_AND_HOUR,
    MAILS_PER_NETWORK,
    MAILS_PER_NETWORK_AND_DAY,
    MAX_CONSECUTIVE_FAILURES,
    PASSWORD_PROMPTS_PER_SESSION,
    REFRESHES_PER_SESSION,
    REFUSALS_RECORDED,
    REFUSED_REFRESHES_PER_NETWORK,
    REGISTRATIONS_PER_NETWORK,
    WRONG_CODES_PER_ACCOUNT,
    Limit,
    Limits,
)


@pytest.mark.parametrize(
    ("limit", "hits", "minutes"),
    [
        (FAILED_SIGN_INS_PER_ACCOUNT, 10, 15),
        (FAILED_SIGN_INS_PER_NETWORK, 100, 15),
        (PASSWORD_PROMPTS_PER_SESSION, 10, 15),
        (REGISTRATIONS_PER_NETWORK, 30, 60),
        (MAILS_PER_NETWORK, 20, 1),
        (MAILS_PER_NETWORK_AND_DAY, 500, 24 * 60),
        (WRONG_CODES_PER_ACCOUNT, 10, 24 * 60),
        (REFRESHES_PER_SESSION, 60, 5),
        (REFUSED_REFRESHES_PER_NETWORK, 100, 15),
        (EXPORTS_PER_ACCOUNT, 10, 60),
        (GUESSES_PER_NETWORK, 30, 5),
        (MAILS_PER_MAILBOX, 1, 1),
        (MAILS_PER_MAILBOX_AND_HOUR, 5, 60),
        (REFUSALS_RECORDED, 10, 1),
    ],
)
def test_the_limits_are_the_promised_ones(limit: Limit, hits: int, minutes: int) -> None:
    """LGN-04, LGN-06, REG-09, RST-12."""
    assert (limit.hits, limit.window) == (hits, timedelta(minutes=minutes))


def test_no_two_limits_share_their_keys() -> None:
    constants = [limit for limit in vars(rate_limit).values() if isinstance(limit, Limit)]
    names = {name for limit in constants for name in (limit.name, limit.for_wider_network().name)}
    assert len(names) == 2 * len(constants)
    assert tuple(constants) == DEFAULT_LIMITS == tuple(Limits())


def test_a_wider_network_gets_five_times_as_much() -> None:
    wider = GUESSES_PER_NETWORK.for_wider_network()
    assert (wider.hits, wider.window) == (150, timedelta(minutes=5))


def test_a_figure_of_the_operator_takes_the_place_of_a_default_and_of_no_other() -> None:
    mine = Limit(MAILS_PER_NETWORK.name, 50, timedelta(seconds=30))
    limits = Limits(mine)
    assert limits.in_force(MAILS_PER_NETWORK) == mine
    assert limits.in_force(MAILS_PER_NETWORK.for_wider_network()) == mine.for_wider_network()
    assert limits.in_force(GUESSES_PER_NETWORK) == GUESSES_PER_NETWORK
    assert mine in tuple(limits)
    assert len(tuple(limits)) == len(DEFAULT_LIMITS)
    assert limits != Limits()
    assert (limits, hash(limits)) == (Limits(mine), hash(Limits(mine)))


def test_a_hundred_failures_in_a_row_are_the_most() -> None:
    """LGN-05."""
    assert MAX_CONSECUTIVE_FAILURES == 100
