"""bukhindor config: the effective settings."""

import click

from bukhindor.cli.access import read_settings
from bukhindor.cli.printing import json_option, print_json, print_table, say
from bukhindor.cli.refusal import Commands


@click.group("config", cls=Commands)
def group() -> None:
    """Show the configuration."""


@group.command()
@json_option
def check(as_json: bool) -> None:
    """Print every setting and its source, with secrets masked, and variables that are no setting.

    Exit with 2 when a setting is invalid.
    """
    settings = read_settings()
    if as_json:
        rows = [{"variable": name, "value": text, "origin": origin} for name, text, origin in settings.variables]
        print_json({"settings": rows, "unknown_variables": settings.unknown_variables})
        return
    print_table(("VARIABLE", "VALUE", "FROM"), settings.variables)
    for variable in settings.unknown_variables:
        say(f"warning: {variable}")
