"""Users: passwords, failures in a row, and proven addresses."""

from dataclasses import replace
from datetime import timedelta

from bukhindor.domain.rate_limit import WRONG_CODES_PER_ACCOUNT
from tests.makers import T0, address, make_user

ANN = address("ann@example.com")
BEN = address("ben@example.com")
USER = make_user(ANN, email_verified=True, password_hash="$argon2id$hash")
HOUR, MOMENT = timedelta(hours=1), timedelta(microseconds=1)
LATER = T0 + timedelta(hours=1)


def test_signing_in_and_hashes_touch_nothing_else() -> None:
    assert USER.signed_in(LATER) == replace(USER, last_login_at=LATER)
    assert USER.with_password_hash("$new", LATER) == replace(USER, password_hash="$new", updated_at=LATER)
    assert USER.without_password(LATER) == replace(USER, password_hash=None, updated_at=LATER)
    assert USER.with_failed_sign_ins(1) == replace(USER, failed_sign_ins=1)


def test_ten_wrong_codes_turn_codes_off_until_a_day_has_passed_without_one() -> None:
    """RST-12: the tenth is the last; codes are good again a day after it, and not before."""
    user = USER
    for number in range(10):
        assert user.accepts_codes_at(T0 + number * HOUR, WRONG_CODES_PER_ACCOUNT)
        user = user.after_wrong_code(T0 + number * HOUR, WRONG_CODES_PER_ACCOUNT)
    last = T0 + 9 * HOUR
    assert not user.accepts_codes_at(last + 24 * HOUR - MOMENT, WRONG_CODES_PER_ACCOUNT)
    assert user.accepts_codes_at(last + 24 * HOUR, WRONG_CODES_PER_ACCOUNT)
    assert user.after_wrong_code(last + 24 * HOUR, WRONG_CODES_PER_ACCOUNT).wrong_codes == 1


def test_a_reset_by_mail_forgets_wrong_codes_and_failures() -> None:
    user = replace(USER, failed_sign_ins=100, wrong_codes=10, last_wrong_code_at=T0)
    assert user.with_reset_password("$new", LATER) == replace(USER, password_hash="$new", updated_at=LATER)
    assert user.with_password_hash("$new", LATER).wrong_codes == 10


def test_a_proven_address_becomes_the_accounts() -> None:
    """RST-14: the very same user when that is no news."""
    unverified = replace(USER, email_verified=False)
    assert USER.with_proven_email(ANN, LATER) is USER
    assert unverified.with_proven_email(ANN, LATER) == replace(USER, updated_at=LATER)
    assert USER.with_proven_email(BEN, LATER) == replace(USER, email=BEN, updated_at=LATER)
