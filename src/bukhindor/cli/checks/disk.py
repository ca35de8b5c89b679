"""The folder with the data."""

import os
import shutil
from pathlib import Path

from bukhindor.adapters.sql.sqlite.url import SqliteUrl
from bukhindor.cli.findings import Finding, State, ok
from bukhindor.config import Settings
from bukhindor.config.data_folder import network_file_system

_LITTLE_SPACE = 256 * 1024 * 1024


def data_folder(settings: Settings, mount_table: Path, little_space: int = _LITTLE_SPACE) -> Finding:
    """The folder of an embedded database, and DATA_DIR when it stores a development secret."""
    database, data_dir = settings.store.database, settings.store.data_dir
    folder = database.path.parent if isinstance(database, SqliteUrl) else data_dir
    needed = {folder} if settings.accounts.jwt_secrets else {folder, data_dir}
    for place in sorted(needed):
        nearest = _nearest_existing(place)
        if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
            advice = "Make the service's user the owner of the folder, or name another one in DATA_DIR"
            return Finding("data folder", State.PROBLEM, f"{nearest} can't be written to", advice)
    mounts = mount_table.read_text("utf-8", "replace") if mount_table.exists() else ""
    file_system = network_file_system(folder, mounts) if database.is_embedded else None
    if file_system is not None:
        found = f"{folder} is on {file_system}, a network file system, where SQLite loses data"
        return Finding("data folder", State.PROBLEM, found, "Name a folder on a local disk in DATA_DIR")
    free = shutil.disk_usage(_nearest_existing(folder)).free
    room = f"{free // 2**20} MiB free"
    if free < little_space:
        return Finding("data folder", State.WARNING, f"{folder} has only {room}", "Make room before it is full")
    kind = "is on a local disk, " if database.is_embedded else ""
    return ok("data folder", f"{folder} can be written to, {kind}{room}")


def _nearest_existing(place: Path) -> Path:
    """The path itself, or the existing folder in which it would be created."""
    place = place.absolute()
    return next(folder for folder in (place, *place.parents) if folder.exists())
