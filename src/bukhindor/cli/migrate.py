"""bukhindor migrate: the database's schema."""

import click

from bukhindor.cli.access import read_settings
from bukhindor.cli.printing import json_option, print_json, say
from bukhindor.cli.refusal import Commands, require_confirmation


@click.group("migrate", cls=Commands)
def group() -> None:
    """Bring the database's schema up to date, or back."""


@group.command()
def up() -> None:
    """Apply every migration that the database lacks."""
    from bukhindor.adapters.sql import schema

    settings = read_settings()
    applied = schema.upgrade(settings.store.database)
    say(f"Applied {', '.join(applied)}." if applied else "Nothing to do: the schema is up to date.")


@group.command()
@click.option("--steps", type=click.IntRange(min=1), default=1, show_default=True, help="How many migrations to undo.")
@click.option("--yes", is_flag=True, help="Don't ask for confirmation.")
def down(steps: int, yes: bool) -> None:
    """Undo the newest migration. Everything that it added to the database is deleted, with all data in it."""
    from bukhindor.adapters.sql import schema

    settings = read_settings()
    if not yes:
        require_confirmation(
            "Undo migrations, and delete the data in everything that they added?", "Nothing was undone"
        )
    undone = schema.downgrade(settings.store.database, steps)
    say(f"Undid {', '.join(undone)}." if undone else "Nothing to do: the database is empty.")


@group.command()
@json_option
def status(as_json: bool) -> None:
    """Print the schema version of the database, that of the program, and the migrations between them."""
    from bukhindor.adapters.sql import schema

    found = schema.status(read_settings().store.database)
    if as_json:
        print_json({"current": found.current, "head": found.head, "pending": found.pending})
    elif found.pending:
        now = "empty" if found.current is None else f"at {found.current}"
        say(f"The database is {now}, this program needs {found.head}; to apply: {', '.join(found.pending)}.")
    elif found.current == found.head:
        say(f"The database is at {found.head}, as this program needs it.")
    else:
        say(f"The database is at {found.current}, newer than this program's {found.head}, which it still serves.")


@group.command()
@click.argument("name")
def new(name: str) -> None:
    """Write an empty migration called NAME."""
    from bukhindor.adapters.sql import schema

    say(f"Wrote {schema.new(name)}")
