"""bukhindor backup and restore: an embedded database as one file."""

import time
from pathlib import Path

import click

from bukhindor.adapters.sql.sqlite.url import SqliteUrl
from bukhindor.adapters.system.clock import SystemClock
from bukhindor.cli.access import read_settings
from bukhindor.cli.own_files import require_foreign
from bukhindor.cli.printing import json_option, print_json, progress_bar, say
from bukhindor.cli.refusal import Refusal, require_confirmation
from bukhindor.config import Settings
from bukhindor.config.data_folder import SECRET_FILE

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("backup")
@click.argument("file", type=_FILE)
@click.option("--yes", is_flag=True, help="Replace FILE without asking.")
@json_option
def backup(file: Path, yes: bool, as_json: bool) -> None:
    """Write the SQLite database of this moment to FILE, also while the service runs.

    No file of the service is replaced, but for earlier backups.
    """
    from bukhindor.adapters.sql.sqlite.backup import back_up

    settings, database = _embedded("pg_dump backs it up")
    require_foreign(file, settings)
    if file.exists() and not yes:
        require_confirmation(f"Replace {file}?", f"{file} exists and was not replaced")
    began = time.monotonic()
    with progress_bar("Backing up") as on_progress:
        copy = back_up(database, file, on_progress)
    seconds = time.monotonic() - began
    if as_json:
        shown = {"file": str(file), "bytes": copy.size, "schema": copy.revision, "users": copy.users}
        print_json({"database": str(database), **shown, "seconds": round(seconds, 3)})
        return
    size = f"{copy.size / 2**20:.1f} MiB, {_accounts(copy.users)}, schema {copy.revision}"
    say(f"Backed up {database} to {file} in {seconds:.1f} s: {size}.")
    say(f"{_secret(settings)} is not in it, and without it all users have to sign in again: keep it in another place.")


@click.command("restore")
@click.argument("file", type=_FILE)
@click.option("--yes", is_flag=True, help="Don't ask for confirmation.")
@json_option
def restore(file: Path, yes: bool, as_json: bool) -> None:
    """Restore the backup FILE. The present SQLite database is kept under another name; the service must be stopped."""
    from bukhindor.adapters.sql.sqlite.restore import restore

    settings, database = _embedded("pg_restore restores it")
    if database.exists() and not yes:
        require_confirmation(f"Replace {database} by {file}?", f"{database} was not replaced")
    with progress_bar("Restoring") as on_progress:
        done = restore(file, database, SystemClock().now(), on_progress)
    if as_json:
        shown = {"database": str(database), "file": str(file), "schema": done.database.revision}
        kept = None if done.replaced is None else str(done.replaced)
        print_json({**shown, "users": done.database.users, "pending": done.pending, "replaced": kept})
        return
    say(f"Restored {database} from {file}: {_accounts(done.database.users)}, schema {done.database.revision}.")
    if done.replaced is not None:
        say(f"The previous database is kept as {done.replaced}; remove it when it is no longer needed.")
    if done.pending:
        say(f"The next start, or `bukhindor migrate up`, applies {', '.join(done.pending)}.")
    say(f"{_secret(settings)} was not in it: without the secret of that time all users have to sign in again.")


def _embedded(instead: str) -> tuple[Settings, Path]:
    """The settings, and the file of the database."""
    settings = read_settings()
    database = settings.store.database
    if not isinstance(database, SqliteUrl):
        raise Refusal(f"This is for SQLite, and the database is {database}: {instead}.")
    return settings, database.path


def _secret(settings: Settings) -> str:
    return "JWT_SECRET" if settings.accounts.jwt_secrets else f"The secret, {settings.store.data_dir / SECRET_FILE},"


def _accounts(number: int) -> str:
    return "1 account" if number == 1 else f"{number} accounts"
