"""Seeding and starting the peer, FastAPI Users, in the environment that has it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.processes import ROOT, Server, environment, free_port, run, serving

ME = "/users/me"


def interpreter() -> Path | None:
    """The Python that has FastAPI Users installed; None leaves the comparisons out."""
    named = Path(os.environ.get("BENCH_PEER_PYTHON") or ".venv-bench/bin/python")
    # The link is not followed: the environment is where the link lies.
    python = ROOT / named
    return python if python.exists() else None


@dataclass(frozen=True, slots=True)
class Rival:
    """A seeded peer, ready to be served from its folder."""

    python: Path
    folder: Path
    tokens: tuple[str, ...]
    database: str = ""

    @contextmanager
    def serve(self, cores: set[int]) -> Iterator[Server]:
        port = free_port()
        command = [str(self.python), "-m", "bench.peer.serve", str(port)]
        with serving(command, port, "/openapi.json", self.folder, _environment(self.database), cores) as server:
            yield server


def seeded(folder: Path, users: int, tokens: int, database: str = "") -> Rival | None:
    """A peer on SQLite, or on the `database` of a postgresql:// address. None where there is no environment with it."""
    python = interpreter()
    if python is None:
        return None
    folder.mkdir()
    command = [str(python), "-m", "bench.peer.seed", str(users), str(tokens)]
    return Rival(python, folder, tuple(run(command, folder, _environment(database)).split()), database)


def _environment(database: str) -> dict[str, str]:
    address = {"PEER_DATABASE": database.replace("postgresql:", "postgresql+asyncpg:")} if database else {}
    return environment(PYTHONPATH=str(ROOT), **address)
