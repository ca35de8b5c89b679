"""Which schema this program needs, from the names of its migrations, without loading the migration tool."""

from pathlib import Path
from typing import NamedTuple

MIGRATIONS = Path(__file__).with_name("migrations")
VERSIONS = MIGRATIONS / "versions"
VERSION_QUERY = "SELECT version_num FROM alembic_version"
SERVICE_QUERY = "SELECT version_num, serves_since FROM alembic_version, schema_compatibility"
# Not later: another version may be installed in the same place while this one runs.
_REVISIONS = tuple(sorted(file.name.partition("_")[0] for file in VERSIONS.glob("[0-9]*_*.py")))


class Version(NamedTuple):
    """The schema of a database; `serves_since` is "" for one that does not record which older programs it serves."""

    number: str
    serves_since: str = ""

    @property
    def serves_us(self) -> bool:
        """Whether this program can work on it."""
        return serves(self.number, self.serves_since)


def revisions() -> tuple[str, ...]:
    """The numbers of all migrations, oldest first: `0001_accounts.py` is 0001."""
    return _REVISIONS


def head() -> str:
    """The newest migration's number."""
    return revisions()[-1]


def serves(version: str, serves_since: str) -> bool:
    """Whether this program can work on a schema: its own, or a newer one that has taken nothing away from it."""
    return version == head() or (version > head() >= serves_since)
