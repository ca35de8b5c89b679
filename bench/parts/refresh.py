"""POST /auth/refresh: every request writes, and is answered when the disk has it."""

import os
import time
from pathlib import Path

from bench.clients import Refresher
from bench.figures import Figure, per_second
from bench.rounds import in_turns, loaded
from bench.stage import Stage

_CLIENTS = 32
_TARGET = 2_500


def measure(stage: Stage) -> list[Figure]:
    with stage.serving(stage.scale.users) as server:
        clients = [Refresher(token) for token in stage.refreshers[:_CLIENTS]]
        contestants = [loaded(stage, server, clients), lambda: _syncs_per_second(stage.folder)]
        rate, syncs = in_turns(stage, contestants)
    return [
        Figure(
            f"POST /auth/refresh, {_CLIENTS} clients, safe from power loss, one core (peer: bare fsync)",
            per_second(rate),
            per_second(syncs),
            rate / syncs,
            f">= {_TARGET:,}/s",
            rate >= _TARGET,
        )
    ]


def _syncs_per_second(folder: Path) -> float:
    """How often one writer can append a page of 4096 bytes and wait for the disk."""
    file = folder / "syncs"
    page = bytes(4096)
    with file.open("wb", buffering=0) as written:
        started, count = time.perf_counter(), 0
        while time.perf_counter() - started < 1.0:
            written.write(page)
            os.fdatasync(written.fileno())
            count += 1
        elapsed = time.perf_counter() - started
    file.unlink()
    return count / elapsed
