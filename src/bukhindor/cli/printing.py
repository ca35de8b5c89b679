"""What commands print: a line, a table, or JSON."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

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
    """A table on a terminal; elsewhere lines with tabs, for programs that split them."""
    if not sys.stdout.isatty():
        for row in (columns, *rows):
            click.echo("\t".join(row))
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        # Folded, not truncated: an id that ends in … is useless.
        table.add_column(column, overflow="fold")
    for row in rows:
        # A Text is shown unchanged: "[red]" may be a person's name.
        table.add_row(*map(Text, row))
    Console().print(table)


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
