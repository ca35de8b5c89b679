"""Which characters a stored text may hold."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.domain.text import has_unsafe_characters

ANY_TEXT = st.text(st.characters())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain ASCII, ~!@#$%^&*()",
        "Жанна д'Арк",
        "日本語",
        "no\u00a0break",
        "👍🏽",
        "👩\u200d👩\u200d👧",
        "e\u0301",
    ],
)
def test_what_people_write_is_safe(text: str) -> None:
    assert not has_unsafe_characters(text)


@pytest.mark.parametrize(
    "character",
    [
        "\x00", "\r", "\n", "\t", "\x1b", "\x7f", "\x85", "\x9f",
        "\u2028", "\u2029",
        "\ud800",
        "\u061c", "\u200e", "\u200f", "\u202a", "\u202e", "\u2066", "\u2069", "\ufeff",
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", ["{}", "Ann{}", "{}Ann", "An{}n", "Жа{}нна"])
def test_what_hides_or_breaks_text_is_unsafe_wherever_it_stands(character: str, place: str) -> None:
    """IN-04."""
    assert has_unsafe_characters(place.format(character))


@given(ANY_TEXT, ANY_TEXT)
def test_a_text_is_unsafe_exactly_when_one_of_its_parts_is(left: str, right: str) -> None:
    parts = has_unsafe_characters(left) or has_unsafe_characters(right)
    assert has_unsafe_characters(left + right) is parts


@given(ANY_TEXT)
def test_a_safe_text_can_be_stored_as_utf_8_and_has_no_control_characters(text: str) -> None:
    if not has_unsafe_characters(text):
        assert text.encode().decode() == text
        assert not any(unicodedata.category(c) == "Cc" for c in text)
