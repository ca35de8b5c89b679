"""The location of a SQLite database."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class SqliteUrl:
    """The file of an embedded database, which one process owns."""

    is_embedded: ClassVar[bool] = True

    path: Path

    def __str__(self) -> str:
        return str(self.path)
