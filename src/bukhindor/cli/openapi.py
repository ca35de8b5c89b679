"""bukhindor openapi: the document that describes the HTTP API."""

from pathlib import Path

import click

from bukhindor.cli.access import read_settings
from bukhindor.cli.own_files import require_foreign
from bukhindor.cli.printing import say


@click.command("openapi")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
def command(file: Path | None) -> None:
    """Write the OpenAPI 3.1 document to FILE, or print it. Its server is PUBLIC_URL."""
    from bukhindor.web.api.openapi import openapi_json

    settings = read_settings()
    if file is not None:
        require_foreign(file, settings)
    document = openapi_json(str(settings.server.public_url))
    if file is None:
        click.echo(document, nl=False)
    else:
        file.write_bytes(document)
        say(f"Wrote {file}")
