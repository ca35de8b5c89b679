"""bukhindor config: what is in force."""

import click

from bukhindor.cli.access import read_settings
from bukhindor.cli.printing import json_option, print_json, print_table


@click.group("config")
def group() -> None:
    """Look at the configuration."""


@group.command()
@json_option
def check(as_json: bool) -> None:
    """Print every setting and where it comes from, secrets masked; exit with 2 when one is not good."""
    described = read_settings().describe()
    if as_json:
        names = ("variable", "value", "origin")
        print_json({"settings": [dict(zip(names, row, strict=True)) for row in described]})
    else:
        print_table(("VARIABLE", "VALUE", "FROM"), described)
