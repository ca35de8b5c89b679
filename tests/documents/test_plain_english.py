"""The check for plain English finds refused words in prose, and leaves code alone."""

import pytest

from tests.documents.plain_english import findings, prose_of_code, prose_of_document


def found_in_document(text: str) -> list[tuple[int, str]]:
    return [(line, found) for line, found, _ in findings(prose_of_document(text))]


def found_in_code(text: str) -> list[tuple[int, str]]:
    return [(line, found) for line, found, _ in findings(prose_of_code(text))]


@pytest.mark.parametrize(
    "sentence",
    [
        "A user; whom the caller may not see does not exist.",
        "Whoever proves a mailbox owns it.",
        "The client is told of it.",
        "The use case is tried again.",
        "It holds for ever.",
        "A lost response signs nobody out.",
        "There is no name, nor an address.",
    ],
)
def test_a_refused_word_is_found(sentence: str) -> None:
    assert len(found_in_document(sentence)) == 1


def test_every_refused_word_has_a_remedy() -> None:
    assert all(remedy for _, _, remedy in findings("whom nobody lest nor"))
    assert len(list(findings("whom nobody lest nor"))) == 4


def test_a_turn_is_found_across_the_end_of_a_line_at_its_own_line() -> None:
    assert found_in_document("First.\n\nThe client is\ntold of it.\n") == [(3, "is told")]


def test_names_in_code_and_addresses_are_no_prose() -> None:
    text = "`nobody` and nobody@example.com\n\n```python\nnobody = 1\n```\n\n[whom](nobody.md)\n"
    assert found_in_document(text) == [(7, "whom")]


def test_a_block_without_a_language_is_prose() -> None:
    assert found_in_document("```\nfile.py   what nobody reads\n```\n") == [(2, "nobody")]


def test_comments_strings_and_names_of_tests_are_prose_and_other_names_are_not() -> None:
    code = (
        '"""Nobody\nreads this."""\n'
        "nobody = 1  # for\n"
        "# ever\n"
        'text = f"{nobody} or somebody"\n'
        "def test_nobody_is_told() -> None: ...\n"
    )
    assert sorted(found_in_code(code)) == [
        (1, "Nobody"),
        (3, "for ever"),
        (5, "somebody"),
        (6, "is told"),
        (6, "nobody"),
    ]


def test_a_turn_is_found_across_two_strings_in_a_row() -> None:
    assert found_in_code('text = (\n    "the client is "\n    "told of it"\n)\n') == [(2, "is told")]
