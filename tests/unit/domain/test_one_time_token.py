"""Tokens that prove a mailbox once."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.domain.one_time_token import MAX_CODE_TRIES, OneTimeSecret, OneTimeToken, Purpose
from tests.makers import T0, address

MOMENT = timedelta(microseconds=1)
ANN = address("ann@example.com")
PURPOSES = st.sampled_from(Purpose)
SPANS = st.timedeltas(timedelta(0), timedelta(days=3))


def issue(purpose: Purpose = Purpose.RESET_PASSWORD) -> OneTimeToken:
    return OneTimeToken.issue(UUID(int=1), purpose, ANN, b"token-digest", b"code-digest", T0)


@pytest.mark.parametrize(
    ("purpose", "minutes"),
    [(Purpose.RESET_PASSWORD, 60), (Purpose.CHANGE_EMAIL, 60), (Purpose.VERIFY_EMAIL, 24 * 60), (Purpose.SIGN_IN, 10)],
)
def test_a_token_lives_as_long_as_its_purpose_says(purpose: Purpose, minutes: int) -> None:
    """RST-04, RST-13."""
    token = issue(purpose)
    assert (token.user_id, token.purpose, token.email, token.created_at) == (UUID(int=1), purpose, ANN, T0)
    assert token.expires_at == T0 + timedelta(minutes=minutes)
    assert (token.failed_tries, token.lives_at(T0)) == (0, True)


@given(PURPOSES, SPANS)
def test_a_token_expires_at_its_very_end_and_stays_expired(purpose: Purpose, span: timedelta) -> None:
    token = issue(purpose)
    assert token.lives_at(token.expires_at - MOMENT - min(span, purpose.lifetime - MOMENT))
    assert not token.lives_at(token.expires_at + span)
    assert not token.accepts_codes_at(token.expires_at + span)


@given(PURPOSES, SPANS, st.integers(0, 20))
def test_five_wrong_codes_kill_the_code_and_not_the_link(purpose: Purpose, span: timedelta, tries: int) -> None:
    """RST-12."""
    token, now = issue(purpose), T0 + span
    for _ in range(tries):
        token = token.after_wrong_code()
    assert token == replace(issue(purpose), failed_tries=tries)
    assert token.lives_at(now) is issue(purpose).lives_at(now)
    assert token.accepts_codes_at(now) is (token.lives_at(now) and tries < MAX_CODE_TRIES)


def test_codes_of_eight_digits_have_five_tries() -> None:
    """RST-12: a chance of one in twenty million."""
    assert MAX_CODE_TRIES == 5


def test_secrets_and_their_digests_are_not_printed() -> None:
    """LOG-01."""
    assert "digest" not in repr(issue())
    assert "s3cret" not in repr(OneTimeSecret("s3cret", "s3cret"))
