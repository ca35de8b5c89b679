"""Migrating a database's schema up and down. Each call is one transaction: all of it happens, or nothing."""

import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import sqlalchemy as sa

from bukhindor.adapters.sql.postgres.url import PostgresUrl
from bukhindor.adapters.sql.schema_version import MIGRATIONS, VERSIONS, Version, revisions
from bukhindor.adapters.sql.sqlite.url import SqliteUrl
from bukhindor.adapters.sql.unusable import SchemaError

DatabaseUrl = SqliteUrl | PostgresUrl


@dataclass(frozen=True, slots=True)
class SchemaStatus:
    """The database's revision (None when it is empty), the program's, and those in between, oldest first.

    A newer revision that still serves this program has nothing pending.
    """

    current: str | None
    head: str
    pending: tuple[str, ...]


class Migration(Protocol):
    """One transaction of a migration, in which this process alone changes the schema."""

    def current(self) -> Version | None:
        """The version within the transaction."""

    def run(self, work: Any) -> None:
        """Call `work` with a connection of SQLAlchemy."""


class Engine(Protocol):
    """What differs between kinds of databases. Both methods raise DatabaseUnusable."""

    def current(self) -> Version | None:
        """The version; None for an empty database."""

    def migrating(self) -> AbstractContextManager[Migration]:
        """A transaction that is committed at the end, unless an error ends it. Other migrations wait."""


def status(database: DatabaseUrl) -> SchemaStatus:
    """Return the state of the schema; a missing file is an empty database and stays missing.

    Raises SchemaError when a newer program has taken from the database what this one needs, DatabaseUnusable when it
    can't be read or written.
    """
    return _status_of(_engine(database).current())


def upgrade(database: DatabaseUrl) -> list[str]:
    """Migrate to the schema that this program needs. Returns the applied revisions, oldest first. Raises as `status`.

    Of several processes that start together one migrates; the others wait for it and find nothing to do.
    """
    engine = _engine(database)
    pending = _status_of(engine.current()).pending
    if pending:
        with engine.migrating() as migration:
            before = _status_of(migration.current())
            pending = before.pending
            if pending:
                _migrate(migration, "upgrade", before.head)
    return list(pending)


def downgrade(database: DatabaseUrl, steps: int = 1) -> list[str]:
    """Undo the newest `steps` migrations. Returns their revisions, newest first. Raises as `status`, and for any newer
    revision: only a program that knows it can undo it.
    """
    with _engine(database).migrating() as migration:
        before = _status_of(migration.current())
        if before.current is not None and before.current not in revisions():
            raise _unknown(before.current)
        applied = [revision for revision in revisions() if revision not in before.pending]
        undone = applied[::-1][:steps]
        remaining = applied[: len(applied) - len(undone)]
        _migrate(migration, "downgrade", remaining[-1] if remaining else "base")
    return undone


def new(name: str, versions: Path = VERSIONS) -> Path:
    """Write an empty migration after the newest one. Returns the path of its file."""
    from argparse import Namespace  # noqa: PLC0415

    from alembic import command, config  # noqa: PLC0415

    newest = max((int(file.name[:4]) for file in versions.glob("[0-9]*_*.py")), default=0)
    configuration = config.Config(cmd_opts=Namespace(quiet=True))
    _configure(configuration)
    configuration.set_main_option("version_locations", _option(versions))
    message = re.sub(r"\W+", " ", name).strip()
    command.revision(configuration, message, rev_id=f"{newest + 1:04}")
    return next(versions.glob(f"{newest + 1:04}_*.py"))


def _engine(database: DatabaseUrl) -> Engine:
    return _sqlite(database.path) if isinstance(database, SqliteUrl) else _postgres(database)


# The driver of the other engine takes memory and time to load, for nothing.
def _sqlite(path: Path) -> Engine:
    from bukhindor.adapters.sql.sqlite.schema import SqliteEngine  # noqa: PLC0415

    return SqliteEngine(path)


def _postgres(url: PostgresUrl) -> Engine:
    from bukhindor.adapters.sql.postgres.schema import PostgresEngine  # noqa: PLC0415

    return PostgresEngine(url)


def _status_of(version: Version | None) -> SchemaStatus:
    known = revisions()
    if version is None:
        return SchemaStatus(None, known[-1], known)
    if version.number in known:
        return SchemaStatus(version.number, known[-1], known[known.index(version.number) + 1 :])
    if version.serves_us:
        return SchemaStatus(version.number, known[-1], ())
    raise _unknown(version.number)


def _unknown(revision: str) -> SchemaError:
    return SchemaError(
        f"The database has schema {revision}, which this program does not know (it goes up to {revisions()[-1]}). "
        "A newer version has used it: run that one, or restore a backup."
    )


def _migrate(migration: Migration, direction: Literal["upgrade", "downgrade"], target: str) -> None:
    # The migration tool costs megabytes and tenths of seconds, and is needed only when something has to be migrated.
    from alembic import command, config  # noqa: PLC0415

    def run(connection: sa.Connection) -> None:
        configuration = config.Config(attributes={"connection": connection})
        _configure(configuration)
        if direction == "upgrade":
            command.upgrade(configuration, target)
        else:
            command.downgrade(configuration, target)

    migration.run(run)


def _configure(configuration: Any) -> None:
    configuration.set_main_option("script_location", _option(MIGRATIONS))
    configuration.set_main_option("path_separator", "newline")
    configuration.set_main_option("file_template", "%%(rev)s_%%(slug)s")


def _option(path: Path) -> str:
    return str(path).replace("%", "%%")
