"""Findings as lines while they come in, and as one Markdown table in the end."""

from collections.abc import Sequence

from tests.faults.finding import Finding

_HEADINGS = ("Check", "Fault", "Expected", "Seen", "Verdict")
_GOOD, _BAD = "as expected", "DIFFERS"


def line(finding: Finding) -> str:
    verdict = _GOOD if finding.is_as_expected else _BAD
    return f"{finding.check:<7} {verdict:<11} {finding.fault}: {finding.seen}"


def table(findings: Sequence[Finding]) -> str:
    """Differences are listed below the table."""
    rows = [_HEADINGS, *(_cells(finding) for finding in findings)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    lines = [f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |" for row in rows]
    lines.insert(1, f"|{'|'.join('-' * (width + 2) for width in widths)}|")
    for finding in findings:
        lines += [f"\n{finding.check} {finding.fault}: {surprise}" for surprise in finding.surprises]
    return "\n".join(lines)


def _cells(finding: Finding) -> tuple[str, ...]:
    verdict = _GOOD if finding.is_as_expected else _BAD
    cells = (finding.check, finding.fault, finding.expected, finding.seen, verdict)
    return tuple(cell.replace("|", "/") for cell in cells)
