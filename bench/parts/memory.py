"""Resident memory of the service when it has nothing to do, and how soon it responds after a start."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from statistics import median

from bench.figures import Figure
from bench.processes import Server
from bench.stage import Stage

_ROUNDS = 3
_SETTLE = 2.0
_MOST_MEGABYTES = 70.0
_LONGEST_START = 1.0


def measure(stage: Stage) -> list[Figure]:
    stage.home(stage.scale.users)
    used, start = _median(lambda: stage.serving(stage.scale.users))
    peer = stage.peer
    peer_used, peer_start = _median(lambda: peer.serve(stage.cores.server)) if peer else (None, None)
    return [
        _figure("Resident memory, idle", used, peer_used, _MOST_MEGABYTES, "{:.1f} MB"),
        _figure("Start to first response, schema up to date", start, peer_start, _LONGEST_START, "{:.2f} s"),
    ]


def _median(serving: Callable[[], AbstractContextManager[Server]]) -> tuple[float, float]:
    """Megabytes and seconds."""
    found = []
    for _ in range(_ROUNDS):
        with serving() as server:
            time.sleep(_SETTLE)
            found.append((server.resident_megabytes(), server.start_seconds))
    return median(used for used, _ in found), median(start for _, start in found)


def _figure(name: str, measured: float, peer: float | None, limit: float, form: str) -> Figure:
    shown, target = form.format(measured), f"<= {form.format(limit)}"
    if peer is None:
        return Figure(name, shown, "not installed", None, target, measured <= limit)
    return Figure(name, shown, form.format(peer), measured / peer, target, measured <= limit)
