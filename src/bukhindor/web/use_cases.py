"""The use cases by their class, so that each handler gets those that its signature names."""

from collections.abc import Iterable
from typing import Any, TypeVar

T = TypeVar("T")


class UseCases:
    """Holds one object of each class. Nothing in this folder knows the list of all of them."""

    def __init__(self, use_cases: Iterable[object]) -> None:
        self._by_class: dict[type[Any], Any] = {type(use_case): use_case for use_case in use_cases}

    def of(self, kind: type[T]) -> T:
        """The use case of this class. Raises KeyError when there is none: a mistake of the program."""
        use_case: T = self._by_class[kind]
        return use_case
