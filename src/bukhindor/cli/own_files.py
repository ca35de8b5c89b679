"""The files that the service lives on: no command writes over them, by whatever name or link."""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import bukhindor
from bukhindor.adapters.sql.postgres.url import PostgresUrl
from bukhindor.cli.refusal import Refusal
from bukhindor.config import Settings
from bukhindor.config.data_folder import SECRET_FILE

_ENV_FILE = Path(".env")
_SQLITE = b"SQLite format 3\0"
_KEPT = ".replaced-"


def require_foreign(file: Path, settings: Settings) -> None:
    """Return when `file` may be written; an earlier backup may be, also one in the data folder. Raises Refusal."""
    from bukhindor.adapters.sql.sqlite.backup import is_part_of

    real = file.resolve()
    database = settings.store.database
    if not isinstance(database, PostgresUrl) and is_part_of(database.path, file):
        raise Refusal(f"{file} belongs to the database itself: name another file.")
    is_secret = real == (settings.store.data_dir / SECRET_FILE).resolve()
    is_program = real.is_relative_to(Path(bukhindor.__file__).resolve().parent)
    if is_secret or is_program or (real.exists() and _identity(real) in set(_identities(settings))):
        raise Refusal(f"{file} belongs to the service: name another file.")


def _identities(settings: Settings) -> Iterator[tuple[int, int]]:
    """Of every file of the service that exists: a link to it has the same."""
    for file in _files(settings):
        with suppress(OSError):
            yield _identity(file)
    # The log of this installation may be where this command writes, too.
    for stream in (sys.__stdout__, sys.__stderr__):
        with suppress(OSError, ValueError, AttributeError):
            found = os.fstat(stream.fileno())  # type: ignore[union-attr]
            yield found.st_dev, found.st_ino


def _identity(file: Path) -> tuple[int, int]:
    found = file.stat()
    return found.st_dev, found.st_ino


def _files(settings: Settings) -> Iterator[Path]:
    database, redis = settings.store.database, settings.limiting.redis
    yield _ENV_FILE
    folders = {settings.store.data_dir.resolve()}
    if isinstance(database, PostgresUrl):
        yield from map(Path, database.files.values())
    else:
        folders.add(database.path.resolve().parent)
    if redis is not None:
        yield from map(Path, redis.tls_files.values())
    if settings.mail.templates_dir is not None:
        yield from _in(settings.mail.templates_dir)
    for folder in folders:
        yield from (file for file in _in(folder) if not _is_backup(file))


def _in(folder: Path) -> list[Path]:
    """The files of a folder, and none of the folders in it."""
    return [file for file in folder.iterdir() if file.is_file()] if folder.is_dir() else []


def _is_backup(file: Path) -> bool:
    """Whether it is a database that was not kept by `restore`; the one in use has been found before."""
    with suppress(OSError), file.open("rb") as content:
        return content.read(len(_SQLITE)) == _SQLITE and _KEPT not in file.name
    return False
