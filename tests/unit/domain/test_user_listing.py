"""Lists of users: what can be asked for."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.user_listing import (
    MAX_LIMIT,
    MAX_PAGE,
    Order,
    Position,
    SearchText,
    SortBy,
    UserPage,
    UserQuery,
)


def test_without_wishes_the_newest_twenty_of_all_users_come_first() -> None:
    query = UserQuery()
    assert (query.sort, query.order, query.page, query.limit) == (SortBy.CREATED_AT, Order.DESC, 1, 20)
    assert (query.search, query.role, query.status, query.after) == (None, None, None, None)


def test_only_what_a_response_shows_can_be_sorted_by() -> None:
    """AZ-11: no order tells anything about a password hash."""
    assert set(SortBy) == {"created_at", "updated_at", "email", "name"}
    assert set(Order) == {"asc", "desc"}


def test_a_page_has_bounds() -> None:
    """AZ-12."""
    assert (MAX_LIMIT, MAX_PAGE) == (100, 1_000_000)


def test_equal_questions_are_equal() -> None:
    position = Position("ann", UUID(int=1))
    assert UserQuery(after=position) == UserQuery(after=Position("ann", UUID(int=1)))
    assert UserPage((), 0, None) == UserPage((), 0, None)


@pytest.mark.parametrize(
    ("raw", "search"),
    [
        ("ann", "ann"),
        ("  Ann Lee ", "Ann Lee"),
        ("100%_\\'\"; --", "100%_\\'\"; --"),
        ("Жанна", "Жанна"),
        ("", ""),
        (" \t\r\n", ""),
        (" " * 65_536 + "x" * 100, "x" * 100),
    ],
)
def test_a_search_is_trimmed_and_otherwise_taken_word_for_word(raw: str, search: str) -> None:
    """AZ-11: the signs of a query language are text like any other."""
    assert SearchText.parse(raw) == search


@pytest.mark.parametrize(
    ("raw", "code", "message"),
    [
        ("x" * 101, "too_long", "This must have at most 100 characters."),
        ("\x00" * 65_536, "too_long", "This must have at most 100 characters."),
        ("an\x00n", "invalid_characters", "This can't contain control characters."),
        ("an\r\nn", "invalid_characters", "This can't contain control characters."),
        ("\u202eann", "invalid_characters", "This can't contain control characters."),
        ("ann\ud800", "invalid_characters", "This can't contain control characters."),
    ],
)
def test_a_search_that_no_name_could_hold_is_refused(raw: str, code: str, message: str) -> None:
    """IN-04."""
    with pytest.raises(InvalidValue) as caught:
        SearchText.parse(raw)
    assert (caught.value.message, caught.value.code) == (message, code)


@given(st.text(st.characters()))
def test_any_search_is_refused_in_one_way_or_taken(raw: str) -> None:
    try:
        search = SearchText.parse(raw)
    except InvalidValue:
        return
    assert search == raw.strip()
