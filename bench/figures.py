"""What is measured, as rows of one Markdown table."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

_HEADINGS = ("Figure", "Measured", "Peer", "Ratio", "Target", "Reached")


@dataclass(frozen=True, slots=True)
class Figure:
    """One row; texts as they are shown. `reached` is None for what has no target or could not be compared."""

    name: str
    measured: str
    peer: str = "-"
    ratio: float | None = None
    target: str = "-"
    reached: bool | None = None

    def cells(self) -> tuple[str, ...]:
        ratio = "-" if self.ratio is None else f"{self.ratio:.3g}"
        reached = "-" if self.reached is None else ("yes" if self.reached else "NO")
        return (self.name, self.measured, self.peer, ratio, self.target, reached)


def table(figures: Sequence[Figure]) -> str:
    rows = [_HEADINGS, *(figure.cells() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def per_second(rate: float) -> str:
    return f"{rate:,.0f}/s"
