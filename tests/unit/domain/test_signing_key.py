"""How long a signing key verifies."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bukhindor.domain.signing_key import verifying
from tests.makers import T0, make_signing_key

TOKEN_LIFE = timedelta(minutes=15)
TOLERANCE = timedelta(minutes=1)
MOMENT = timedelta(microseconds=1)
KEY = make_signing_key()


@pytest.mark.parametrize("age", [-timedelta(hours=1), timedelta(0), timedelta(days=3650)])
def test_a_key_in_use_verifies_at_any_time(age: timedelta) -> None:
    """REL-16: also when the clock has been set back."""
    assert KEY.verifies_at(T0 + age, TOKEN_LIFE)


@pytest.mark.parametrize(
    ("since_retirement", "verifies"),
    [
        (-timedelta(hours=1), True),
        (timedelta(0), True),
        (TOKEN_LIFE, True),
        (TOKEN_LIFE + TOLERANCE, True),
        (TOKEN_LIFE + TOLERANCE + MOMENT, False),
        (timedelta(days=1), False),
    ],
)
def test_a_retired_key_verifies_until_its_last_token_has_expired(
    since_retirement: timedelta, *, verifies: bool
) -> None:
    retired_at = T0 + timedelta(days=90)
    retired = KEY.retired(retired_at)
    assert retired.verifies_at(retired_at + since_retirement, TOKEN_LIFE) is verifies


def test_a_key_is_retired_once() -> None:
    first = KEY.retired(T0 + timedelta(days=1))
    assert first.retired_at == T0 + timedelta(days=1)
    assert first.retired(T0 + timedelta(days=2)) is first
    assert KEY.retired_at is None
    assert first == replace(KEY, retired_at=first.retired_at)


def test_the_keys_whose_tokens_may_live_are_kept_in_order() -> None:
    now = T0 + timedelta(days=90)
    just_retired = make_signing_key("key-2").retired(now - TOKEN_LIFE)
    long_retired = make_signing_key("key-3").retired(T0)
    assert verifying([KEY, long_retired, just_retired], now, TOKEN_LIFE) == [KEY, just_retired]
    assert verifying([just_retired, KEY], now, TOKEN_LIFE) == [just_retired, KEY]
    assert verifying([], now, TOKEN_LIFE) == []


def test_the_private_part_is_not_printed() -> None:
    assert "sealed" not in repr(KEY)
