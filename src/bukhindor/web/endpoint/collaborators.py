"""Use cases and settings by their class, so that each handler gets those that its signature names."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

T = TypeVar("T")


class Collaborators:
    """Contains one object of each class. Nothing in this folder knows the list of all of them."""

    def __init__(self, collaborators: Iterable[object]) -> None:
        self._by_class: dict[type[Any], Any] = {type(each): each for each in collaborators}

    def with_more(self, more: Mapping[type[Any], object]) -> "Collaborators":
        """Return these and more, each by the class or protocol that handlers name."""
        all_of_them = Collaborators(())
        all_of_them._by_class = {**self._by_class, **more}
        return all_of_them

    def of(self, kind: type[T]) -> T:
        """Return the object of this class. Raises KeyError when it is missing: a programming error."""
        found: T = self._by_class[kind]
        return found
