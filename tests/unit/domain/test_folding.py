"""One form for all texts that people take for the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.folding import folded, sort_key, typed_digits, without_blanks
from bukhindor.domain.user import Name


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("ALİ", "ali"),
        ("ılık", "ilik"),
        ("Anna  Maria ", "anna maria"),
        ("anna\u00a0maria", "anna maria"),
        ("O’Brien", "o'brien"),
        ("Oʼbrien", "o'brien"),
        ("o`brien", "o'brien"),
        ("Anne‑Marie", "anne-marie"),
        ("Семён", "семен"),
        ("Straße", "strasse"),
        ("ΒΌΛΟΣ", "βόλοσ"),
        ("ｂｏｂ", "bob"),
        ("a\u200db\ufe0f", "ab"),
        ("e\u0301", "é"),
    ],
)
def test_texts_that_people_take_for_the_same_are_equal(text: str, same: str) -> None:
    assert folded(text) == same


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@pytest.mark.parametrize(
    "names",
    [
        ["Anna", "anton", "Émile", "emma", "Zoë"],
        ["Jose", "José", "Josefa"],
        [
            "Абай",
            "Әлия",
            "Борис",
            "Гоша",
            "Ғани",
            "Дима",
            "Ёлка",
            "Ер",
            "Жан",
            "Иван",
            "Іван",
            "Їжак",
            "Йод",
            "Каха",
            "Қанат",
            "Лев",
        ],
        ["Obelix", "O’Brien", "Oscar"],
        ["Łukasz", "Lulu"],
        ["Аня", "Аня Б", "Анят"],
    ],
)
def test_names_sort_as_an_alphabet_does(names: list[str]) -> None:
    backwards = names[::-1]
    backwards.sort(key=sort_key)
    assert backwards == names


@given(st.text(max_size=100))
def test_a_key_fits_into_an_index(name: str) -> None:
    assert len(sort_key(name)) <= 1024


@pytest.mark.parametrize(
    "typed",
    [
        "12345678",
        "1234 5678",
        "1234-5678",
        "1234\u20115678",
        "\u200e1234\u00a05678\u200b",
        "１２３４５６７８",
        "١٢٣٤٥٦٧٨",
        "۱۲۳۴۵۶۷۸",
        "१२३४५६७८",
        "«1234 5678».",
        "1️⃣2️⃣345678",
        "\ufeff12345678\n",
    ],
)
def test_a_code_is_read_in_every_script_and_with_what_copying_leaves(typed: str) -> None:
    assert typed_digits(typed) == "12345678"


def test_letters_are_no_part_of_a_code() -> None:
    assert typed_digits("1234 567O") == "1234567O"


def test_blanks_within_a_copied_token_go() -> None:
    assert without_blanks("\u200babc\r\n def\u00a0g\ufeff") == "abcdefg"


@pytest.mark.parametrize(
    "nothing", ["\u2800", "\u200d", "\u0301", "\ufe0f\u200c", "\u2800 \u2800", "\U000e0041", "\ufdd0", "\uffff"]
)
def test_a_name_shows_something(nothing: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        Name.parse(nothing)
    assert refused.value.code == "required"


@pytest.mark.parametrize("name", ["Ж", "李", "X Æ A-12", "🦊", "1", "."])
def test_short_names_are_names(name: str) -> None:
    assert Name.parse(name) == name


def test_a_name_may_be_newer_than_the_unicode_tables_of_the_server() -> None:
    not_assigned_yet = "\U0005a58d"
    assert Name.parse(not_assigned_yet) == not_assigned_yet
