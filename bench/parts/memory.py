"""Resident memory of the service when it has nothing to do."""

import time

from bench.figures import Figure
from bench.stage import Stage

_SETTLE = 2.0
_LIMIT = 90.0


def measure(stage: Stage) -> list[Figure]:
    with stage.serving(stage.scale.users) as server:
        time.sleep(_SETTLE)
        used = server.resident_megabytes()
    name, target = "Resident memory, idle", f"< {_LIMIT:.0f} MB"
    if not stage.peer:
        return [Figure(name, f"{used:.1f} MB", "not installed", None, target, used < _LIMIT)]
    with stage.peer.serve(stage.cores.server) as server:
        time.sleep(_SETTLE)
        peer_used = server.resident_megabytes()
    return [Figure(name, f"{used:.1f} MB", f"{peer_used:.1f} MB", used / peer_used, target, used < _LIMIT)]
