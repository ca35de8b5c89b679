"""Passkeys: names, encoding, counters and what belongs together."""

from base64 import urlsafe_b64encode
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.passkey import MAX_ENCODED, Asserted, Base64Url, PasskeyName, known_transports
from tests.makers import T0, make_passkey, make_user

ANN = make_user()


def asserted(sign_count: int = 0, *, is_synced: bool = True) -> Asserted:
    return Asserted(sign_count, is_synced, is_backed_up=True)


@pytest.mark.parametrize(("raw", "name"), [("  Phone ", "Phone"), ("Телефон Ани", "Телефон Ани"), ("x" * 60, "x" * 60)])
def test_a_name_is_trimmed(raw: str, name: str) -> None:
    assert PasskeyName.parse(raw) == name


@pytest.mark.parametrize(
    ("raw", "code"),
    [("", "required"), (" ", "required"), ("x" * 61, "too_long"), ("a\u202eb", "invalid_characters")],
)
def test_what_is_no_name_is_refused(raw: str, code: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        PasskeyName.parse(raw)
    assert refused.value.code == code


@given(st.binary(max_size=100))
def test_bytes_travel_as_base64url(content: bytes) -> None:
    assert Base64Url.parse(urlsafe_b64encode(content).rstrip(b"=").decode()) == content


@pytest.mark.parametrize("raw", ["A", "AAAAA", "AA==", "A+A", "A/A", "A A", "é", "AA\n"])
def test_what_is_no_base64url_is_refused(raw: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        Base64Url.parse(raw)
    assert refused.value.code == "invalid_base64url"


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_a_counter_goes_forward_or_stays_at_zero(kept: int, sent: int) -> None:
    """WebAuthn Level 3, section 6.1.1"""
    is_honest = sent > kept or sent == kept == 0
    assert make_passkey(ANN, sign_count=kept).is_copy(asserted(sent)) is not is_honest


def test_a_use_fits_with_its_account_and_its_kind() -> None:
    passkey = make_passkey(ANN, user_handle=b"h" * 32, is_synced=True)
    assert passkey.fits(None, asserted())
    assert passkey.fits(b"h" * 32, asserted())
    assert not passkey.fits(b"x" * 32, asserted())
    assert not passkey.fits(None, asserted(is_synced=False))


def test_a_use_moves_the_counter_the_copy_and_the_moment() -> None:
    passkey = make_passkey(ANN, sign_count=1, is_backed_up=False)
    used = passkey.used(asserted(5), T0 + timedelta(hours=1))
    assert (used.sign_count, used.is_backed_up, used.last_used_at) == (5, True, T0 + timedelta(hours=1))
    assert passkey.renamed("Tablet").name == "Tablet"


def test_transports_that_look_like_one_are_kept_once() -> None:
    assert known_transports(("internal", "usb", "internal", "smart-card", "", "X", "a b", "9")) == (
        "internal", "usb", "smart-card",
    )  # fmt: skip
    assert len(known_transports(tuple(f"t{letter}" for letter in "abcdefghijkl"))) == 8


def test_an_encoded_part_has_a_greatest_length() -> None:
    assert len(Base64Url.parse("A" * MAX_ENCODED)) == MAX_ENCODED * 3 // 4
    with pytest.raises(InvalidValue) as refused:
        Base64Url.parse("A" * (MAX_ENCODED + 1))
    assert refused.value.code == "too_long"
