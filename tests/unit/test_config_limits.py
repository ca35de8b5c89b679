"""LIMITS: single limits with other figures"""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.config import ConfigurationError, Settings
from bukhindor.config.limits import format_limits, limits
from bukhindor.domain.rate_limit import DEFAULT_LIMITS, MAILS_PER_NETWORK, REGISTRATIONS_PER_NETWORK, Limit, Limits


def test_figures_that_are_named_change_and_all_others_stay() -> None:
    read = limits("mails_per_network=50/1m, registrations_per_network=100/1h30m")
    mails = Limit(MAILS_PER_NETWORK.name, 50, timedelta(minutes=1))
    registrations = Limit(REGISTRATIONS_PER_NETWORK.name, 100, timedelta(minutes=90))
    assert read == Limits(mails, registrations)


def test_all_limits_are_printed_in_the_form_that_is_read() -> None:
    printed = format_limits(limits("mails_per_network=50/1m"))
    assert limits(printed) == limits("mails_per_network=50/1m")
    assert [entry.partition("=")[0] for entry in printed.split(",")] == [limit.name for limit in DEFAULT_LIMITS]
    described = {variable: text for variable, text, _ in Settings.read({}, None).variables}
    assert described["LIMITS"] == format_limits(Limits())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("mails=5/1m", "is not a limit"),
        ("mails_per_network_wider=5/1m", "is not a limit"),
        ("mails_per_network=5", "is not of the form name=hits/window"),
        ("mails_per_network=-5/1m", "is not of the form"),
        ("mails_per_network=5/1m,mails_per_network=6/1m", "stands there twice"),
        ("mails_per_network=0/1m", "a limit is from 1"),
        ("mails_per_network=1000001/1m", "a limit is from 1"),
        ("mails_per_network=5/0s", "the window of mails_per_network"),
        ("mails_per_network=5/31d", "the window of mails_per_network"),
        ("mails_per_network=5/1x", "is not of the form"),
        ("mails_per_network=5/m", "is not a duration"),
    ],
)
def test_any_other_text_stops_the_start_with_its_reason(text: str, reason: str) -> None:
    """CFG-02"""
    with pytest.raises(ConfigurationError) as refusal:
        Settings.read({"LIMITS": text}, None)
    (problem,) = refusal.value.problems
    assert problem.startswith("LIMITS: ")
    assert reason in problem
    assert problem.endswith("for example mails_per_network=50/1m")


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        limits(text)
    except ValueError:
        return
