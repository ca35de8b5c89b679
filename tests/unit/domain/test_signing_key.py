"""How long a signing key verifies."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bukhindor.domain.signing_key import KeyRing, KeyState, SigningKeyPolicy
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


def test_a_key_keeps_the_earliest_time_of_its_retirement() -> None:
    first = KEY.retired(T0 + timedelta(days=1))
    assert first == replace(KEY, retired_at=T0 + timedelta(days=1))
    assert first.retired(T0 + timedelta(days=2)) is first
    assert first.retired(T0).retired_at == T0
    assert KEY.retired_at is None


def test_a_ring_has_the_keys_of_its_moment_in_order() -> None:
    now = T0 + timedelta(days=90)
    just_retired = make_signing_key("key-2", created_at=T0 + MOMENT).retired(now - TOKEN_LIFE)
    long_retired = make_signing_key("key-3").retired(T0)
    newest = make_signing_key("key-4", created_at=now)
    ring = KeyRing.at(now, [KEY, long_retired, newest, just_retired], TOKEN_LIFE)
    assert ring == KeyRing([newest, just_retired, KEY], [KEY, newest])
    states = [ring.state_of(key) for key in (newest, KEY, just_retired, long_retired)]
    assert states == [KeyState.PUBLISHED, KeyState.SIGNS, KeyState.VERIFIES, KeyState.EXPIRED]
    assert KeyRing.at(now, [], TOKEN_LIFE) == KeyRing([], [])


def test_a_rotation_is_due_only_by_the_age_of_the_newest_key() -> None:
    policy = SigningKeyPolicy(TOKEN_LIFE, rotation=timedelta(days=90))
    now = T0 + timedelta(days=90)
    assert policy.is_rotation_due([KEY], now)
    assert not policy.is_rotation_due([KEY], now - MOMENT)
    assert not policy.is_rotation_due([KEY, make_signing_key("key-2", created_at=now)], now)
    assert not SigningKeyPolicy(TOKEN_LIFE).is_rotation_due([KEY], now + timedelta(days=3650))


def test_the_private_part_is_not_printed() -> None:
    assert "sealed" not in repr(KEY)
