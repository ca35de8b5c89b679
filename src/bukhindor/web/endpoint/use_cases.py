"""The use cases by their class, so that each handler gets those that its signature names."""

from collections.abc import Iterable
from typing import Any, TypeVar

T = TypeVar("T")


class UseCases:
    """Contains one object of each class. Nothing in this folder knows the list of all of them."""

    def __init__(self, use_cases: Iterable[object]) -> None:
        self._by_class: dict[type[Any], Any] = {type(use_case): use_case for use_case in use_cases}

    def with_one_more(self, kind: type[Any], use_case: object) -> "UseCases":
        """Return these use cases and one more, which handlers name by the protocol `kind`."""
        more = UseCases(())
        more._by_class = {**self._by_class, kind: use_case}
        return more

    def of(self, kind: type[T]) -> T:
        """Return the use case of this class. Raises KeyError when it is missing: a programming error."""
        use_case: T = self._by_class[kind]
        return use_case
