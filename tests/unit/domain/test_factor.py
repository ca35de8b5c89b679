"""Second factors: names, codes, and which steps are accepted."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.factor import FactorName, TotpCode, step_at
from tests.makers import T0, make_factor, make_user

PENDING = make_factor(make_user(), confirmed_at=None)


@pytest.mark.parametrize("typed", ["123456", " 123 456 ", "123-456", "１２３４５６", "12 34 56\n", "١٢٣٤٥٦"])
def test_a_code_is_read_in_every_form_in_which_people_type_it(typed: str) -> None:
    assert TotpCode.parse(typed) == "123456"


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345a", "abcdef", "1" * 1000])
def test_anything_but_six_digits_is_no_code(typed: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        TotpCode.parse(typed)
    assert refusal.value.code == "invalid_totp_code"


def test_a_code_stays_out_of_logs() -> None:
    assert "123456" not in repr(TotpCode("123456"))


@pytest.mark.parametrize(("typed", "name"), [(" Phone ", "Phone"), ("Ж" * 100, "Ж" * 100), ("📱", "📱")])
def test_a_name_is_one_line_of_at_most_100_characters(typed: str, name: str) -> None:
    assert FactorName.parse(typed) == name


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "required"),
        (" \t", "required"),
        ("\u2800", "required"),
        ("x" * 101, "too_long"),
        ("a\nb", "invalid_characters"),
    ],
)
def test_other_texts_are_no_names(typed: str, code: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        FactorName.parse(typed)
    assert refusal.value.code == code


def test_a_factor_is_pending_for_ten_minutes() -> None:
    assert PENDING.is_pending_at(T0)
    assert PENDING.is_pending_at(T0 + timedelta(minutes=10) - timedelta.resolution)
    assert not PENDING.is_pending_at(T0 + timedelta(minutes=10))
    assert not PENDING.is_confirmed


def test_the_first_right_code_confirms_a_factor_and_later_ones_do_not_change_when() -> None:
    later = T0 + timedelta(days=1)
    confirmed = PENDING.used(100, T0)
    assert (confirmed.confirmed_at, confirmed.last_used_at, confirmed.last_step) == (T0, T0, 100)
    assert not confirmed.is_pending_at(T0)
    assert confirmed.used(200, later) == replace(confirmed, last_used_at=later, last_step=200)


def test_a_secret_stays_out_of_logs() -> None:
    assert str(PENDING.secret) not in repr(PENDING)


@given(st.timedeltas(timedelta(0), timedelta(days=36500)))
def test_a_step_lasts_thirty_seconds(since: timedelta) -> None:
    now = T0 + since
    assert step_at(now + timedelta(seconds=30)) == step_at(now) + 1
    assert step_at(now) <= now.timestamp() / 30 < step_at(now) + 1


@given(st.integers(-5, 5), st.integers(-5, 5))
def test_a_step_is_accepted_around_its_time_if_no_later_one_was(last: int, offered: int) -> None:
    present = step_at(T0)
    factor = replace(PENDING, last_step=present + last)
    accepted = present + offered in factor.steps_at(T0)
    assert accepted == (-1 <= offered <= 1 and offered > last)


@given(st.lists(st.integers(0, 600), max_size=30))
def test_no_step_is_ever_accepted_twice(seconds: list[int]) -> None:
    factor, accepted = PENDING, []
    for second in seconds:
        now = T0 + timedelta(seconds=second)
        for step in factor.steps_at(now)[:1]:
            factor = factor.used(step, now)
            accepted.append(step)
    assert accepted == sorted(set(accepted))
