"""What a story of a fault found out."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """`check` is the requirement, such as REL-08. `surprises` are what differs from `expected`; none is good."""

    check: str
    fault: str
    expected: str
    seen: str
    surprises: tuple[str, ...] = ()

    @property
    def is_as_expected(self) -> bool:
        return not self.surprises


class Expectations:
    """Collects what differs while a story goes on."""

    def __init__(self) -> None:
        self.surprises: list[str] = []

    def that(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.surprises.append(otherwise)

    def same(self, what: str, found: object, wanted: object) -> None:
        self.that(found == wanted, f"{what}: {found!r} instead of {wanted!r}")

    def none(self, surprises: Iterable[str]) -> None:
        self.surprises += surprises
