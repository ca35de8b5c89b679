"""The command line: every command reads the same configuration and exits with 0, 1 (refused) or 2 (usage)."""

import click

from bukhindor import BUILD
from bukhindor.cli import backup, config, doctor, keys, mail, migrate, openapi, serve, service_keys, users
from bukhindor.cli.refusal import Program


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(BUILD, prog_name="bukhindor")
def main() -> None:
    """Accounts, sign-in and user management as one HTTP service.

    Settings come from the environment, in development also from the file .env; `bukhindor config check` shows them.
    """


for command in (
    serve.command,
    migrate.group,
    users.group,
    keys.group,
    service_keys.group,
    backup.backup,
    backup.restore,
    mail.group,
    config.group,
    doctor.command,
    openapi.command,
):
    main.add_command(command)
