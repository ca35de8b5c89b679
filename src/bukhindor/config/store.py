"""Where data is kept."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bukhindor.adapters.sql.postgres.url import PostgresUrl
from bukhindor.adapters.sql.sqlite.url import SqliteUrl
from bukhindor.config.database_url import example_like, parse_database_url
from bukhindor.config.sources import Sources
from bukhindor.config.values import folder, whole_number, yes_or_no


@dataclass(frozen=True, slots=True)
class StoreSettings:
    data_dir: Path
    database: SqliteUrl | PostgresUrl
    database_pool_size: int
    migrate_on_start: bool

    @classmethod
    def read(cls, sources: Sources) -> Self:
        read = sources.read
        data_dir = read("DATA_DIR", folder, Path("data"), "./data")
        own_file = data_dir / "bukhindor.db"
        own: SqliteUrl | PostgresUrl = SqliteUrl(own_file)
        database = sources.read_url(
            "DATABASE_URL", parse_database_url, own, example_like, shown=f"sqlite:///{own_file}"
        )
        return cls(
            data_dir=data_dir,
            database=database,
            database_pool_size=read("DATABASE_POOL_SIZE", whole_number(1, 500), 10, "10"),
            migrate_on_start=read("MIGRATE_ON_START", yes_or_no, database.is_embedded, "true"),
        )
