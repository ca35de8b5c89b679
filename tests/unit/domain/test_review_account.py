"""Accounts for reviewers of app stores and for tests."""

from datetime import timedelta

import pytest

from bukhindor.domain.review_account import REVIEW_PERIOD, ReviewAccounts, is_left_over
from bukhindor.domain.user import Role
from tests.makers import T0, address, make_user

REVIEW = address("review@example.com")
ACCOUNTS = ReviewAccounts({REVIEW: "12345678"})


def test_an_address_that_is_not_listed_has_no_code() -> None:
    assert ACCOUNTS.code_of(REVIEW) == "12345678"
    assert ACCOUNTS.code_of(address("other@example.com")) is None
    assert list(ACCOUNTS) == [REVIEW]
    assert ReviewAccounts().code_of(REVIEW) is None


@pytest.mark.parametrize("role", Role)
def test_only_ordinary_users_sign_in_with_a_code(role: Role) -> None:
    assert ACCOUNTS.signs_in(make_user("review@example.com", role=role)) is (role is Role.USER)
    assert not ACCOUNTS.signs_in(make_user("other@example.com", role=role))


def test_no_text_of_it_shows_a_code() -> None:
    """CFG-03"""
    assert "12345678" not in repr(ACCOUNTS)


def test_after_sixty_days_an_account_is_left_over() -> None:
    user = make_user("review@example.com", created_at=T0)
    assert timedelta(days=60) == REVIEW_PERIOD
    assert not is_left_over(user, T0 + REVIEW_PERIOD - timedelta(microseconds=1))
    assert is_left_over(user, T0 + REVIEW_PERIOD)
