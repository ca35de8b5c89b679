"""Challenges of WebAuthn: signed, bound to an account and a ceremony, and good for five minutes."""

from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.adapters.crypto.passkey_challenges import SignedPasskeyChallenges
from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.domain.passkey import Ceremony
from tests.makers import T0

OLD, NEW = b"o" * 32, b"n" * 32
NOW = T0.replace(microsecond=0)
CHALLENGES = SignedPasskeyChallenges(SecretKeys([OLD]))


def test_a_challenge_for_a_new_passkey_comes_back_with_its_account_and_handle() -> None:
    user_id = uuid4()
    issued = CHALLENGES.for_creation(user_id, b"h" * 32, NOW)
    read = CHALLENGES.read(issued.id, NOW)
    assert read == issued
    assert (issued.ceremony, issued.user_id, issued.user_handle) == (Ceremony.CREATION, user_id, b"h" * 32)


def test_a_challenge_for_a_sign_in_belongs_to_no_account() -> None:
    issued = CHALLENGES.for_request(NOW)
    assert CHALLENGES.read(issued.id, NOW) == issued
    assert (issued.ceremony, issued.user_id, issued.user_handle) == (Ceremony.REQUEST, None, b"")


def test_every_challenge_is_another_one() -> None:
    issued = [CHALLENGES.for_request(NOW) for _ in range(100)]
    assert len({challenge.value for challenge in issued}) == len({challenge.id for challenge in issued}) == 100
    assert {len(challenge.value) for challenge in issued} == {32}


def test_a_challenge_is_good_for_five_minutes() -> None:
    issued = CHALLENGES.for_request(NOW)
    assert CHALLENGES.read(issued.id, NOW + timedelta(minutes=5, microseconds=-1)) is not None
    assert CHALLENGES.read(issued.id, NOW + timedelta(minutes=5)) is None


def test_an_older_secret_still_reads_and_a_foreign_one_does_not() -> None:
    issued = CHALLENGES.for_request(NOW)
    assert SignedPasskeyChallenges(SecretKeys([NEW, OLD])).read(issued.id, NOW) == issued
    assert SignedPasskeyChallenges(SecretKeys([NEW])).read(issued.id, NOW) is None


@given(st.integers(0, 139), st.sampled_from("Aa0_-"))
def test_a_changed_id_is_none(position: int, letter: str) -> None:
    issued = CHALLENGES.for_request(NOW).id
    place = position + len("bkc_")
    changed = issued[:place] + letter + issued[place + 1 :]
    assert changed == issued or CHALLENGES.read(changed, NOW) is None


@pytest.mark.parametrize(
    "text", ["", "bkc_", "bkc_" + "A" * 140, "bkd_" + "A" * 140, "é" * 144, "bkc_" + "A" * 139 + "\n"]
)
def test_another_text_is_none(text: str) -> None:
    assert CHALLENGES.read(text, NOW) is None
