"""Users: passwords, failures in a row, and proven addresses."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.makers import T0, address, make_user

ANN = address("ann@example.com")
BEN = address("ben@example.com")
USER = make_user(ANN, email_verified=True, password_hash="$argon2id$hash")
LATER = T0 + timedelta(hours=1)


def test_signing_in_and_hashes_touch_nothing_else() -> None:
    assert USER.signed_in(LATER) == replace(USER, last_login_at=LATER)
    assert USER.with_password_hash("$new", LATER) == replace(USER, password_hash="$new", updated_at=LATER)
    assert USER.without_password(LATER) == replace(USER, password_hash=None, updated_at=LATER)
    assert USER.after_failed_sign_in() == replace(USER, failed_sign_ins=1)


@pytest.mark.parametrize(("failures", "usable"), [(0, True), (99, True), (100, False), (101, False), (10_000, False)])
def test_a_hundred_failures_in_a_row_make_the_password_useless(failures: int, *, usable: bool) -> None:
    """LGN-05: until it is chosen anew; a success before that begins the row again."""
    user = replace(USER, failed_sign_ins=failures)
    assert user.usable_password_hash == (USER.password_hash if usable else None)
    assert user.with_password_hash("$new", LATER).usable_password_hash == "$new"
    assert user.signed_in(LATER).failed_sign_ins == 0
    assert user.without_password(LATER).usable_password_hash is None


def test_a_proven_address_becomes_the_accounts() -> None:
    """RST-14: the very same user when that is no news."""
    unverified = replace(USER, email_verified=False)
    assert USER.with_proven_email(ANN, LATER) is USER
    assert unverified.with_proven_email(ANN, LATER) == replace(USER, updated_at=LATER)
    assert USER.with_proven_email(BEN, LATER) == replace(USER, email=BEN, updated_at=LATER)
