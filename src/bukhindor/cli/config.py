"""bukhindor config: the effective settings."""

import click

from bukhindor.cli.access import read_settings
from bukhindor.cli.printing import json_option, print_json, print_table, say


@click.group("config")
def group() -> None:
    """Show the configuration."""


@group.command()
@json_option
def check(as_json: bool) -> None:
    """Print every setting and its source, with secrets masked, and variables that are no setting.

    Exit with 2 when a setting is invalid.
    """
    settings = read_settings()
    described = settings.describe()
    if as_json:
        names = ("variable", "value", "origin")
        rows = [dict(zip(names, row, strict=True)) for row in described]
        print_json({"settings": rows, "unknown_variables": settings.unknown_variables})
        return
    print_table(("VARIABLE", "VALUE", "FROM"), described)
    for variable in settings.unknown_variables:
        say(f"warning: {variable}")
