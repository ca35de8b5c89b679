"""An embedded database."""

from collections.abc import Generator, Iterable
from pathlib import Path

from bukhindor.adapters.sql.schema_version import head, revisions
from bukhindor.adapters.sql.sqlite.inspection import DatabaseState, inspect, sqlite_version
from bukhindor.adapters.sql.unusable import DatabaseUnusable
from bukhindor.cli.checks.signing_keys import Stored
from bukhindor.cli.findings import Finding, State, ok
from bukhindor.domain.email_address import EmailAddress

PATIENCE_SECONDS = 4.0


def library() -> Finding:
    version, is_safe = sqlite_version()
    remark = "" if is_safe else ", older than 3.51.3: one writer keeps its fault with checkpoints away"
    return ok("sqlite", f"SQLite {version}{remark}")


def checks(path: Path, emails: Iterable[EmailAddress] = ()) -> Generator[Finding, None, Stored | None]:
    """The findings, and the content of the database if this program can read it, with the users of `emails`."""
    try:
        found = inspect(path, PATIENCE_SECONDS, emails) if path.exists() else None
    except (DatabaseUnusable, OSError) as error:
        advice = "Run this as the user of the service; a damaged file is replaced by `bukhindor restore`"
        yield Finding("database", State.PROBLEM, str(error).rstrip("."), advice)
        return None
    yield database(path, found)
    if found is None:
        return None
    yield ok("server", "a server uses this database now" if found.has_server else "no server uses this database now")
    if found.schema is None or not found.schema.serves_us:
        return None
    return Stored(found.signing_keys, found.waiting_mails, found.failed_mails, found.users)


def database(path: Path, found: DatabaseState | None) -> Finding:
    if found is None:
        advice = "The next start creates it; if it should exist, check DATA_DIR and DATABASE_URL"
        return Finding("database", State.WARNING, f"{path} does not exist", advice)
    if found.damage:
        advice = "Stop the service, keep a copy of the file, and put a backup in its place: `bukhindor restore FILE`"
        return Finding("database", State.PROBLEM, f"{path} is damaged: {found.damage}", advice)
    is_known = found.schema is None or found.schema.number in revisions()
    if found.schema is None or (is_known and not found.schema.serves_us):
        advice = "Run `bukhindor migrate up`, or start the service, which does the same"
        was = "no schema yet" if found.schema is None else f"schema {found.schema.number}"
        return Finding("database", State.WARNING, f"{path} has {was}, this program needs {head()}", advice)
    if not found.schema.serves_us:
        advice = "A newer version has used it: run that one, or restore a backup"
        return Finding("database", State.PROBLEM, f"{path} has the unknown schema {found.schema.number}", advice)
    if not found.is_writable:
        advice = "Make the service's user the owner of the file; commands that run as root create files of root"
        return Finding("database", State.PROBLEM, f"{path} can be read but not written to", advice)
    if found.damage is None:
        advice = f"Look with `sqlite3 {path} 'PRAGMA quick_check'` when there is time"
        return Finding("database", State.WARNING, f"{path} is too large to be checked at once", advice)
    newer = "" if is_known else ", newer than this program, which it still serves,"
    return ok("database", f"{path} has schema {found.schema.number}{newer} and is not damaged")
