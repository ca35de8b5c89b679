"""What commands print: a line, a table, or JSON."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from shutil import get_terminal_size
from textwrap import TextWrapper
from typing import Any, TypeVar

import click

# What rich puts between two columns.
_GAP = 3
_CommandT = TypeVar("_CommandT", bound=Callable[..., Any])


def json_option(command: _CommandT) -> _CommandT:
    """The option --json, passed on as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(command)


def say(line: str) -> None:
    click.echo(line)


def print_json(value: object) -> None:
    """Print a value that msgspec can encode."""
    from msgspec import json

    click.echo(json.format(json.encode(value, enc_hook=str), indent=2))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on a terminal, or a record for each row where the terminal is too narrow: an id or an address that is
    broken or cut can't be copied. Elsewhere lines with tabs, for programs that split them.
    """
    if not sys.stdout.isatty():
        for row in (columns, *rows):
            click.echo("\t".join(row))
        return
    from rich.box import SIMPLE_HEAD
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    widths = [max(map(cell_len, cells)) for cells in zip(columns, *rows, strict=True)]
    if sum(widths) + _GAP * (len(columns) - 1) > console.width:
        _print_records(columns, rows)
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, no_wrap=True)
    for row in rows:
        # A Text is shown unchanged: "[red]" may be a person's name.
        table.add_row(*map(Text, row))
    console.print(table)


def _print_records(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A line for each value. Rows of two columns are such lines already."""
    if len(columns) == 2:
        rows, labels = [[value for _, value in rows]], [name for name, _ in rows]
    else:
        labels = list(columns)
    longest = max(map(len, labels), default=0)
    for number, row in enumerate(rows):
        if number:
            click.echo()
        for label, value in zip(labels, row, strict=True):
            click.echo(f"{label:{longest}}  {value}")


def say_wrapped(line: str, indent: int) -> None:
    """Print a line behind `indent` columns that are printed already.

    On a terminal it becomes several lines of that depth, and no word is broken.
    """
    if sys.stdout.isatty():
        width, margin = max(40, get_terminal_size().columns), " " * indent
        unbroken = TextWrapper(width, margin, margin, break_long_words=False, break_on_hyphens=False)
        line = unbroken.fill(line)[indent:]
    click.echo(line)


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """A function that reports progress: a bar on the standard error of a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def moment(time: datetime | None) -> str:
    """A timestamp for people, in UTC: `2026-01-31 12:00:00Z`."""
    return "never" if time is None else time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
