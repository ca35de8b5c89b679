"""Parsing several fields at once, so that a client learns of all invalid fields."""

from collections.abc import Callable
from typing import Any, TypeVar, overload

from bukhindor.domain.errors import FieldError, InvalidInput

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")


@overload
def parse_together(first: Callable[[], A], second: Callable[[], B], /) -> tuple[A, B]: ...
@overload
def parse_together(first: Callable[[], A], second: Callable[[], B], third: Callable[[], C], /) -> tuple[A, B, C]: ...
@overload
def parse_together(
    first: Callable[[], A], second: Callable[[], B], third: Callable[[], C], fourth: Callable[[], D],
    fifth: Callable[[], E], /,
) -> tuple[A, B, C, D, E]: ...  # fmt: skip
def parse_together(*parsers: Callable[[], Any]) -> tuple[Any, ...]:
    """Run all parsers; raise one InvalidInput with the problems of all that failed."""
    results = []
    errors: list[FieldError] = []
    for parse in parsers:
        try:
            results.append(parse())
        except InvalidInput as invalid:
            errors.extend(invalid.errors)
    if errors:
        raise InvalidInput(*errors)
    return tuple(results)
